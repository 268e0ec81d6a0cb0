"""What the audit notes, though it is nobody's fault: clocks, and time zones whose rules changed."""

import sqlite3
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from inventory_cli.cli import options
from inventory_cli.storage import settings
from tests.conftest import Shop
from tests.tampering.altering import alter, forge


def notes(shop: Shop, check: str = "positions") -> list[str]:
    found = {c["name"]: c for c in shop.json("verify")["checks"]}[check]
    assert found["ok"]
    return list(found["notes"])


def test_recorded_times_ahead_of_the_clock_are_noted(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = options.now
    monkeypatch.setattr(options, "now", lambda: datetime(2099, 1, 1, tzinfo=UTC))
    shop.ok("receive", "A", 5, "--on", "2022-03-01")
    assert notes(shop) == []
    monkeypatch.setattr(options, "now", right)
    (note,) = notes(shop)
    assert "days behind the last recorded time, 2099-01-01T00:00:00" in note
    ran = shop.ok("receive", "A", 5, "--on", "2022-03-02")
    assert "days behind the last recorded time, 2099-01-01T00:00:00" in ran.err
    assert shop.failed_checks() == {}


def test_a_zone_whose_rules_changed_is_noted(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.import_text(
        "date,sku,type,quantity,reason\n"
        "2022-03-01,A,received,5,\n"
        "2022-03-01,A,sold,1,\n"
        "2022-03-01,A,adjusted,-1,broken\n"
        "2022-03-01,A,adjusted,1,found\n"
        "2022-03-02,A,counted,4,\n"
        "2022-03-02T12:00,A,sold,1,\n"
    )
    shop.ok("reverse", 2, "--reason", "twice")
    shop.ok("transfer", "A", 1, "--from", "main", "--to", "shop", "--on", "2022-03-03")
    shop.ok("sell", "A", 1, "--on", "today")
    assert notes(shop) == []
    other = timezone(timedelta(hours=3))
    monkeypatch.setattr(settings, "load_zone", lambda name: other)
    assert notes(shop) == [
        "7 events known by the day alone no longer stand where its kind does in a day, the first "
        "is event 1: the rules of Europe/Berlin have changed since"
    ]
    monkeypatch.setattr(settings, "load_zone", ZoneInfo)
    assert notes(shop) == []


def test_what_was_brought_forward_and_left_its_day_is_noted(shop: Shop) -> None:
    shop.ok("receive", "A", 5, "--on", "2022-03-01")
    shop.ok("sell", "A", 1, "--on", "today")
    forge(
        shop,
        "UPDATE events SET date_only = 2, effective_at = '2022-03-05T10:00:00.000Z'"
        " WHERE position = 2",
    )
    assert notes(shop) == [
        "1 event known by the day alone no longer stands where its kind does in a day, the first "
        "is event 2: the rules of Europe/Berlin have changed since"
    ]


def test_an_older_rollover_of_what_was_missing_is_no_change_of_rules(shop: Shop) -> None:
    shop.ok("sell", "A", 5, "--on", "2022-03-01", "--allow-negative")
    new = Shop.__new__(Shop)
    new.folder, new.path = shop.folder, shop.folder / "new.db"
    shop.ok("rollover", new.path, "--as-of", "2022-03-31")
    assert notes(new) == []


def test_what_was_recorded_after_the_end_is_found(shop: Shop) -> None:
    shop.ok("receive", "A", 5, "--on", "2022-03-01")
    shop.ok("rollover", shop.folder / "new.db", "--as-of", "2022-03-31")
    alter(
        shop,
        "INSERT INTO batches SELECT batch + 1, recorded_at, actor, command, NULL, NULL, NULL, NULL,"
        " NULL, hash, NULL FROM batches WHERE batch = 3",
    )
    forge(shop, "UPDATE batches SET actor = 'forger' WHERE batch = 4")
    assert shop.failed_checks() == {
        "positions": ["batch 4 was recorded after batch 3 had ended the ledger"]
    }


def test_a_file_in_wal_mode_or_with_a_second_name_is_noted(shop: Shop) -> None:
    shop.ok("receive", "A", 5, "--on", "2022-03-01")
    assert notes(shop, "file") == []
    connection = sqlite3.connect(shop.path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    assert notes(shop, "file") == [
        "it is in WAL mode, which another program has set; recording sets it back"
    ]
    shop.ok("receive", "A", 5, "--on", "2022-03-01")
    assert notes(shop, "file") == []
    (shop.folder / "second.db").hardlink_to(shop.path)
    assert notes(shop, "file") == [
        "it has 1 other name (hard links), so nothing is recorded into it: its journal would have "
        "one of them only"
    ]
    assert shop("receive", "A", 5).code == 4

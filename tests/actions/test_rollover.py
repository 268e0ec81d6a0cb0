"""A new file goes on where an old one was closed, and `verify --previous` proves the seam."""

import json
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from inventory_cli.actions import rollover
from inventory_cli.actions.openings import openings
from inventory_cli.actions.snapshot import take_snapshot
from inventory_cli.audit.both import Both
from inventory_cli.errors import LedgerUnusable, NotFree
from inventory_cli.storage import new_file
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.log import replay_log
from tests.conftest import Ran, Shop
from tests.storage.test_crash import Moment, assert_unusable, spread, strike, with_room
from tests.tampering.altering import alter, alter_schema, forge

LOG = (
    "open XYZ-1 100 --on 2022-11-01 --last-incoming 2022-10-01 --last-outgoing 2022-10-15",
    "receive XYZ-1 50 --on 2022-12-05T10:30 --cost 1.50",
    "sell XYZ-1 20 --on 2022-12-20",
    "receive ABC-2 5 --location shop --on 2022-12-21",
    "remove ABC-2 5 --location shop --on 2022-12-31",
    "count XYZ-1 125 --on 2022-12-31",
    "open DEF-3 7 --on 2022-12-01 --last-incoming 2022-11-11",
    # From here on it takes effect after the year.
    "sell XYZ-1 3 --on 2023-01-01 --ref S-1 --id till-1 --detail lot=L9",
    "transfer XYZ-1 30 --from main --to shop --on 2023-01-02",
    "receive ABC-2 9 --location shop --on 2023-01-02",
    "reverse 11 --reason twice",
    "count XYZ-1 29 --location shop --on 2023-01-03",
    "open NEW-4 4 --on 2023-01-04 --last-outgoing 2022-12-30",
    # And from here on before it ends again.
    "adjust DEF-3 -2 --on 2022-12-30 --reason broken",
    "sell XYZ-1 1 --on 2023-01-05T09:15",
)
END = "2022-12-31"


def other(shop: Shop, name: str) -> Shop:
    """Return what uses the ledger of another name in the folder."""
    found = Shop.__new__(Shop)
    found.folder, found.path = shop.folder, shop.folder / name
    return found


def roll(shop: Shop, name: str = "new.db", end: str = END) -> Shop:
    """Roll a ledger over, and check what is always so."""
    new = other(shop, name)
    shop.ok("rollover", new.path, "--as-of", end)
    assert seam(new, shop) == []
    assert shop.failed_checks() == {}
    return new


def seam(new: Shop, old: Shop) -> list[str]:
    """Return what is wrong between two ledgers, where each by itself is well."""
    failed = new.failed_checks("--previous", old.path)
    assert failed.keys() <= {"previous"}, failed
    return failed.get("previous", [])


def assert_goes_on(new: Shop, old: Shop, start: str, days: int = 8) -> None:
    """Every later day shows the same in both, by SKU and by location."""
    for number in range(days):
        day = date.fromisoformat(start) + timedelta(days=number)
        for words in ([], ["--by-location"]):
            shown = [ledger.json("as-of", day, *words) for ledger in (old, new)]
            assert shown[0] == shown[1], day
    for words in ([], ["--by-location"]):
        assert new.json("stock", *words) == old.json("stock", *words)


@pytest.fixture(scope="module")
def year_ledger(new_ledger: bytes, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a ledger with a year that has ended, and the first days of the next."""
    shop = Shop.holding(new_ledger, tmp_path_factory.mktemp("year"))
    return shop.after(words.split() for words in LOG)


@pytest.fixture
def year(year_ledger: bytes, tmp_path: Path) -> Shop:
    """A ledger with a year that has ended, and the first days of the next."""
    return Shop.holding(year_ledger, tmp_path)


# --- what a rollover makes ----------------------------------------------------------------------


def test_the_new_ledger_goes_on_where_the_old_one_ends(year: Shop) -> None:
    new = other(year, "new.db")
    ran = year.ok("rollover", new.path, "--as-of", END, "--by", "auditor")
    head = new.json("batches")[0]["source"].removeprefix("inventory.db ")
    assert ran.out == (
        f"closed {year.path} up to the end of 2022-12-31 (rollover-2022-12-31)\n"
        f"made {new.path}: 3 streams opened after the end of 2022-12-31, 8 later events carried\n"
        f"{year.path} has ended at {head}\n"
    )
    assert f"verify --previous {year.path}`" in ran.err
    assert seam(new, year) == []
    assert_goes_on(new, year, "2023-01-01")
    assert new.json("as-of", END) == []
    opened = new.json("as-of", "2023-01-01", "ABC-2", "DEF-3")
    assert opened == year.json("as-of", END, "ABC-2", "DEF-3")
    source = f"{year.path.name} {head}"
    batches = [(b["command"], b["source"], b["actor"], b["events"]) for b in new.json("batches")]
    assert batches == [("rollover", source, "auditor", count) for count in (0, 3, 8)]


def test_what_was_opened_and_carried_keeps_its_facts(year: Shop) -> None:
    new = roll(year)
    rows = new.json("log")
    assert [row["position"] for row in rows] == list(range(1, 12))
    opened = [(r["sku"], r["effective_at"], r["quantity"], r["details"]) for r in rows[:3]]
    assert opened == [
        ("ABC-2", "2023-01-01", 0, {"last_incoming": "2022-12-21", "last_outgoing": END}),
        ("DEF-3", "2023-01-01", 5, {"last_incoming": "2022-11-11"}),
        (
            "XYZ-1",
            "2023-01-01",
            125,
            {
                "carried_costs": '{"average":75000000,"layers":[[75,null],[50,75000000]]}',
                "last_incoming": "2022-12-05",
                "last_outgoing": "2022-12-20",
            },
        ),
    ]
    assert {row["kind"] for row in rows[:3]} == {"opened"}

    def facts(row: dict[str, object]) -> dict[str, object]:
        left_out = ("position", "batch", "recorded_at", "reverses", "voided_by")
        return {name: value for name, value in row.items() if name not in left_out}

    later = [row for row in year.json("log") if row["effective_at"] > END]
    assert list(map(facts, rows[3:])) == list(map(facts, later))
    # The reversal names what it voids by its new position.
    assert [row["reverses"] for row in rows[3:]] == [None] * 4 + [7] + [None] * 3


def test_the_settings_are_the_same_and_the_identity_is_not(tmp_path: Path) -> None:
    shop = Shop(
        tmp_path, "--decimals", "3", "--timezone", "America/New_York", "--negative", "allow"
    )
    shop.ok("receive", "A", "1.125", "--on", "2022-03-12")
    # The clocks go forward on 13 March: the day that begins the new ledger has 23 hours.
    shop.ok("sell", "A", "0.125", "--on", "2022-03-13")
    shop.ok("sell", "B", "2.5", "--on", "2022-03-12T23:59")
    new = roll(shop, end="2022-03-12")
    first = [json.loads(ledger.ok("export").out.split("\n")[0]) for ledger in (shop, new)]
    old_settings, settings = (line["ledger"] for line in first)
    for name in ("decimals", "timezone", "negative"):
        assert settings[name] == old_settings[name]
    assert settings["identity"] != old_settings["identity"]
    assert_goes_on(new, shop, "2022-03-13")
    assert new.on_hand("B") == "-2.500"
    assert [(row["kind"], row["quantity"], row["reason"]) for row in new.json("log")][1:3] == [
        ("opened", "0.000", None),
        ("adjusted", "-2.500", "rollover"),
    ]


@pytest.mark.parametrize(
    ("zone", "end"),
    [
        # The evening comes twice, from 23:01 on; and from midnight.
        ("America/St_Johns", "2009-10-31"),
        ("America/Sao_Paulo", "2016-02-20"),
        # The first hour of the next day does not exist; nor does the whole next day.
        ("America/Sao_Paulo", "2016-10-15"),
        ("Pacific/Apia", "2011-12-29"),
    ],
)
def test_the_day_may_end_as_strangely_as_it_likes(tmp_path: Path, zone: str, end: str) -> None:
    shop = Shop(tmp_path, "--timezone", zone)
    following = date.fromisoformat(end) + timedelta(days=2)
    for number, day in enumerate((end, following), start=1):
        shop.ok("receive", "A", 10 * number, "--on", day)
        shop.ok("sell", "A", number, "--on", day)
        shop.ok("sell", "A", number, "--on", f"{day}T23:30")
    new = roll(shop, end=end)
    assert_goes_on(new, shop, str(following), 2)
    assert new.on_hand("A", "as-of", following) == 24


def test_a_period_that_is_closed_already_is_not_closed_again(year: Shop) -> None:
    year.ok("snapshot", "take", "y2022", "--as-of", END, "--close")
    ran = year.ok("rollover", year.folder / "new.db", "--as-of", END)
    assert ran.out.startswith("made ")
    assert [s["name"] for s in year.json("snapshot", "list")] == ["y2022"]
    new = other(year, "new.db")
    assert [s["name"] for s in new.json("snapshot", "list")] == ["y2022"]


def test_what_came_late_into_the_closed_period_is_not_lost(year: Shop) -> None:
    year.ok("snapshot", "take", "y2022", "--as-of", END, "--close")
    why = ("--into-closed", "y2022", "--reason", "found")
    year.ok("adjust", "DEF-3", 10, "--on", "2022-12-15", *why)
    new = roll(year)
    assert new.on_hand("DEF-3") == 15
    assert_goes_on(new, year, "2023-01-01")


def test_the_period_stays_closed_in_the_new_ledger(year: Shop) -> None:
    new = roll(year)
    for words in ("receive XYZ-1 1 --on 2022-12-31", "receive NEVER-SEEN 1 --on 2022-06-01"):
        ran = new(*words.split())
        assert ran.code == 3
        assert "the period up to the end of 2022-12-31 is closed (rollover-2022-12-31)" in ran.err
    new.ok("receive", "XYZ-1", 1, "--on", "2023-01-01")


def test_a_stream_that_only_voided_events_have_is_listed_and_may_be_opened_later(
    shop: Shop,
) -> None:
    shop.ok("receive", "A", 5, "--on", "2022-12-01")
    shop.ok("receive", "B", 5, "--on", "2022-12-01")
    shop.ok("reverse", 1, "--reason", "wrong")
    shop.ok("reverse", 2, "--reason", "wrong")
    shop.ok("open", "A", 8, "--on", "2023-01-04")
    new = roll(shop)
    assert_goes_on(new, shop, "2023-01-01")
    assert [(row["sku"], row["on_hand"]) for row in new.json("stock")] == [("A", 8), ("B", 0)]


def test_an_empty_ledger_can_be_rolled_over(shop: Shop) -> None:
    new = roll(shop)
    assert new.json("log") == []
    assert [row["command"] for row in new.json("batches")] == ["rollover"]
    assert new("receive", "A", 1, "--on", END).code == 3
    new.ok("receive", "A", 1, "--on", "2023-01-01")
    assert seam(new, shop) == []


def test_a_ledger_that_begins_later_has_nothing_to_open(shop: Shop) -> None:
    shop.ok("receive", "A", 1, "--on", "2023-01-01")
    new = roll(shop)
    assert [row["kind"] for row in new.json("log")] == ["received"]


def test_years_can_follow_each_other_and_old_ones_be_deleted(year: Shop) -> None:
    second = roll(year, "2023.db")
    second.ok("sell", "XYZ-1", 7, "--on", "2023-06-01")
    third = roll(second, "2024.db", "2023-12-31")
    # A first that goes on is not the one that the second follows.
    reopen(year)
    year.ok("sell", "XYZ-1", 7, "--on", "2023-06-01")
    assert_goes_on(third, year, "2024-01-01", 2)
    assert seam(third, year)[0].startswith("the head that the rollover names, 12:")
    year.path.unlink()
    second.path.unlink()
    assert third.failed_checks() == {}
    third.ok("sell", "XYZ-1", 1)
    ran = third("verify", "--previous", second.path)
    assert (ran.code, ran.err.split("\n")[0]) == (4, f"error: there is no ledger at {second.path}")


def test_the_new_ledger_is_exported_and_restored_as_any(year: Shop) -> None:
    new = roll(year)
    copy = other(year, "copy.db")
    copy.ok("restore", "-", input=new.ok("export").out)
    assert seam(copy, year) == []


def test_what_was_carried_is_known_again_and_can_be_reversed(year: Shop) -> None:
    new = roll(year)
    new.ok(*LOG[7].split())
    assert seam(new, year) == []
    assert new.import_text("date,sku,type,quantity\n2023-01-04,NEW-4,opened,4\n").code == 3
    new.ok("reverse", 4, "--reason", "not sold")
    assert new.on_hand("XYZ-1") == year.on_hand("XYZ-1") + 3  # type: ignore[operator]
    assert seam(new, year) == []


def test_nobody_may_read_the_new_ledger_who_may_not_read_the_old(year: Shop) -> None:
    year.path.chmod(0o600)
    assert roll(year).path.stat().st_mode & 0o777 == 0o600


# --- where it cannot be made --------------------------------------------------------------------


def assert_refused(shop: Shop, ran: Ran, code: int, message: str) -> None:
    assert (ran.code, ran.out) == (code, "")
    assert message in ran.err
    assert not (shop.folder / "new.db").exists()


def test_what_cannot_be_rolled_over_leaves_the_old_ledger_as_it_was(year: Shop) -> None:
    before = year.path.read_bytes()
    (year.folder / "taken.db").write_text("mine")
    new = year.folder / "new.db"
    for target, end, code, message in (
        (year.folder / "taken.db", END, 3, "taken.db exists already"),
        (year.path, END, 3, "exists already"),
        (year.folder / "none" / "new.db", END, 4, "does not exist"),
        ("-", END, 2, "a ledger is a file"),
        (new, "2199-01-01", 2, "2199-01-01 has not come yet"),
        (new, "2022-12-31T12:00", 2, "not at a time of day"),
        (new, "31", 2, "'31'"),
    ):
        assert_refused(year, year("rollover", target, "--as-of", end), code, message)
    assert_refused(year, year("rollover", new), 2, "missing option '--as-of'")
    assert year.path.read_bytes() == before
    assert (year.folder / "taken.db").read_text() == "mine"


def test_a_later_period_that_is_closed_forbids_it(year: Shop) -> None:
    year.ok("snapshot", "take", "january", "--as-of", "2023-01-31", "--close")
    ran = year("rollover", year.folder / "new.db", "--as-of", END)
    assert_refused(year, ran, 3, "a later period is closed already, up to the end of 2023-01-31")
    roll(year, end="2023-01-31")


def test_a_snapshot_of_that_name_that_closes_nothing_forbids_it(year: Shop) -> None:
    year.ok("snapshot", "take", f"rollover-{END}")
    ran = year("rollover", year.folder / "new.db", "--as-of", END)
    assert_refused(year, ran, 3, "already, and it closes nothing")
    year.ok("snapshot", "take", "y2022", "--as-of", END, "--close")
    roll(year)


def test_today_may_be_the_last_day(year: Shop) -> None:
    new = other(year, "new.db")
    year.ok("rollover", new.path, "--as-of", "today")
    assert seam(new, year) == []
    assert new.json("as-of", "9999-12-31") == year.json("as-of", "today")


HALF_WAY = """
import os, signal, sys
from datetime import UTC, date, datetime
from pathlib import Path
from inventory_cli.actions import rollover
from inventory_cli.actions.openings import openings
from inventory_cli.core.dates import When
from inventory_cli.storage.batches import Origin
from inventory_cli.storage.ledger_file import open_ledger

def struck(*arguments):
    os.kill(os.getpid(), signal.SIGKILL)

rollover.carried = struck
with open_ledger(Path(sys.argv[1]), write=True) as old:
    rollover.roll_over(
        old, Path(sys.argv[2]), Origin("keeper", "rollover"), When(date(2022, 12, 31), None),
        lambda: datetime.now(UTC),
    )
"""


def test_a_killed_rollover_leaves_no_new_ledger_and_can_be_repeated(year: Shop) -> None:
    new = year.folder / "new.db"
    stock, log = year.json("stock"), year.json("log")
    ended = subprocess.run([sys.executable, "-c", HALF_WAY, year.path, new], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert not new.exists()
    assert year.failed_checks() == {}
    assert (year.json("stock"), year.json("log")) == (stock, log)
    assert_goes_on(roll(year), year, "2023-01-01")


@pytest.mark.slow
@pytest.mark.parametrize("moment", spread("the start", 6, 1.0), ids=str)
def test_a_rollover_that_is_killed_at_any_moment_is_whole_or_not_there(
    year: Shop, moment: Moment
) -> None:
    new = other(year, "new.db")
    strike(year, ["rollover", str(new.path), "--as-of", END], moment, 0.5)
    assert year.failed_checks() == {}
    if not new.path.exists():
        roll(year)
    assert seam(new, year) == []


def test_a_rollover_that_finds_no_room_makes_nothing_and_says_so(year: Shop) -> None:
    year.ok("snapshot", "take", "y2022", "--as-of", END, "--close")
    new = other(year, "new.db")
    before = year.path.read_bytes()
    for most in (0, 40_000, 60_000):
        ended = with_room(year, most, "rollover", new.path, "--as-of", END)
        assert_unusable(ended, f"{new.path} ", "new.db was not made")
        assert sorted(path.name for path in year.folder.iterdir()) == [year.path.name]
        assert year.path.read_bytes() == before
    roll(year)


def test_others_cannot_record_into_the_old_ledger_meanwhile(year: Shop) -> None:
    other_writer = sqlite3.connect(year.path, isolation_level=None)
    other_writer.execute("BEGIN IMMEDIATE")
    waiting = subprocess.Popen(
        year.command("rollover", year.folder / "new.db", "--as-of", END), stdout=subprocess.PIPE
    )
    with pytest.raises(subprocess.TimeoutExpired):
        waiting.wait(0.7)
    assert not (year.folder / "new.db").exists()
    other_writer.close()
    waiting.communicate()
    assert waiting.returncode == 0
    assert seam(other(year, "new.db"), year) == []


# --- what `verify --previous` finds -------------------------------------------------------------


@pytest.fixture(scope="module")
def made(year_ledger: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a ledger that was rolled over, and the new one."""
    shop = Shop.holding(year_ledger, tmp_path_factory.mktemp("made"))
    roll(shop)
    return shop.folder


@pytest.fixture
def both(made: Path, tmp_path: Path) -> tuple[Shop, Shop]:
    """A ledger that was rolled over, and the new one."""
    shop = Shop.__new__(Shop)
    shop.folder, shop.path = tmp_path, tmp_path / "inventory.db"
    for name in ("inventory.db", "new.db"):
        shutil.copy(made / name, tmp_path / name)
    return shop, other(shop, "new.db")


def reopen(old: Shop) -> None:
    """Take back that a ledger has ended, as a copy from before would have it."""
    alter(old, "DELETE FROM batches WHERE batch = (SELECT max(batch) FROM batches)")


def test_an_old_ledger_that_went_on_is_found(both: tuple[Shop, Shop]) -> None:
    old, new = both
    reopen(old)
    old.ok("snapshot", "take", "of the archive")
    found = new.json("verify", "--previous", old.path)["checks"][4]
    assert found == {
        "name": "previous",
        "ok": True,
        "problems": [],
        "notes": [
            "inventory.db has not ended: it can be recorded into beside this ledger",
            "inventory.db has recorded snapshots since, but no events",
        ],
    }
    old.ok("receive", "XYZ-1", 1)
    assert seam(new, old) == [
        "inventory.db has gone on since: its log ends at 17, the rollover names 16"
    ]


NOT_ON_THE_CHAIN = "is not on the chain of inventory.db: it was rewritten or cut off, or is another"


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (
            "UPDATE events SET quantity = 6 WHERE position = 4",
            "opened otherwise: ABC-2 at shop: on hand expected 1, found 0",
        ),
        (
            "UPDATE events SET quantity = 2 WHERE position = 8",
            "event 8 of inventory.db (sold XYZ-1 at main) is not as event 4 (sold XYZ-1 at main) "
            "says: another quantity",
        ),
        ("UPDATE batches SET actor = 'nobody' WHERE batch = 2", NOT_ON_THE_CHAIN),
        (
            "UPDATE ledger SET negative = 'allow'",
            "negative is refuse here, but allow in inventory.db",
        ),
    ],
)
def test_an_old_ledger_that_was_rewritten_is_found(
    both: tuple[Shop, Shop], statement: str, found: str
) -> None:
    old, new = both
    forge(old, statement)
    problems = seam(new, old)
    assert any(NOT_ON_THE_CHAIN in problem for problem in problems)
    assert any(found in problem for problem in problems), problems


def test_an_old_ledger_that_is_damaged_is_found(both: tuple[Shop, Shop]) -> None:
    old, new = both
    alter(old, "UPDATE events SET reason = 'another'", "UPDATE snapshots SET closes = 0")
    problems = seam(new, old)
    assert problems[0].startswith("inventory.db: chain: event 1 (opened, XYZ-1 at main) does not")
    assert problems[5] == "inventory.db: chain: and 11 more"
    assert "inventory.db has no period that was closed up to the end of 2022-12-31" in problems


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        (
            ["UPDATE events SET quantity = 6 WHERE position = 2"],
            ["opened otherwise: DEF-3 at main: on hand expected 5, found 6"],
        ),
        (
            ["UPDATE events SET details = NULL WHERE position = 2"],
            ["opened otherwise: DEF-3 at main: last incoming expected 2022-11-11, found nothing"],
        ),
        (
            ["UPDATE events SET sku = 'GHI-9' WHERE position = 2"],
            [
                "DEF-3 at main is not opened, but 5 on hand in inventory.db",
                "GHI-9 at main is opened with 5, but is not in inventory.db",
            ],
        ),
        (
            ["UPDATE events SET effective_at = '2022-12-31T23:00:00.001Z' WHERE position = 2"],
            ["event 2 (opened DEF-3 at main) is not as a rollover opens it: another effective at"],
        ),
        (
            ["UPDATE events SET unit_cost = '9' WHERE position = 1"],
            ["event 1 (opened ABC-2 at shop) is not as a rollover opens it: another unit cost"],
        ),
        (
            [
                "DELETE FROM events WHERE position = 11",
                "UPDATE batches SET last_position = 10 WHERE batch = 3",
            ],
            ["event 16 of inventory.db (sold XYZ-1 at main) was not carried"],
        ),
        (
            ["UPDATE events SET reason = 'why not', id = NULL WHERE position = 4"],
            [
                "event 8 of inventory.db (sold XYZ-1 at main) is not as event 4 (sold XYZ-1 at "
                "main) says: another reason, id"
            ],
        ),
        (
            ["UPDATE batches SET source = 'inventory.db' WHERE batch = 1"],
            ["this ledger does not follow on another: its first batch is not a rollover"],
        ),
    ],
)
def test_a_new_ledger_that_was_rewritten_is_found(
    both: tuple[Shop, Shop], statements: list[str], expected: list[str]
) -> None:
    old, new = both
    forge(new, *statements)
    assert seam(new, old) == expected


def test_an_opening_that_was_deleted_is_found(both: tuple[Shop, Shop]) -> None:
    old, new = both
    forge(
        new,
        "DELETE FROM events WHERE position = 3",
        "UPDATE events SET reverses = 6 WHERE reverses = 7",
        *(f"UPDATE events SET position = {n - 1} WHERE position = {n}" for n in range(4, 12)),
        "UPDATE batches SET last_position = 2 WHERE batch = 2",
        "UPDATE batches SET first_position = 3, last_position = 10 WHERE batch = 3",
    )
    assert seam(new, old) == ["XYZ-1 at main is not opened, but 125 on hand in inventory.db"]


def test_openings_that_only_add_up_are_found(both: tuple[Shop, Shop]) -> None:
    old, new = both
    forge(
        new,
        "UPDATE events SET reverses = 9 WHERE reverses = 7",
        # One by one from the end, because no two may have one position.
        *(f"UPDATE events SET position = {n + 2} WHERE position = {n}" for n in range(11, 3, -1)),
        *(
            f"INSERT INTO events SELECT {at}, 2, sku, location, 'adjusted', {change},"
            " effective_at, 1, 'x', NULL, NULL, NULL, NULL, NULL, hash FROM events"
            " WHERE position = 3"
            for at, change in ((4, 5), (5, -5))
        ),
        "UPDATE batches SET last_position = 5 WHERE batch = 2",
        "UPDATE batches SET first_position = 6, last_position = 13 WHERE batch = 3",
    )
    assert seam(new, old) == ["event 4 (adjusted XYZ-1 at main) is not as a rollover opens it"]


def test_batches_of_the_rollover_that_are_missing_are_found(both: tuple[Shop, Shop]) -> None:
    old, new = both
    forge(new, "DELETE FROM events", "DELETE FROM batches WHERE batch > 1")
    problems = seam(new, old)
    assert problems[2] == "XYZ-1 at main is not opened, but 125 on hand in inventory.db"
    assert problems[3] == "event 8 of inventory.db (sold XYZ-1 at main) was not carried"
    assert problems[-1] == "and 3 more events not carried as recorded"


def test_another_ledger_in_place_of_the_old_one_is_found(both: tuple[Shop, Shop]) -> None:
    old, new = both
    old.path.unlink()
    old.ok("init", "--timezone", "Europe/Berlin")
    for words in LOG:
        old.ok(*words.split())
    problems = seam(new, old)
    assert NOT_ON_THE_CHAIN in problems[0]
    assert problems[1:] == [
        "inventory.db has no period that was closed up to the end of 2022-12-31"
    ]


def test_a_copy_from_before_is_found(year: Shop) -> None:
    shutil.copy(year.path, year.folder / "before.db")
    new = roll(year)
    assert NOT_ON_THE_CHAIN.replace("inventory", "before") in seam(new, other(year, "before.db"))[0]


def test_a_ledger_that_follows_on_none_is_said(both: tuple[Shop, Shop]) -> None:
    old, new = both
    wrong = "this ledger does not follow on another: its first batch is not a rollover"
    assert seam(old, new) == [wrong]
    ran = old("verify", "--previous", new.path)
    assert f"previous   FAILED\n    {wrong}\n" in ran.out


def test_the_seam_is_checked_beside_all_else(both: tuple[Shop, Shop]) -> None:
    old, new = both
    names = [check["name"] for check in new.json("verify")["checks"]]
    assert "previous" not in names
    anchors = new.folder / "anchors.txt"
    for words in ([], ["--since-anchor"]):
        asked = ("verify", "--anchor", anchors, "--previous", old.path, *words)
        found = [check["name"] for check in new.json(*asked)["checks"]]
        assert found.index("previous") == found.index("anchor") + 1
    reopen(old)
    old.ok("receive", "XYZ-1", 1)
    assert new("verify", "--anchor", anchors, "--previous", old.path, "--quiet").code == 1
    # An anchor is added only where all is well.
    assert len(anchors.read_text().splitlines()) == 1


def test_an_old_ledger_that_cannot_be_read_is_not_a_traceback(both: tuple[Shop, Shop]) -> None:
    old, new = both
    alter_schema(old, "DROP TABLE events")
    assert any("cannot be read" in text for text in seam(new, old))
    old.path.write_text("no ledger")
    assert new("verify", "--previous", old.path).code == 4


# --- an ended ledger -----------------------------------------------------------------------------

RECORDING = [
    ["sell", "XYZ-1", "1"],
    ["transfer", "XYZ-1", "1", "--from", "main", "--to", "shop"],
    ["reverse", "2", "--reason", "no"],
    ["snapshot", "take"],
    ["snapshot", "take", "late", "--as-of", "2023-03-31", "--close"],
]


@pytest.mark.parametrize("words", RECORDING, ids=" ".join)
def test_nothing_is_recorded_into_a_ledger_that_has_ended(year: Shop, words: list[str]) -> None:
    roll(year)
    before = year.path.read_bytes()
    ran = year(*words)
    assert ran.code == 3
    assert f"{year.path} has ended: it goes on in {year.folder / 'new.db'}" in ran.err
    assert f"record into that: `inventory --ledger {year.folder / 'new.db'} …`" in ran.err
    assert year.path.read_bytes() == before


def test_a_process_that_had_it_open_records_nothing_either(year: Shop) -> None:
    line = json.dumps({"type": "sell", "sku": "XYZ-1", "quantity": 1})
    with subprocess.Popen(
        year.command("record", "-"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(line + "\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["ok"] is True
        roll(year)
        process.stdin.write(line + "\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
        goes_on = f"has ended: it goes on in {year.folder / 'new.db'}"
        assert (answer["ok"], goes_on in answer["error"]) == (False, True)
        process.stdin.close()


def test_where_the_new_file_is_not_where_it_was_its_name_is_said_as_it_was(year: Shop) -> None:
    roll(year).path.rename(year.folder / "elsewhere.db")
    assert "has ended: it goes on in new.db\n" in year("sell", "XYZ-1", 1).err


def test_an_ended_ledger_answers_is_exported_backed_up_and_verified(year: Shop) -> None:
    stock = year.json("stock")
    roll(year)
    assert year.json("stock") == stock
    assert year.failed_checks() == {}
    year.ok("backup", year.folder / "copy.db")
    text = year.ok("export").out
    restored = other(year, "restored.db")
    restored.ok("restore", "-", input=text)
    assert restored.ok("head").out == year.ok("head").out
    assert restored("sell", "XYZ-1", 1).code == 3


def test_the_new_file_names_the_head_before_the_end(year: Shop) -> None:
    year.ok("snapshot", "take", "y2022", "--as-of", END, "--close")
    head = year.ok("head").out.strip()
    new = roll(year)
    assert new.json("batches")[0]["source"] == f"{year.path.name} {head}"
    assert [row["command"] for row in year.json("batches")][-1] == "rollover"
    assert year.ok("head").out.strip() != head
    assert seam(new, year) == []


def test_a_second_rollover_begins_at_the_same_cut_and_says_that_a_first_was_made(
    year: Shop,
) -> None:
    first = roll(year)
    before = year.path.read_bytes()
    ran = year("rollover", year.folder / "third.db", "--as-of", "2022-12-30")
    assert (ran.code, f"begin where that one does: --as-of {END}" in ran.err) == (3, True)
    second = other(year, "second.db")
    ran = year.ok("rollover", second.path, "--as-of", END)
    assert f"{year.path} went on in {first.path} already; this second file begins" in ran.err
    assert second.json("stock") == first.json("stock")
    assert second.json("batches")[0]["source"] == first.json("batches")[0]["source"]
    assert seam(second, year) == []
    assert year.path.read_bytes() == before


@pytest.mark.slow
@pytest.mark.parametrize(
    "moment", spread("the commit", 4, 0.2) + spread("the first write", 4, 0.5), ids=str
)
def test_there_is_never_an_open_old_file_beside_a_named_new_one(year: Shop, moment: Moment) -> None:
    new = other(year, "new.db")
    strike(year, ["rollover", str(new.path), "--as-of", END], moment, 0.5)
    if new.path.exists():
        assert year("sell", "XYZ-1", 1).code == 3


def test_a_new_file_that_gets_no_name_leaves_the_truth(
    year: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(new_file, "_give_name", refuse_name)
    ran = year("rollover", year.folder / "new.db", "--as-of", END)
    assert ran.code == 4
    assert f"{year.path} has ended, but " in ran.err
    assert "roll over once more" in ran.err
    monkeypatch.undo()
    assert not (year.folder / "new.db").exists()
    assert year("sell", "XYZ-1", 1).code == 3
    assert seam(roll(year), year) == []


def test_a_rollover_that_fails_behind_its_own_closing_says_that_this_stands(
    year: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*words: object) -> None:
        raise LedgerUnusable("new.db cannot grow", "free some space and try again")

    monkeypatch.setattr(rollover, "store_carried", full)
    ran = year("rollover", year.folder / "new.db", "--as-of", END)
    monkeypatch.undo()
    new = year.folder / "new.db"
    assert (ran.code, ran.out) == (4, "")
    assert ran.err.splitlines() == [
        f"error: new.db cannot grow; {new} was not made; {year.path} is closed up to the end of "
        f"{END} all the same (rollover-{END})",
        "hint: free some space and try again; then roll over once more: what is closed stays "
        "closed",
    ]
    assert not new.exists()
    # Once more, with nothing left to close: then there is no more to be said than what failed.
    monkeypatch.setattr(rollover, "store_carried", full)
    ran = year("rollover", new, "--as-of", END)
    assert (ran.code, "all the same" in ran.err) == (4, False)
    monkeypatch.undo()
    assert seam(roll(year), year) == []


def test_a_name_that_is_taken_behind_the_closing_is_said_with_it(
    year: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def others_are_quicker(*words: Any, **more: Any) -> object:
        (year.folder / "new.db").touch()
        return take_snapshot(*words, **more)

    monkeypatch.setattr(rollover, "take_snapshot", others_are_quicker)
    ran = year("rollover", year.folder / "new.db", "--as-of", END)
    assert ran.code == 4
    assert "new.db exists already; " in ran.err
    assert f"is closed up to the end of {END} all the same (rollover-{END})" in ran.err
    assert "hint: name a file that does not exist yet; then roll over once more" in ran.err


def refuse_name(unfinished: Path, path: Path, advice: str) -> None:
    if path.name == "new.db":
        raise NotFree(f"{path} exists already", advice)
    unfinished.rename(path)


# --- the seam is proved by another way than the one that made it --------------------------------


def rolled_by(
    year: Shop, monkeypatch: pytest.MonkeyPatch, name: str, other_way: Callable[..., object]
) -> Shop:
    """Roll a ledger over by a program in which a function is wrong."""
    monkeypatch.setattr(rollover, name, other_way)
    new = other(year, "new.db")
    year.ok("rollover", new.path, "--as-of", END)
    assert new.failed_checks() == {}
    return new


def test_a_rollover_that_leaves_sales_out_is_found(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.ok("receive", "A", 10, "--on", "2022-12-01")
    for day, words in enumerate(("sell A 3", "sell B 1 --allow-negative", "receive A 1"), 1):
        shop.ok(*words.split(), "--on", f"2023-01-0{day}")
    right = rollover.carried

    def without_sales(*arguments: Any) -> Iterator[Any]:
        return (pair for pair in right(*arguments) if pair[0].kind != "sold")

    new = rolled_by(shop, monkeypatch, "carried", without_sales)
    assert new.on_hand("A") == 11
    assert seam(new, shop) == [
        "event 2 of inventory.db (sold A at main) is not as event 2 (received A at main) says: "
        "another kind, quantity, effective at",
        "event 3 of inventory.db (sold B at main) was not carried",
        "event 4 of inventory.db (received A at main) was not carried",
    ]
    monkeypatch.setattr(Both, "_check_carried", lambda *_: iter(()))
    assert seam(new, shop) == [
        "goes on otherwise: A at main: on hand expected 8, found 11; last outgoing expected "
        "2023-01-01, found nothing",
        "B at main does not go on, but -1 on hand in inventory.db",
    ]


def test_a_rollover_that_opens_with_too_much_is_found(
    year: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = openings

    def one_more(*arguments: Any) -> Iterator[Any]:
        return (draft._replace(quantity=draft.quantity + 1) for draft in right(*arguments))

    problems = seam(rolled_by(year, monkeypatch, "openings", one_more), year)
    assert problems == [
        "opened otherwise: ABC-2 at shop: on hand expected 0, found 1",
        "opened otherwise: DEF-3 at main: on hand expected 5, found 6",
        "opened otherwise: XYZ-1 at main: on hand expected 125, found 126",
    ]


def test_a_rollover_that_replays_to_a_wrong_moment_is_found(
    year: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = replay_log

    def earlier(old: Ledger, head: int, cut: str) -> object:
        return right(old, head, "2022-12-21T12:00:00.000Z")

    problems = seam(rolled_by(year, monkeypatch, "replay_log", earlier), year)
    assert problems[0].startswith("opened otherwise: ABC-2 at shop: on hand expected 0, found 5")


def test_a_reversal_that_was_carried_must_name_what_it_named(
    year: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Two deliveries like each other: whichever is voided, the stock is the same.
    for _ in range(2):
        year.ok("receive", "TWIN", 5, "--on", "2023-01-05")
    year.ok("reverse", 17, "--reason", "twice")
    right = rollover.carried

    def the_other_one(*arguments: Any) -> Iterator[Any]:
        for draft, event in right(*arguments):
            if draft.sku == "TWIN" and draft.reverses:
                draft = draft._replace(reverses=draft.reverses + 1)
            yield draft, event

    assert seam(rolled_by(year, monkeypatch, "carried", the_other_one), year) == [
        "event 19 of inventory.db (reversed TWIN at main) is not as event 14 (reversed TWIN at "
        "main) says: another reverses"
    ]


def test_an_opening_that_is_voided_later_is_found_and_a_carried_event_is_noted(
    both: tuple[Shop, Shop],
) -> None:
    old, new = both
    new.ok("reverse", 4, "--reason", "not sold")
    check = new.json("verify", "--previous", old.path)["checks"][4]
    assert check["notes"] == [
        "event 4 (sold XYZ-1 at main), carried from inventory.db, was voided by event 12"
    ]
    new.ok("reverse", 2, "--reason", "counted again")
    new.ok("open", "DEF-3", 9, "--on", "2023-01-01")
    assert seam(new, old) == [
        "event 2 (opened DEF-3 at main) was voided by event 13, but is what inventory.db ends with"
    ]
    assert "adjust instead" in new("verify", "--previous", old.path).out

"""A log in a database, and files that are replicas of it: the same events, hashes and anchors, and
every command as on one machine.
"""

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from inventory_cli.shared import share as sharing
from inventory_cli.shared.beside import beside_path, read_beside
from tests.conftest import STORY, Shop
from tests.shared.machines import Machine, first_machine, head
from tests.shared.server import Server
from tests.tampering.altering import alter, content

STOCK_LIST = "sku,location,quantity\nXYZ-1,main,180\n"
MOVES = "date,sku,type,quantity\n2022-05-01,MUG,received,12\n2022-05-02,MUG,sold,5\n"


def whole(shop: Shop) -> list[object]:
    """Return all that a file holds, but for when its schema was made."""
    _, *tables, declared = content(shop.path)
    assert isinstance(declared, list)
    return [*tables, sorted(declared)]


@pytest.fixture
def told(tmp_path: Path) -> Shop:
    """A ledger with a story, a snapshot and a description, which is not shared yet."""
    folder = tmp_path / "first"
    folder.mkdir()
    shop = Shop(folder)
    for words in STORY:
        shop.ok(*words)
    shop.ok("describe", "XYZ-1", "--name", "a thing", "--on", "2022-01-01")
    shop.ok("snapshot", "take", "march", "--as-of", "2022-03-31", "--close")
    return shop


def test_a_replica_is_the_same_event_for_event(told: Shop, database: str, tmp_path: Path) -> None:
    anchor = head(told)
    shared = told.ok("share", database, "--name", "shop-1")
    assert f"{head(told)} is in {database}" in shared.out
    other = Machine(tmp_path / "other", database)
    assert whole(other) == whole(told)
    for shop in (told, other):
        assert shop.failed_checks("--expect", anchor) == {}
        assert shop.failed_checks("--shared") == {}
    batch = told.json("batches")[-1]
    assert (batch["command"], batch["events"]) == ("share", 0)


def test_every_command_that_records_works_through_the_database(
    told: Shop, database: str, tmp_path: Path
) -> None:
    told.ok("share", database)
    other = Machine(tmp_path / "other", database)
    files = {"list.csv": STOCK_LIST, "moves.csv": MOVES}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    lines = '{"type": "received", "sku": "CUP", "quantity": 7}\n'
    commands: list[tuple[list[object], str | None]] = [
        (["receive", "XYZ-1", 5], None),
        (["sell", "XYZ-1", 3, "--id", "till-7"], None),
        (["return", "XYZ-1", 1], None),
        (["transfer", "XYZ-1", 4, "--from", "main", "--to", "shop"], None),
        (["count", "XYZ-1", 180, "--on", "2022-06-01T12:00"], None),
        (["adjust", "XYZ-1", -2, "--reason", "broken"], None),
        (["describe", "XYZ-1", "--barcode", "4006381333931"], None),
        (["reverse", "--last", "--reason", "a slip"], None),
        (["correct", 8, "--quantity", 6, "--reason", "a slip"], None),
        (["import", tmp_path / "moves.csv"], None),
        (["record", "-"], lines * 3),
        (["record", "-", "--one-batch"], lines.replace("7", "8")),
        (["scan", "received"], "CUP 2\nMUG\n"),
        (["reconcile", tmp_path / "list.csv", "--count", "--partial", "--reason", "count"], None),
        (["snapshot", "take", "june", "--as-of", "2022-06-30", "--close"], None),
    ]
    for number, (words, given) in enumerate(commands):
        shop = (told, other)[number % 2]
        ran = shop(*words, input=given)
        assert ran.code == 0, (words, ran)
    told.ok("sync")
    other.ok("sync")
    assert whole(other) == whole(told)
    assert told.failed_checks("--shared") == {}
    assert "recorded before" in told.ok("sell", "XYZ-1", 3, "--id", "till-7").err


def test_what_is_refused_on_one_machine_is_refused_on_all(database: str, tmp_path: Path) -> None:
    first = first_machine(tmp_path / "first", database)
    other = Machine(tmp_path / "other", database)
    first.ok("receive", "MUG", 1)
    other.ok("sell", "MUG", 1)
    refused = first("sell", "MUG", 1)
    assert refused.code == 3
    assert "0 on hand then, 1 missing" in refused.err
    first.ok("snapshot", "take", "may", "--as-of", "2022-05-31", "--close")
    assert "is closed" in other("receive", "MUG", 1, "--on", "2022-05-01").err


def test_now_is_that_of_the_server(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import UTC, datetime

    from inventory_cli.cli import options

    first = first_machine(tmp_path / "first", database)
    before = datetime.now(UTC).isoformat()[:10]
    monkeypatch.setattr(options, "now", lambda: datetime(2031, 7, 1, tzinfo=UTC))
    first.ok("receive", "MUG", 3)
    first.ok("sell", "MUG", 1, "--on", "today")
    monkeypatch.undo()
    events = first.json("log")
    assert all(event["recorded_at"][:10] >= before for event in events)
    assert not any(event["effective_at"].startswith("2031") for event in events)


def test_a_new_replica_by_name_out_of_several(
    server: Server, database: str, tmp_path: Path
) -> None:
    for name in ("shop-1", "shop-2"):
        folder = tmp_path / name
        folder.mkdir()
        shop = Shop(folder)
        shop.ok("receive", name.upper(), 1)
        shop.ok("share", database, "--name", name)
    listed = shop.json("clone", database, "--list")
    assert [(one["name"], one["events"]) for one in listed] == [("shop-1", 1), ("shop-2", 1)]
    assert "several ledgers: shop-1, shop-2" in shop("clone", database, tmp_path / "new.db").err
    absent = shop("clone", database, tmp_path / "new.db", "--name", "shop-3")
    assert (absent.code, "hint: there is: shop-1, shop-2\n" in absent.err) == (4, True)
    other = Machine(tmp_path / "other", database, "--name", "shop-1")
    assert other.on_hand("SHOP-1") == 1
    taken = Shop(_folder(tmp_path / "third"))("share", database, "--name", "shop-1")
    assert (taken.code, "another ledger of the name 'shop-1'" in taken.err) == (4, True)
    # Nothing is left of what failed: neither here nor there.
    assert not beside_path(tmp_path / "new.db").exists()
    assert len(shop.json("clone", database, "--list")) == 2


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


@pytest.mark.parametrize("url", ["till:secret@db/stock", "till@db/stock?sslpassword=secret"])
def test_a_password_is_not_taken_in_a_url(shop: Shop, url: str) -> None:
    refused = shop("share", f"postgresql://{url}")
    assert refused.code == 2
    assert "a password does not belong into the URL" in refused.err
    assert not beside_path(shop.path).exists()


def test_a_copy_without_its_neighbour_records_nothing(database: str, tmp_path: Path) -> None:
    first = first_machine(tmp_path / "first", database)
    first.ok("receive", "MUG", 1)
    copy = tmp_path / "copy.db"
    first.ok("backup", copy)
    first.path = copy
    refused = first("sell", "MUG", 1)
    assert refused.code == 4
    assert f"{copy}.shared, which says where, is missing" in refused.err
    assert first.on_hand("MUG") == 1
    assert first("rollover", tmp_path / "next.db", "--as-of", "2022-12-31").code == 4
    first.ok("sync", "--url", database)
    first.ok("sell", "MUG", 1)


def test_an_ended_ledger_is_not_shared(story: Shop, database: str) -> None:
    story.ok("rollover", story.folder / "next.db", "--as-of", "2022-12-31")
    refused = story("share", database)
    assert (refused.code, "has ended: it goes on in" in refused.err) == (3, True)
    assert story("clone", database, "--list").code == 4


def test_what_is_shared_is_not_shared_elsewhere(
    server: Server, database: str, tmp_path: Path
) -> None:
    first = first_machine(tmp_path / "first", database)
    server.run("CREATE DATABASE elsewhere")
    refused = first("share", server.url("elsewhere"))
    assert (refused.code, "is shared already, in" in refused.err) == (3, True)
    again = first("share", database)
    assert (again.code, "holds this ledger already" in again.err) == (4, True)
    first.ok("receive", "MUG", 1)


def test_sharing_that_was_broken_off_before_the_database_had_it_is_taken_up_again(
    story: Shop, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(sharing, "_commit", die)
        assert story("share", database).code == 130
    # The file says that it is shared, so that nothing is recorded into it alone.
    refused = story("sell", "XYZ-1", 1)
    assert (refused.code, "holds no shared ledgers" in refused.err) == (4, True)
    story.ok("share", database)
    story.ok("sell", "XYZ-1", 1)
    assert story.failed_checks("--shared") == {}


def test_one_that_could_not_be_shared_is_as_it_was(story: Shop, database: str) -> None:
    before = whole(story)
    nowhere = story("share", database.replace("/test_", "/no_test_"))
    assert nowhere.code == 4
    assert whole(story) == before
    story.ok("sell", "XYZ-1", 1)


@pytest.mark.parametrize(
    ("table", "column", "where"),
    [
        ("events", "reason", "the reason of event 6"),
        ("batches", "actor", "the actor of batch 2"),
        ("snapshots", "name", "the name of snapshot 1"),
    ],
)
def test_a_nul_is_found_before_anything_is_sent(
    story: Shop, database: str, table: str, column: str, where: str
) -> None:
    story.ok("snapshot", "take", "may")
    row = {"events": 6, "batches": 2, "snapshots": 1}[table]
    key = {"events": "position", "batches": "batch", "snapshots": "snapshot"}[table]
    alter(story, f"UPDATE {table} SET {column} = 'a' || char(0) || 'b' WHERE {key} = {row}")
    refused = story("share", database)
    assert (refused.code, f"{where} holds a NUL" in refused.err) == (4, True), refused
    assert "holds no shared ledgers" in story("clone", database, "--list").err


def test_what_was_altered_before_is_not_shared(story: Shop, database: str) -> None:
    alter(story, "UPDATE events SET quantity = 99 WHERE position = 2")
    refused = story("share", database)
    assert (refused.code, "event 2 does not fit the chain" in refused.err) == (4, True)
    assert "shared" not in story.ok("status").out
    story.ok("sell", "XYZ-1", 1)


def test_sharing_stops_and_one_named_file_goes_on(database: str, tmp_path: Path) -> None:
    first = first_machine(tmp_path / "first", database)
    names = ("other", "third", "fourth")
    other, third, fourth = (Machine(tmp_path / name, database) for name in names)
    other.ok("receive", "MUG", 5)
    stopped = first.ok("share", "--stop")
    assert "is shared no more" in stopped.out
    assert not beside_path(first.path).exists()
    first.ok("sell", "MUG", 1)
    assert first.failed_checks() == {}
    copy = tmp_path / "copy.db"
    first.ok("backup", copy)
    assert fourth("share", "--stop").code == 3
    # One that has not heard of it, and one that has: neither records any more.
    for shop, sync in ((other, False), (third, True)):
        if sync:
            shop.ok("sync")
        refused = shop("sell", "MUG", 1)
        assert (refused.code, f"goes on in {first.path} on " in refused.err) == (4, True), refused
        assert "goes on in" in shop.ok("status").out
        assert shop("share", "--stop").code == 3
    first.path = copy
    first.ok("sell", "MUG", 1)


def test_a_stop_that_was_broken_off_is_completed(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = first_machine(tmp_path / "first", database)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(sharing, "finish_stop", die)
        assert first("share", "--stop").code == 130
    refused = first("receive", "MUG", 1)
    assert (refused.code, "`inventory share --stop` completes that" in refused.err) == (4, True)
    # A copy of the file and of what lies beside it is not the one that was named.
    copy = tmp_path / "copy"
    shutil.copytree(first.folder, copy)
    here, first.path = first.path, copy / first.path.name
    assert first("share", "--stop").code == 3
    assert first("receive", "MUG", 1).code == 4
    first.path = here
    first.ok("share", "--stop")
    first.ok("receive", "MUG", 1)


def test_a_stopped_ledger_takes_no_more_in_the_database(
    server: Server, database: str, tmp_path: Path
) -> None:
    first = first_machine(tmp_path / "first", database)
    other = Machine(tmp_path / "other", database)
    first.ok("share", "--stop")
    # Its replica put back to before, as a forger would.
    alter(other, "DELETE FROM batches WHERE details LIKE '%stopped%'")
    assert other("receive", "MUG", 1).code == 4
    assert len(first.json("clone", database, "--list")) == 1


def test_where_the_database_is_lost_for_good_a_file_goes_on(
    server: Server, database: str, tmp_path: Path
) -> None:
    first = first_machine(tmp_path / "first", database)
    first.ok("receive", "MUG", 5)
    copy = tmp_path / "copy.db"
    first.ok("backup", copy)
    server.run(f"DROP DATABASE {database.split('/')[3].split('?')[0]} WITH (FORCE)")
    server.run(f"CREATE DATABASE {database.split('/')[3].split('?')[0]}")
    first.path = copy
    assert first("share", "--stop").code == 4
    first.ok("share", "--stop", "--lost")
    first.ok("sell", "MUG", 1)
    first.ok("share", database)
    assert first.failed_checks("--shared") == {}


def test_a_schema_of_another_version_is_not_shared_into(
    server: Server, database: str, tmp_path: Path
) -> None:
    first_machine(tmp_path / "first", database)
    server.run("UPDATE inventory.schema_version SET version = 2", database)
    (tmp_path / "second").mkdir()
    refused = Shop(tmp_path / "second")("share", database)
    assert (refused.code, "has schema 2 of the shared log" in refused.err) == (4, True)


@pytest.mark.parametrize("option", ["--shared", "--alone"])
def test_a_shared_ledger_is_rolled_over(database: str, tmp_path: Path, option: str) -> None:
    first = first_machine(tmp_path / "first", database)
    other = Machine(tmp_path / "other", database)
    first.ok("receive", "MUG", 5, "--on", "2022-03-01", "--id", "k")
    new = tmp_path / "next.db"
    unsaid = first("rollover", new, "--as-of", "2022-12-31")
    assert (unsaid.code, "hint: --shared or --alone\n" in unsaid.err) == (2, True)
    name = ("--name", "next") if option == "--shared" else ()
    other.ok("rollover", new, "--as-of", "2022-12-31", option, *name)
    refused = first("sell", "MUG", 1)
    assert (refused.code, "has ended: it goes on in" in refused.err) == (3, True)
    first.path, old = new, first.path
    first.ok("sell", "MUG", 1)
    assert first.failed_checks("--previous", old) == {}
    if option == "--shared":
        assert first.failed_checks("--shared") == {}
        third = Machine(tmp_path / "third", database, "--name", "next")
        assert third.on_hand("MUG") == 4
        assert whole(third) == whole(first)
    else:
        assert not beside_path(new).exists()


def test_only_a_shared_ledger_is_asked_where_the_next_is(story: Shop) -> None:
    refused = story("rollover", story.folder / "n.db", "--as-of", "2022-12-31", "--shared")
    assert (refused.code, "is not shared" in refused.err) == (2, True)


def test_status_says_where_the_log_is_and_every_question_how_old_the_replica_is(
    database: str, tmp_path: Path
) -> None:
    import os

    first = first_machine(tmp_path / "first", database)
    first.ok("receive", "MUG", 5)
    hour_ago = beside_path(first.path).stat().st_mtime - 3600
    os.utime(beside_path(first.path), (hour_ago, hour_ago))
    assert f"shared      {database}; a replica as of " in first.ok("status").out
    facts = first.json("status")[0]
    assert (facts["shared"], facts["goes_on_in"]) == (database, None)
    asked = first.ok("stock")
    assert "(1 hour ago): `inventory sync` brings it up to date\n" in asked.err
    first.ok("sync")
    assert "(0 seconds ago)" in first.ok("stock").err


def test_a_large_replica_is_made_and_brought_up_to_date_by_copy(
    database: str, tmp_path: Path
) -> None:
    rows = [f"2022-{1 + n // 1000:02}-01,S{n % 50},received,{1 + n % 9}" for n in range(7_000)]
    text = "date,sku,type,quantity\n" + "\n".join(rows) + "\n"
    first = first_machine(tmp_path / "first", database)
    behind = Machine(tmp_path / "behind", database)
    first.ok("receive", "S1", 1, "--on", "2023-01-01")
    first.ok("count", "S1", 9, "--on", "2022-02-01")
    first.ok("snapshot", "take", "early", "--as-of", "2022-02-15")
    assert first.import_text(text).code == 0
    first.ok("snapshot", "take", "late")
    first.ok("reverse", 5, "--reason", "wrong")
    first.ok("sell", "S2", 3)
    behind.ok("sync")
    new = Machine(tmp_path / "new", database)
    for shop in (behind, new):
        assert whole(shop) == whole(first)
        assert shop.failed_checks("--shared") == {}


def test_what_a_rollover_carries_is_shared_too(story: Shop, database: str, tmp_path: Path) -> None:
    story.ok("receive", "MUG", 2, "--on", "2022-05-01", "--id", "delivery-1")
    story.ok("rollover", tmp_path / "next.db", "--as-of", "2022-12-31")
    story.path = tmp_path / "next.db"
    story.ok("share", database)
    other = Machine(tmp_path / "other", database)
    assert whole(other) == whole(story)
    again = other.ok("receive", "MUG", 2, "--on", "2022-05-01", "--id", "delivery-1")
    assert "recorded" in again.err


def test_killed_between_the_two_commits_the_next_command_catches_up(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from inventory_cli.storage.ledger_file import Ledger

    first = first_machine(tmp_path / "first", database)
    first.ok("receive", "MUG", 5)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "commit", die)
        assert first("sell", "MUG", 2, "--id", "once").code == 130
    assert first.on_hand("MUG") == 5
    assert "recorded before" in first.ok("sell", "MUG", 2, "--id", "once").err
    assert first.on_hand("MUG") == 3
    assert first.failed_checks("--shared") == {}


def test_a_file_that_fails_behind_the_database_does_not_deny_the_batch(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from inventory_cli.storage.ledger_file import Ledger

    first = first_machine(tmp_path / "first", database)

    def fail(*_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "commit", fail)
        ran = first("receive", "MUG", 5)
    assert ran.code == 4
    assert "batch 2 is recorded, but" in ran.err
    assert "nothing was appended" not in ran.err
    assert "1 event" in first.ok("sync").out
    assert first.on_hand("MUG") == 5


def test_what_lies_beside_may_be_somebody_elses(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = first_machine(tmp_path / "first", database)

    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr("os.utime", refuse)
    assert first.ok("receive", "MUG", 5).err == "new SKU MUG\n"
    first.ok("sync")


def test_the_url_is_kept_and_nothing_else_is(database: str, tmp_path: Path) -> None:
    first = first_machine(tmp_path / "first", database)
    kept = read_beside(first.path)
    assert kept is not None
    assert kept.url == database
    assert set(json.loads(beside_path(first.path).read_text())) == {"url", "machine", "timeline"}
    beside_path(first.path).write_text("{")
    refused = first("receive", "MUG", 1)
    assert (refused.code, "does not say where the log of" in refused.err) == (4, True)

"""An anchor that is kept outside the ledger proves what the ledger cannot prove by itself."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from inventory_cli.storage.ledger_file import open_ledger
from inventory_cli.storage.snapshots import read_snapshots
from tests.conftest import Shop
from tests.tampering.altering import alter, behind_the_back, forge, relink


def head(shop: Shop) -> str:
    return shop.ok("head").out.strip()


def cut_off(shop: Shop, batch: int) -> None:
    """Remove everything from a batch on, and make the rest agree."""
    with behind_the_back(shop) as connection:
        connection.execute("DELETE FROM events WHERE batch >= ?", (batch,))
        connection.execute("DELETE FROM batches WHERE batch >= ?", (batch,))
    shop.ok("rebuild")


def fails_by_anchor_alone(shop: Shop, *words: object) -> str:
    """Check that all is well without the anchor, and that with it only that check fails."""
    assert shop.failed_checks() == {}
    failed = shop.failed_checks(*words)
    assert list(failed) == ["anchor"]
    (problem,) = failed["anchor"]
    return problem


def test_the_head_is_the_anchor_of_what_is_recorded(story: Shop) -> None:
    assert head(story) == story.json("verify")["head"]
    assert head(story).startswith("6:")
    assert story.failed_checks("--expect", head(story)) == {}
    before = head(story)
    story.ok("receive", "XYZ-1", 1)
    assert head(story).startswith("7:")
    assert story.failed_checks("--expect", before) == {}


def test_a_cut_off_tail_is_found_by_an_anchor_alone(story: Shop) -> None:
    anchor = head(story)
    cut_off(story, 6)
    problem = fails_by_anchor_alone(story, "--expect", anchor)
    assert "is not on the chain: the log ends at event 5: its end was cut off" in problem


def test_a_cut_off_snapshot_is_found_by_an_anchor_alone(story: Shop) -> None:
    story.ok("snapshot", "take", "march", "--as-of", "2022-03-31")
    anchor = head(story)
    assert anchor.startswith("6:")
    with behind_the_back(story) as connection:
        for table in ("snapshots", "snapshot_lines"):
            connection.execute(f"DELETE FROM {table}")
        connection.execute("DELETE FROM batches WHERE batch = 7")
    problem = fails_by_anchor_alone(story, "--expect", anchor)
    assert "the log has another hash at event 6: it was rewritten" in problem


def test_a_rewritten_log_is_found_by_an_anchor_alone(story: Shop) -> None:
    anchor = head(story)
    forge(story, "UPDATE events SET quantity = 90 WHERE position = 2")
    assert story.on_hand("XYZ-1") == 180
    problem = fails_by_anchor_alone(story, "--expect", anchor)
    assert "the log has another hash at event 6: it was rewritten, or this is another" in problem


def test_settings_altered_together_with_the_whole_chain_are_found_by_an_anchor_alone(
    story: Shop,
) -> None:
    anchor = head(story)
    forge(story, "UPDATE ledger SET decimals = 1")
    assert story.on_hand("XYZ-1") == "19.0"
    assert "another hash at event 6" in fails_by_anchor_alone(story, "--expect", anchor)


def test_batches_swapped_together_with_the_whole_chain_are_found_by_an_anchor_alone(
    story: Shop,
) -> None:
    anchor = head(story)
    forge(
        story,
        "UPDATE batches SET batch = -batch WHERE batch IN (3, 4)",
        "UPDATE batches SET batch = CASE batch WHEN -3 THEN 4 ELSE 3 END, first_position ="
        " 7 - first_position, last_position = 7 - last_position WHERE batch < 0",
        "UPDATE batches SET recorded_at = (SELECT recorded_at FROM batches WHERE batch = 3)"
        " WHERE batch IN (3, 4)",
        "UPDATE events SET position = -position WHERE position IN (3, 4)",
        "UPDATE events SET position = 7 + position, batch = 7 + position WHERE position < 0",
    )
    assert "another hash at event 6" in fails_by_anchor_alone(story, "--expect", anchor)


def test_an_older_copy_and_another_ledger_are_found_by_an_anchor_alone(
    story: Shop, tmp_path: Path
) -> None:
    old = tmp_path / "old.db"
    shutil.copy(story.path, old)
    story.ok("sell", "XYZ-1", 1)
    anchor = head(story)
    shutil.copy(old, story.path)
    assert "or this is an older copy" in fails_by_anchor_alone(story, "--expect", anchor)


def test_another_ledger_with_the_same_events_is_found(story: Shop, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Shop(tmp_path / "other")
    for _ in range(6):
        other.ok("receive", "XYZ-1", 1)
    assert "or this is another ledger" in fails_by_anchor_alone(other, "--expect", head(story))


def test_every_link_of_the_chain_is_an_anchor_and_nothing_else_is(story: Shop) -> None:
    story.ok("snapshot", "take")
    connection = sqlite3.connect(story.path)
    (start,) = connection.execute("SELECT hash FROM ledger").fetchone()
    links = [(0, start), *connection.execute("SELECT position, hash FROM events")]
    links += connection.execute("SELECT coalesce(last_position, 6), hash FROM batches").fetchall()
    connection.close()
    assert len(links) == 14
    lines = [f"{position}:{link.hex()}" for position, link in links]
    kept = story.folder / "anchors"
    kept.write_text("\n".join(lines))
    assert story.failed_checks("--anchor", kept) == {}
    wrong = [f"{position + 1}:{link.hex()}" for position, link in links]
    kept.write_text("\n".join(wrong))
    assert len(story.failed_checks("--anchor", kept)["anchor"]) == len(wrong)


def test_the_file_of_anchors_grows_with_every_proof(story: Shop) -> None:
    kept = story.folder / "anchors"
    ran = story.ok("verify", "--anchor", kept)
    assert "anchor     ok\n    note: there is no anchor yet to hold the log against\n" in ran.out
    first = head(story)
    assert kept.read_text() == f"{first}\n"
    assert story.ok("verify", "--anchor", kept, "--quiet") == (0, "", "")
    assert kept.read_text() == f"{first}\n"
    story.ok("receive", "XYZ-1", 1)
    assert story.ok("verify", "--anchor", kept, "--quiet") == (0, "", "")
    assert kept.read_text() == f"{first}\n{head(story)}\n"
    cut_off(story, 7)
    ran = story("verify", "--anchor", kept, "--quiet")
    assert ran.code == 1
    assert "anchor     FAILED" in ran.out
    assert len(kept.read_text().splitlines()) == 2


def test_nothing_is_added_when_anything_else_is_wrong(story: Shop) -> None:
    kept = story.folder / "anchors"
    alter(story, "UPDATE stock SET on_hand = 7")
    assert story("verify", "--anchor", kept).code == 1
    assert not kept.exists()


def test_comments_blank_lines_and_a_missing_line_feed_are_no_hindrance(story: Shop) -> None:
    kept = story.folder / "anchors"
    first = head(story)
    kept.write_text(f"# of the shop\n\n{first.upper()}")
    story.ok("sell", "XYZ-1", 1)
    story.ok("verify", "--anchor", kept)
    assert kept.read_text() == f"# of the shop\n\n{first.upper()}\n{head(story)}\n"


def test_an_editor_may_have_put_a_mark_at_the_beginning(story: Shop) -> None:
    kept = story.folder / "anchors"
    kept.write_bytes(b"\xef\xbb\xbf" + head(story).encode() + b"\r\n")
    assert story.failed_checks("--anchor", kept) == {}


@pytest.mark.parametrize(
    "text",
    ["nonsense", "6", ":", "6:", "6:abc", "-1:" + "0" * 64, "6:" + "0" * 66, "٦:" + "0" * 64],
)
def test_what_is_no_anchor_is_wrong_usage(story: Shop, text: str) -> None:
    ran = story("verify", "--expect", text)
    assert (ran.code, ran.out) == (2, "")
    assert "is not an anchor" in ran.err
    kept = story.folder / "anchors"
    kept.write_text(f"{head(story)}\n{text}\n", encoding="utf-8")
    ran = story("verify", "--anchor", kept)
    assert ran.code == 2
    assert f"{kept}, line 2: " in ran.err


def test_a_file_of_anchors_that_cannot_be_used_is_named(story: Shop) -> None:
    binary = story.folder / "binary"
    binary.write_bytes(b"\xff\xfe\x00")
    nowhere = story.folder / "link"
    nowhere.symlink_to(story.folder / "no" / "anchors")
    endless = story.folder / "endless"
    endless.write_text("# an anchor" + " " * 20_000)
    for path, why in [
        (binary, "it is not text"),
        (Path("/dev/zero"), "it is not text"),
        (endless, "it has more than 10,000 bytes"),
        (story.folder, "cannot be read: Is a directory"),
        (story.folder / "no" / "anchors", "there is no folder"),
        (nowhere, "cannot be written: No such file or directory"),
    ]:
        ran = story("verify", "--anchor", path)
        assert ran.code == 2
        assert f"--anchor {path}" in ran.err
        assert why in ran.err


# Since the last anchor.


@pytest.fixture
def proved(story: Shop) -> Path:
    """A file of anchors that proves the story; after it, more was recorded."""
    kept = story.folder / "anchors"
    story.ok("verify", "--anchor", kept)
    story.ok("receive", "NEW", 5, "--on", "2022-05-01")
    story.ok("transfer", "NEW", 2, "--from", "main", "--to", "shop", "--on", "2022-05-02")
    story.ok("receive", "NEW", 9, "--on", "2022-05-03")
    story.ok("reverse", 10, "--reason", "twice")
    return kept


def since(shop: Shop, kept: Path) -> dict[str, list[str]]:
    return shop.failed_checks("--anchor", kept, "--since-anchor")


def test_a_short_audit_says_where_it_began_and_what_it_compared(story: Shop, proved: Path) -> None:
    first = proved.read_text().strip()
    ran = story.ok("verify", "--anchor", proved, "--since-anchor")
    assert ran.out.splitlines()[0] == f"since      {first}"
    assert "file " not in ran.out
    assert "note: compared 2 of 3 streams, those with events since; with a snapshot" in ran.out
    assert proved.read_text().splitlines() == [first, head(story)]
    again = story.json("verify", "--anchor", proved, "--since-anchor")
    assert again["since"] == head(story)
    assert again["ok"]


def test_the_first_short_audit_is_a_whole_one(story: Shop) -> None:
    kept = story.folder / "anchors"
    ran = story.ok("verify", "--anchor", kept, "--since-anchor")
    assert ran.out.startswith("file       ok\n")
    assert kept.read_text() == f"{head(story)}\n"


def test_a_short_audit_needs_an_anchor(story: Shop) -> None:
    ran = story("verify", "--since-anchor")
    assert (ran.code, "--since-anchor needs an anchor" in ran.err) == (2, True)
    story.ok("snapshot", "take", "march")
    words = ["--expect", head(story), "--since-anchor", "--snapshot", "march"]
    ran = story("verify", *words)
    assert (ran.code, "--snapshot is checked by a whole audit" in ran.err) == (2, True)


# What is done behind the ledger's back to what came after the anchor → who finds it.
SINCE = {
    "UPDATE events SET reason = 'gift' WHERE position = 7": {"chain"},
    "UPDATE events SET quantity = 6 WHERE position = 7": {"chain", "stock"},
    "DELETE FROM events WHERE position = 7": {"positions", "chain", "stock"},
    "UPDATE batches SET actor = 'nobody' WHERE batch = 7": {"chain"},
    "DELETE FROM batches WHERE batch = 8": {"positions", "chain"},
    "UPDATE events SET sku = 'OLD' WHERE position = 9": {"chain", "stock", "transfers"},
    "UPDATE events SET reverses = 7 WHERE position = 11": {"chain", "stock", "reversals"},
    "UPDATE stock SET on_hand = 7 WHERE sku = 'NEW' AND location = 'shop'": {"stock"},
    "DELETE FROM stock WHERE sku = 'NEW' AND location = 'shop'": {"stock"},
    "UPDATE ledger SET decimals = 2": {"chain"},
    "UPDATE events SET kind = 'stolen' WHERE position = 7": {"chain", "stock"},
}


@pytest.mark.parametrize("statement", SINCE)
def test_what_was_altered_since_the_anchor_is_found(
    story: Shop, proved: Path, statement: str
) -> None:
    alter(story, statement)
    assert since(story, proved).keys() == SINCE[statement]


def test_a_dropped_guard_is_found_by_a_short_audit(story: Shop, proved: Path) -> None:
    connection = sqlite3.connect(story.path)
    connection.execute("DROP TRIGGER events_no_update")
    connection.close()
    assert since(story, proved).keys() == {"schema"}


def test_what_was_altered_before_the_anchor_is_left_to_a_whole_audit(
    story: Shop, proved: Path
) -> None:
    alter(story, "UPDATE events SET reason = 'gift' WHERE position = 2")
    assert since(story, proved) == {}
    assert story.failed_checks("--anchor", proved).keys() == {"chain"}


def test_an_anchor_that_is_not_on_the_chain_makes_it_a_whole_audit(
    story: Shop, proved: Path
) -> None:
    with behind_the_back(story) as connection:
        connection.execute("UPDATE events SET quantity = 90 WHERE position = 2")
        relink(connection)
    assert since(story, proved).keys() == {"anchor", "stock"}


def test_with_a_snapshot_before_the_anchor_all_stock_is_compared(story: Shop) -> None:
    kept = story.folder / "anchors"
    story.ok("snapshot", "take", "--as-of", "2022-03-20")
    story.ok("verify", "--anchor", kept)
    story.ok("receive", "NEW", 5, "--on", "2022-03-01")
    assert since(story, kept) == {}
    alter(story, "UPDATE stock SET on_hand = 7 WHERE sku = 'XYZ-1'")
    assert since(story, kept) == {"stock": ["XYZ-1 at main: on hand expected 190, found 7"]}


def test_snapshots_taken_since_are_compared_and_late_arrivals_noted(
    story: Shop, proved: Path
) -> None:
    story.ok("snapshot", "take", "april", "--as-of", "2022-04-30")
    story.ok("receive", "XYZ-1", 1, "--on", "2022-04-15")
    ran = story.ok("verify", "--expect", proved.read_text().strip(), "--since-anchor")
    assert "snapshot 1 (april): recorded since, but effective before: event 12" in ran.out
    alter(story, "UPDATE snapshot_lines SET on_hand = 7")
    assert "on hand expected 190, found 7" in since(story, proved)["snapshots"][1]


def test_a_snapshot_taken_since_is_right_although_what_is_later_than_it_came_before(
    story: Shop,
) -> None:
    before = head(story)
    story.ok("receive", "XYZ-1", 1, "--on", "2022-06-01")
    story.ok("snapshot", "take", "february", "--as-of", "2022-02-28")
    assert story.failed_checks("--expect", before, "--since-anchor") == {}


def test_a_snapshot_taken_since_is_held_against_the_one_before_the_anchor(story: Shop) -> None:
    story.ok("snapshot", "take", "--as-of", "2022-03-20")
    before = head(story)
    story.ok("receive", "XYZ-1", 1, "--on", "2022-06-01")
    for day in ("2022-03-20", "2022-04-30", "2022-06-30"):
        story.ok("snapshot", "take", "--as-of", day)
    with open_ledger(story.path) as ledger:
        whole = [snapshot.whole_to for snapshot in read_snapshots(ledger)]
    assert whole == [4, 4, 6, 7]
    assert story.failed_checks("--expect", before, "--since-anchor") == {}
    forge(story, "UPDATE snapshots SET whole_to = 5 WHERE snapshot = 3")
    wrong = "says that up to event 5 nothing takes effect after its date; that is so up to event 6"
    failed = story.failed_checks("--expect", before, "--since-anchor")
    assert any(wrong in problem for problem in failed["snapshots"])


def test_an_anchor_may_lie_between_the_legs_of_a_transfer(story: Shop) -> None:
    story.ok("transfer", "XYZ-1", 2, "--from", "main", "--to", "shop", "--on", "2022-05-02")
    with sqlite3.connect(story.path) as connection:
        (link,) = connection.execute("SELECT hash FROM events WHERE position = 7").fetchone()
    connection.close()
    between = f"7:{link.hex()}"
    assert story.failed_checks("--expect", between, "--since-anchor") == {}
    alter(story, "UPDATE events SET quantity = 3 WHERE position = 8")
    failed = story.failed_checks("--expect", between, "--since-anchor")
    assert failed.keys() == {"chain", "stock", "transfers"}


@pytest.mark.parametrize("of_the_event", [True, False])
def test_a_place_says_where_to_go_on_only_where_it_has_its_hash(
    story: Shop, of_the_event: bool
) -> None:
    anchor = head(story)
    if of_the_event:
        with sqlite3.connect(story.path) as connection:
            (link,) = connection.execute("SELECT hash FROM events WHERE position = 6").fetchone()
        connection.close()
        anchor = f"6:{link.hex()}"
    story.ok("snapshot", "take", "april", "--as-of", "2022-04-30")
    # As if that snapshot came before the place, and were proved by it.
    later = "events SET batch = 60 WHERE position" if of_the_event else "batches SET batch = 60"
    where = " = 6" if of_the_event else " WHERE batch = 6"
    alter(story, "UPDATE snapshot_lines SET on_hand = 7", f"UPDATE {later}{where}")
    failed = story.failed_checks("--expect", anchor, "--since-anchor")
    assert {"snapshots", "positions"} <= failed.keys()


@pytest.mark.parametrize("number", [-1, 0])
def test_what_stands_before_the_first_event_or_batch_is_found_by_a_short_audit(
    story: Shop, proved: Path, number: int
) -> None:
    alter(
        story,
        f"INSERT INTO events SELECT {number}, batch, sku, location, kind, quantity, effective_at,"
        " date_only, reason, reference, unit_cost, id, reverses, details, hash FROM events"
        " WHERE position = 2",
    )
    found = since(story, proved)["positions"]
    assert found[0] == f"event {number} stands where event 1 belongs"

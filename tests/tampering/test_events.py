"""Every way to alter an event is found by `verify`, which names it and exits 1.

Each alteration lists every check that finds it and what that check says; checks that are not
listed must pass. Where only one is listed, the alteration would pass without that check.
"""

import pytest

from inventory_cli.core.events import Event
from tests.conftest import Shop
from tests.tampering.altering import BROKEN_AT_2, Found, alter, assert_found

LESS_IN_SNAPSHOT = "snapshot 1 (march): XYZ-1 at main: on hand expected 80, found 180"
LESS_IN_STOCK = "XYZ-1 at main: on hand expected 50, found 150"

# What is set in event 2 → who finds it.
EVENT_EDITS: list[tuple[str, Found]] = [
    (
        "position = 20",
        {
            "positions": "event 2 is missing",
            "chain": "event 20 (received, XYZ-1 at main) does not fit the chain",
            "snapshots": LESS_IN_SNAPSHOT,
        },
    ),
    ("batch = 3", {"positions": "event 2 lies in no batch", "chain": BROKEN_AT_2}),
    (
        "sku = 'XYZ-2'",
        {
            "chain": "event 2 (received, XYZ-2 at main) does not fit the chain",
            "snapshots": "snapshot 1 (march): XYZ-2 at main: not stored",
            "stock": "XYZ-2 at main: not stored, though the log has 100 on hand",
        },
    ),
    (
        "location = 'attic'",
        {
            "chain": "event 2 (received, XYZ-1 at attic) does not fit the chain",
            "snapshots": "snapshot 1 (march): XYZ-1 at attic: not stored",
            "stock": "XYZ-1 at attic: not stored, though the log has 100 on hand",
        },
    ),
    ("kind = 'returned'", {"chain": "event 2 (returned, XYZ-1 at main) does not fit the chain"}),
    (
        "kind = 'adjusted'",
        {
            "chain": "event 2 (adjusted, XYZ-1 at main) does not fit the chain",
            "snapshots": "last incoming expected 2022-01-01, found 2022-03-01",
            "stock": "XYZ-1 at main: last incoming expected 2022-01-01, found 2022-03-01",
        },
    ),
    (
        "quantity = 0",
        {"chain": BROKEN_AT_2, "snapshots": LESS_IN_SNAPSHOT, "stock": LESS_IN_STOCK},
    ),
    (
        "effective_at = '2022-03-09T23:00:00.000Z'",
        {
            "chain": BROKEN_AT_2,
            "snapshots": "XYZ-1 at main: last incoming expected 2022-03-10T00:00:00.000+01:00",
            "stock": "XYZ-1 at main: last incoming expected 2022-03-10T00:00:00.000+01:00",
        },
    ),
    ("date_only = 0", {"chain": BROKEN_AT_2}),
    ("reason = 'gift'", {"chain": BROKEN_AT_2}),
    ("reason = NULL", {"chain": BROKEN_AT_2}),
    ("reason = ''", {"chain": BROKEN_AT_2}),
    ("reference = 'PO-8'", {"chain": BROKEN_AT_2}),
    ("unit_cost = '1.5'", {"chain": BROKEN_AT_2}),
    ("id = 'DELIVERY-8'", {"chain": BROKEN_AT_2}),
    # The same words in other columns are another event.
    ("reason = reference, reference = reason", {"chain": BROKEN_AT_2}),
    (
        "reverses = 1",
        {
            "chain": BROKEN_AT_2,
            "reversals": "event 2: a 'received' event names event 1 as reversed",
            "snapshots": LESS_IN_SNAPSHOT,
            "stock": LESS_IN_STOCK,
        },
    ),
    ('details = \'{"lot":"L8"}\'', {"chain": BROKEN_AT_2}),
    # The same JSON, spelled otherwise: an export would not have the hash any more.
    ('details = \'{"lot": "L9"}\'', {"chain": BROKEN_AT_2}),
    ("hash = zeroblob(32)", {"chain": BROKEN_AT_2}),
]


def test_the_table_of_edits_leaves_no_column_of_an_event_out() -> None:
    edited = {edit.split(" = ")[0] for edit, _ in EVENT_EDITS}
    assert edited == {*Event._fields, "hash"}


@pytest.mark.parametrize(("edit", "found"), EVENT_EDITS)
def test_an_edited_event_is_found(ledger: Shop, edit: str, found: Found) -> None:
    alter(ledger, f"UPDATE events SET {edit} WHERE position = 2")
    assert_found(ledger, found)


LOG_EDITS: dict[str, tuple[tuple[str, ...], Found]] = {
    "the first event deleted": (
        ("DELETE FROM events WHERE position = 1",),
        {
            "positions": "event 1 is missing",
            "chain": "batch 1 (open) does not fit the chain",
            "snapshots": LESS_IN_SNAPSHOT,
            "stock": LESS_IN_STOCK,
        },
    ),
    "an event in the middle deleted": (
        ("DELETE FROM events WHERE position = 2",),
        {
            "positions": "event 2 is missing",
            "chain": "batch 2 (receive) does not fit the chain",
            "snapshots": LESS_IN_SNAPSHOT,
            "stock": LESS_IN_STOCK,
        },
    ),
    "an event deleted with its batch": (
        ("DELETE FROM events WHERE position = 2", "DELETE FROM batches WHERE batch = 2"),
        {
            "positions": "batch 2 is missing",
            "chain": "event 3 (sold, XYZ-1 at main) does not fit the chain",
            "snapshots": LESS_IN_SNAPSHOT,
            "stock": LESS_IN_STOCK,
        },
    ),
    "the last event deleted": (
        ("DELETE FROM events WHERE position = 13",),
        {
            "positions": "event 13 is missing",
            "chain": "batch 11 (remove) does not fit the chain",
            "stock": "XYZ-1 at shop: on hand expected 60, found 58",
        },
    ),
    # Without a batch, a header or an anchor that speaks of it, only the stock remembers it.
    "the last batch cut off": (
        ("DELETE FROM events WHERE position = 13", "DELETE FROM batches WHERE batch = 11"),
        {"stock": "XYZ-1 at shop: on hand expected 60, found 58"},
    ),
    "two events of one batch swapped": (
        (
            "UPDATE events SET position = -5 WHERE position = 5",
            "UPDATE events SET position = 5 WHERE position = 6",
            "UPDATE events SET position = 6 WHERE position = -5",
        ),
        {"chain": "event 5 (received, ABC-2 at main) does not fit the chain"},
    ),
    "two events of two batches swapped": (
        (
            "UPDATE events SET position = -2 WHERE position = 2",
            "UPDATE events SET position = 2 WHERE position = 3",
            "UPDATE events SET position = 3 WHERE position = -2",
        ),
        {
            "positions": "event 2 lies in no batch",
            "chain": "event 2 (sold, XYZ-1 at main) does not fit the chain",
        },
    ),
    "two batches swapped": (
        (
            "UPDATE events SET position = -2, batch = -2 WHERE position = 2",
            "UPDATE events SET position = 2, batch = 2 WHERE position = 3",
            "UPDATE events SET position = 3, batch = 3 WHERE position = -2",
            "UPDATE batches SET batch = -2 WHERE batch = 2",
            "UPDATE batches SET batch = 2, first_position = 2, last_position = 2 WHERE batch = 3",
            "UPDATE batches SET batch = 3, first_position = 3, last_position = 3 WHERE batch = -2",
        ),
        {
            "positions": "batch 3 was recorded before the one before it",
            "chain": "event 2 (sold, XYZ-1 at main) does not fit the chain",
        },
    ),
    "a batch inserted before others, which are all moved": (
        (
            "UPDATE events SET position = -position, batch = -batch WHERE position > 10",
            "UPDATE events SET position = 1 - position, batch = 1 - batch WHERE position < 0",
            "UPDATE batches SET batch = -batch WHERE batch > 8",
            "UPDATE batches SET batch = 1 - batch, first_position = first_position + 1,"
            " last_position = last_position + 1 WHERE batch < 0",
            "UPDATE events SET reverses = NULL WHERE kind = 'reversed'",
            "INSERT INTO events SELECT 11, 9, sku, location, kind, quantity, effective_at,"
            " date_only, reason, reference, unit_cost, id, NULL, details, hash"
            " FROM events WHERE position = 10",
            "INSERT INTO batches SELECT 9, recorded_at, actor, command, source, source_sha256, 11,"
            " 11, NULL, hash, NULL FROM batches WHERE batch = 8",
            "UPDATE events SET reverses = 10 WHERE kind = 'reversed'",
        ),
        {
            "chain": "event 11 (received, XYZ-1 at main) does not fit the chain",
            "stock": "XYZ-1 at main: on hand expected 155, found 150",
        },
    ),
    "all events deleted": (
        ("DELETE FROM events",),
        {
            "positions": "events 1 to 13 are missing",
            "chain": "batch 1 (open) does not fit the chain",
            "snapshots": "snapshot 1 (march): ABC-2 at main: stored as 9 on hand",
            "stock": "ABC-2 at main: stored as 8 on hand, but the log has no event of it",
        },
    ),
    "all events and batches deleted": (
        ("DELETE FROM events", "DELETE FROM batches"),
        {
            "snapshots": "snapshot 1 (march): batch 6 did not record it",
            "stock": "ABC-2 at main: stored as 8 on hand, but the log has no event of it",
        },
    ),
    "all deleted but the snapshot": (
        ("DELETE FROM events", "DELETE FROM batches", "DELETE FROM stock"),
        {"snapshots": "snapshot 1 (march): batch 6 did not record it"},
    ),
    "all events deleted but not those of the snapshot": (
        ("DELETE FROM events WHERE position > 7", "DELETE FROM batches WHERE batch > 6"),
        {"stock": "ABC-2 at main: on hand expected 9, found 8"},
    ),
    "an event inserted behind the log": (
        (
            "INSERT INTO events SELECT 14, 12, sku, location, kind, quantity, effective_at,"
            " date_only, reason, reference, unit_cost, id, NULL, details, hash"
            " FROM events WHERE position = 13",
        ),
        {
            "positions": "event 14 lies in no batch",
            "chain": "event 14 (removed, XYZ-1 at shop) does not fit the chain",
            "stock": "XYZ-1 at shop: on hand expected 56, found 58",
        },
    ),
    "an event inserted before the log": (
        (
            "INSERT INTO events SELECT 0, 1, sku, location, kind, quantity, effective_at,"
            " date_only, reason, reference, unit_cost, id, NULL, details, hash"
            " FROM events WHERE position = 13",
        ),
        {
            "positions": "event 0 lies in no batch",
            "chain": "event 0 (removed, XYZ-1 at shop) does not fit the chain",
            "snapshots": "nothing takes effect after its date; that is so up to event -1",
            "stock": "XYZ-1 at shop: on hand expected 56, found 58",
        },
    ),
    "an event made to tell of an unknown kind": (
        ("UPDATE events SET kind = 'stolen' WHERE position = 12",),
        {
            "chain": "event 12 (stolen, ABC-2 at main) does not fit the chain",
            "stock": "event 12 is of the unknown kind 'stolen'",
        },
    ),
    "an event that is no longer text": (
        ("UPDATE events SET reason = CAST(x'80' AS TEXT) WHERE position = 2",),
        dict.fromkeys(
            ("positions", "chain", "snapshots", "stock", "transfers", "reversals"),
            "cannot be read to the end: Could not decode to UTF-8 column 'reason'",
        ),
    ),
}


@pytest.mark.parametrize(("statements", "found"), LOG_EDITS.values(), ids=LOG_EDITS)
def test_an_altered_log_is_found(ledger: Shop, statements: tuple[str, ...], found: Found) -> None:
    alter(ledger, *statements)
    assert_found(ledger, found)


def test_every_broken_event_and_every_sku_is_listed(ledger: Shop) -> None:
    alter(ledger, "UPDATE events SET quantity = 7 WHERE position IN (2, 5, 13)")
    failed = ledger.failed_checks()
    assert [text.split(" (")[0] for text in failed["chain"]] == ["event 2", "event 5", "event 13"]
    assert failed["stock"] == [
        "ABC-2 at main: on hand expected 10, found 8; the first event of it that cannot be"
        " trusted is 5",
        "XYZ-1 at main: on hand expected 57, found 150; the first event of it that cannot be"
        " trusted is 2",
        "XYZ-1 at shop: on hand expected 53, found 58; the first event of it that cannot be"
        " trusted is 13",
    ]

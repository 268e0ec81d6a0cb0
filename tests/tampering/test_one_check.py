"""Alterations that only one check can find, because all else was made to agree."""

import sqlite3
from collections.abc import Callable

import pytest

from tests.conftest import Shop
from tests.tampering.altering import (
    BROKEN_AT_2,
    alter,
    alter_schema,
    assert_found,
    behind_the_back,
    forge,
    relink,
)

UNBALANCED_8 = "event 8, a transfer of XYZ-1 at main, is not balanced by event 9"
UNBALANCED_9 = "event 9, a transfer of XYZ-1 at shop, is not balanced by event 8"

UNBALANCED: list[tuple[str, str]] = [
    ("UPDATE events SET quantity = 31 WHERE position = 9", UNBALANCED_9),
    ("UPDATE events SET quantity = 30 WHERE position = 8", "event 8, a transfer of XYZ-1 at main"),
    ("UPDATE events SET quantity = -30 WHERE position = 9", "event 9, a transfer of XYZ-1"),
    ("UPDATE events SET quantity = -quantity WHERE position IN (8, 9)", "event 8, a transfer"),
    ("UPDATE events SET quantity = 0 WHERE position IN (8, 9)", "event 8, a transfer"),
    ("UPDATE events SET sku = 'ABC-2' WHERE position = 9", "a transfer of ABC-2 at shop"),
    ("UPDATE events SET location = 'main' WHERE position = 9", "event 9, a transfer"),
    (
        "UPDATE events SET effective_at = '2022-04-05T11:00:00.000Z' WHERE position = 9",
        UNBALANCED_9,
    ),
    ("UPDATE events SET kind = 'adjusted' WHERE position = 8", UNBALANCED_9),
    ("UPDATE events SET kind = 'adjusted' WHERE position = 9", UNBALANCED_8),
    (
        "UPDATE events SET kind = 'transferred', quantity = -2 WHERE position = 13",
        "event 13, a transfer of XYZ-1 at shop, is not balanced by event 14",
    ),
    # Half of it reversed: stock would come out of nothing.
    (
        "UPDATE events SET (sku, location, kind, quantity, effective_at, reverses) ="
        " (SELECT sku, location, 'reversed', 0, effective_at, 8 FROM events WHERE position = 8)"
        " WHERE position = 13",
        UNBALANCED_8,
    ),
]


@pytest.mark.parametrize(("statement", "named"), UNBALANCED)
def test_an_unbalanced_transfer_is_found_though_the_chain_fits(
    ledger: Shop, statement: str, named: str
) -> None:
    forge(ledger, statement)
    assert_found(ledger, {"transfers": named})


WRONG_REVERSALS: list[tuple[str, str]] = [
    ("reverses = 1 WHERE position = 11", "event 11: the reversal names event 1, of another stream"),
    ("reverses = 5 WHERE position = 11", "event 11: the reversal names event 5, of another stream"),
    ("reverses = 12 WHERE position = 11", "names event 12, which is not before it"),
    ("reverses = 11 WHERE position = 11", "names event 11, which is not before it"),
    ("reverses = 99 WHERE position = 11", "names event 99, which is not before it"),
    ("reverses = NULL WHERE position = 11", "event 11: the reversal names event None"),
    (
        "effective_at = '2022-04-07T00:00:00.000Z' WHERE position = 11",
        "event 11: the reversal names event 10, of another stream",
    ),
    ("reverses = 5 WHERE position = 12", "event 12: a 'sold' event names event 5 as reversed"),
    (
        "(location, kind, quantity, effective_at, reverses) ="
        " (SELECT location, kind, 0, effective_at, 11 FROM events WHERE position = 11)"
        " WHERE position = 13",
        "event 13: the reversal names event 11, itself a reversal",
    ),
]


@pytest.mark.parametrize(("edit", "named"), WRONG_REVERSALS)
def test_a_reversal_that_names_a_wrong_event_is_found_though_the_chain_fits(
    ledger: Shop, edit: str, named: str
) -> None:
    forge(ledger, f"UPDATE events SET {edit}")
    assert_found(ledger, {"reversals": named})


def test_a_rewritten_chain_is_found_by_a_snapshot(ledger: Shop) -> None:
    forge(ledger, "UPDATE events SET quantity = 90 WHERE position = 2")
    assert_found(
        ledger,
        {"snapshots": "snapshot 1 (march): XYZ-1 at main: on hand expected 170, found 180"},
    )


def test_a_rewritten_chain_is_found_by_the_stock_that_was_forgotten(story: Shop) -> None:
    with behind_the_back(story) as connection:
        connection.execute("UPDATE events SET quantity = 90 WHERE position = 2")
        relink(connection)
    assert_found(story, {"stock": "XYZ-1 at main: on hand expected 180, found 190"})


def flip_in_index(shop: Shop) -> None:
    """Change one letter of a key in an index, in the bytes of the file."""
    connection = sqlite3.connect(shop.path)
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    (page,) = connection.execute(
        "SELECT rootpage FROM sqlite_schema WHERE name = 'events_by_id'"
    ).fetchone()
    connection.close()
    content = bytearray(shop.path.read_bytes())
    at = content.index(b"DELIVERY-7", (page - 1) * size, page * size)
    content[at] ^= 1
    shop.path.write_bytes(content)


# For each check an alteration that no other check finds.
ALONE: dict[str, tuple[Callable[[Shop], None], str]] = {
    "file": (flip_in_index, "row 2 missing from index events_by_id"),
    "schema": (
        lambda shop: alter_schema(shop, "DROP TRIGGER events_no_update"),
        "trigger events_no_update is missing",
    ),
    "positions": (
        lambda shop: forge(
            shop,
            "UPDATE events SET position = position + 1 WHERE position >= 13",
            "UPDATE batches SET first_position = 14, last_position = 14 WHERE batch = 11",
        ),
        "event 13 is missing",
    ),
    "chain": (
        lambda shop: alter(shop, "UPDATE events SET reason = 'gift' WHERE position = 2"),
        BROKEN_AT_2,
    ),
    # All that came after the snapshot was never recorded, says this file.
    "anchor": (
        lambda shop: forge(
            shop, "DELETE FROM events WHERE batch > 6", "DELETE FROM batches WHERE batch > 6"
        ),
        "the log ends at event 7: its end was cut off",
    ),
    "snapshots": (
        lambda shop: alter(shop, "UPDATE snapshots SET name = 'april'"),
        "snapshot 1 (april) was altered",
    ),
    "stock": (
        lambda shop: alter(shop, "UPDATE stock SET on_hand = 9 WHERE sku = 'ABC-2'"),
        "ABC-2 at main: on hand expected 8, found 9",
    ),
    "transfers": (lambda shop: forge(shop, UNBALANCED[0][0]), UNBALANCED[0][1]),
    "reversals": (
        lambda shop: forge(shop, f"UPDATE events SET {WRONG_REVERSALS[0][0]}"),
        WRONG_REVERSALS[0][1],
    ),
}


def head(shop: Shop) -> str:
    """Return the anchor of the end of the log."""
    return shop.ok("head").out.strip()


@pytest.mark.parametrize("check", ALONE)
def test_each_check_finds_what_no_other_finds(ledger: Shop, check: str) -> None:
    tamper, named = ALONE[check]
    anchor = ("--expect", head(ledger)) if check == "anchor" else ()
    tamper(ledger)
    if anchor:
        assert ledger.failed_checks() == {}
    assert_found(ledger, {check: named}, *anchor)


def test_there_is_no_check_that_nothing_needs(ledger: Shop) -> None:
    checks = ledger.json("verify", "--expect", head(ledger))["checks"]
    assert {check["name"] for check in checks} == set(ALONE)


# What a header is made to claim → what is said of it, though the chain fits.
CLAIMS: list[tuple[str, str]] = [
    ("last_position = 15 WHERE batch = 11", "events 14 to 15 are missing"),
    # Events of other batches, beside its own: an export would not know whose they are.
    ("last_position = 4 WHERE batch = 3", "batch 4 claims events 4 to 4, but the one before it"),
    ("first_position = 2 WHERE batch = 3", "batch 3 claims events 2 to 3, but the one before it"),
    ("first_position = -5 WHERE batch = 1", "batch 1 claims events -5 to 1, but the one before"),
]


@pytest.mark.parametrize(("edit", "named"), CLAIMS)
def test_a_log_rewritten_so_that_a_header_claims_too_much_is_found(
    ledger: Shop, edit: str, named: str
) -> None:
    forge(ledger, f"UPDATE batches SET {edit}")
    assert_found(ledger, {"positions": named})

"""Damage of any byte is found, and no command stumbles over it."""

import sqlite3
from collections.abc import Callable

import pytest

from tests.conftest import Shop
from tests.tampering.altering import alter, alter_schema, content


def test_a_flipped_bit_is_found_or_changed_nothing(ledger: Shop) -> None:
    original = ledger.path.read_bytes()
    before = content(ledger.path)
    unfound = []
    for offset in range(0, len(original), 233):
        flipped = bytearray(original)
        flipped[offset] ^= 1 << offset % 8
        ledger.path.write_bytes(flipped)
        ran = ledger("verify")
        found = ran.code in (1, 4) and "this is a bug" not in ran.err
        # Of offsets of the zone that may be another machine's there is a note.
        found = found or "zone_offsets" in ran.out + ran.err
        if not found and (ran.code != 0 or content(ledger.path) != before):
            unfound.append((offset, ran))
    assert not unfound


def last_cell(shop: Shop, content: bytearray, table: str) -> tuple[int, int]:
    """Return where a small table keeps the place of its last row, and where that row is."""
    connection = sqlite3.connect(shop.path)
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    (page,) = connection.execute(
        "SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)
    ).fetchone()
    connection.close()
    start = (page - 1) * size
    # A leaf page: its kind, …, how many rows it has, …, and two bytes for the place of each.
    assert content[start] == 0x0D
    rows = int.from_bytes(content[start + 3 : start + 5], "big")
    place = start + 8 + 2 * (rows - 1)
    return place, start + int.from_bytes(content[place : place + 2], "big")


def swap_last_rows(shop: Shop, table: str) -> None:
    content = bytearray(shop.path.read_bytes())
    place, _ = last_cell(shop, content, table)
    content[place - 2 : place + 2] = content[place : place + 2] + content[place - 2 : place]
    shop.path.write_bytes(content)


def number_last_row_as_the_one_before(shop: Shop, table: str) -> None:
    content = bytearray(shop.path.read_bytes())
    _, row = last_cell(shop, content, table)
    # A row begins with its length, in bytes of which all but the last are above 127.
    while content[row] > 127:
        row += 1
    content[row + 1] -= 1
    shop.path.write_bytes(content)


@pytest.mark.parametrize("damage", [swap_last_rows, number_last_row_as_the_one_before])
@pytest.mark.parametrize("table", ["events", "batches"])
def test_rows_out_of_order_are_found_and_no_command_goes_round_in_circles(
    ledger: Shop, table: str, damage: Callable[[Shop, str], None]
) -> None:
    damage(ledger, table)
    for words in ("verify", "as-of today", "log", "batches", "history XYZ-1", "export"):
        ran = ledger.process(*words.split(), timeout=20)
        assert ran.returncode in ((1,) if words == "verify" else (0, 4)), (words, ran)
        assert "Traceback" not in ran.stderr


def test_a_value_of_another_type_is_found(ledger: Shop) -> None:
    # A damaged byte can make text a blob, which no statement could.
    alter_schema(
        ledger, "UPDATE sqlite_schema SET sql = replace(sql, 'STRICT, ', '') WHERE name = 'stock'"
    )
    alter_schema(ledger, "UPDATE stock SET sku = x'00' WHERE sku = 'ABC-2'")
    alter_schema(
        ledger,
        "UPDATE sqlite_schema SET sql = replace(sql, ') WITHOUT', ') STRICT, WITHOUT')"
        " WHERE name = 'stock'",
    )
    assert "stock" in ledger.failed_checks()


def test_a_schema_that_is_no_longer_text_is_said_to_be_damaged(ledger: Shop) -> None:
    alter_schema(
        ledger,
        "UPDATE sqlite_schema SET sql = CAST(x'435245415445ff' AS TEXT) WHERE name = 'event_log'",
    )
    ran = ledger("verify")
    assert (ran.code, ran.out) == (4, "")
    assert "is damaged" in ran.err


# What was altered → the commands that come upon it.
UPON: list[tuple[str, tuple[str, ...]]] = [
    ("DELETE FROM batches WHERE batch = 2", ("log", "history XYZ-1")),
    ("UPDATE batches SET recorded_at = 'once' WHERE batch = 2", ("log", "batches")),
    ("UPDATE events SET kind = 'stolen' WHERE position = 2", ("history XYZ-1", "rebuild")),
    ("UPDATE events SET kind = 'stolen' WHERE position = 2", ("as-of 2022-04-30", "reverse 2")),
    ("UPDATE events SET details = 'lot' WHERE position = 2", ("log",)),
    ("UPDATE events SET effective_at = 'once', date_only = 0 WHERE position = 2", ("log",)),
]


@pytest.mark.parametrize(("statement", "commands"), UPON)
def test_a_command_that_comes_upon_an_alteration_calls_the_ledger_damaged(
    ledger: Shop, statement: str, commands: tuple[str, ...]
) -> None:
    alter(ledger, statement)
    for words in commands:
        reason = ("--reason", "x") if words.startswith("reverse") else ()
        ran = ledger(*words.split(), *reason)
        assert ran.code == 4, (words, ran)
        assert "error: " in ran.err

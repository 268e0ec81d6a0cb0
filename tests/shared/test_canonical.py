"""The database writes the text that a hash covers as this program does, byte for byte, whatever
stands in it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from inventory_cli.actions.append import append
from inventory_cli.core.events import AT_ONCE, Draft, pack_details
from inventory_cli.storage.batches import Origin
from inventory_cli.storage.chain import (
    canonical,
    digest_carried,
    digest_lines,
    genesis,
)
from inventory_cli.storage.snapshots import Line, Snapshot
from tests.shared.machines import Machine, first_machine

psycopg: Any = pytest.importorskip("psycopg")

LEDGER = "5c3d3ee2-6f4c-4a5a-9d0a-3a9a2a0f7f10"
# Every character but NUL, and what stands for half of one: neither can be stored.
EVERY = [chr(code) for code in range(1, 0x110000) if not 0xD800 <= code < 0xE000]
AWKWARD = (
    "".join(EVERY[:0x180]),
    "\u2028\u2029\ufeff\ufffe\uffff\U0001f4e6\U0010ffff",
    'a "b" \\c\\ /d/ \x7f\x80',
    "\r\n\t\b\f\v",
    " leading and trailing ",
    "e\u0301 ÅÅ ẞß",
    "<>&'%s{}$1?",
    "",
)
LARGEST = 2**63 - 1


@pytest.fixture
def owner(database: str) -> Iterator[Any]:
    from inventory_cli.shared.sql_files import schema_sql

    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(schema_sql())
        yield connection


def test_the_text_of_an_event(owner: Any) -> None:
    texts = (*AWKWARD, None)
    for number, text in enumerate(texts):
        said = (text or "", text or "", "sold", -LARGEST - 1, text or "", 0)
        event = (LARGEST - number, number, *said, text, text, text, text, None, text)
        place = ", ".join(["%s"] * 14)
        query = f"SELECT inventory.text_of_event({place})"
        values = [*event[:12], LARGEST if text is None else None, event[13]]
        ((found,),) = owner.execute(query, values).fetchall()
        written = canonical(("event", *values))
        assert found == written
        if "\\" not in written:
            ((found,),) = owner.execute(
                query.replace("of_event", "of_plain_event"), values
            ).fetchall()
            assert found == written


def test_the_text_of_a_header(owner: Any) -> None:
    for text in (*AWKWARD, None):
        for details in (None, pack_details({"read_as": text or "", "ü": '"'})):
            header: list[str | int | None]
            header = [LARGEST, "2022", text or "", text or "", text, text, 1, None, text, details]
            place = ", ".join(["%s"] * 10)
            query = f"SELECT inventory.text_of_batch(('{LEDGER}', {place}, '')::inventory.batches)"
            ((found,),) = owner.execute(query, header).fetchall()
            if details is None:
                header.pop()
            assert found == canonical(("batch", *header))


def test_the_start_of_the_chain(owner: Any) -> None:
    for text in AWKWARD:
        settings = (LEDGER, text, 9, text, "allow")
        query = "SELECT inventory.genesis((%s, NULL, %s, %s, %s, %s, '')::inventory.ledgers)"
        assert owner.execute(query, settings).fetchall() == [(genesis(settings),)]


@pytest.mark.parametrize("closes", [None, 0])
def test_the_digests_of_snapshots_and_carried_ids(owner: Any, closes: int | None) -> None:
    snapshot = Snapshot(1, 7, AWKWARD[1], "2022", LARGEST, closes, closes)
    skus = sorted({character for text in AWKWARD for character in text})
    lines = [Line(sku, sku, -1, sku, None, "") for sku in skus]
    owner.execute(
        f"INSERT INTO inventory.snapshots VALUES ('{LEDGER}', %s, %s, %s, %s, %s, %s, %s)", snapshot
    )
    with owner.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO inventory.snapshot_lines VALUES ('{LEDGER}', 1, %s, %s, %s, %s, %s, %s)",
            lines,
        )
        carried = [(sku, 1, 2, sku, 0, sku, None) for sku in skus]
        cursor.executemany(
            f"INSERT INTO inventory.carried_ids VALUES ('{LEDGER}', %s, %s, %s, %s, %s, %s, %s)",
            carried,
        )
    found = owner.execute(f"SELECT inventory.digest_lines('{LEDGER}', 1)").fetchall()
    assert found == [(digest_lines(snapshot, lines),)]
    found = owner.execute(f"SELECT inventory.digest_carried('{LEDGER}')").fetchall()
    assert found == [(digest_carried(carried),)]


def test_every_character_there_is_comes_through_an_append(database: str, tmp_path: Path) -> None:
    from inventory_cli.shared.opening import open_to_record

    first = first_machine(tmp_path / "first", database)
    texts = ["".join(EVERY[start : start + 2_000]) for start in range(0, len(EVERY), 2_000)]
    move = "MUG", "main", "received", 1, AT_ONCE, 0
    drafts = [Draft(*move, *(text,) * 4, None, pack_details({"x": text})) for text in texts]
    # A batch in which nothing is escaped is written in another way.
    not_escaped = str.maketrans("", "", "".join(EVERY[:31]) + '"\\')
    plain = [Draft(*move, *(text.translate(not_escaped),) * 4, None, None) for text in texts]
    with open_to_record(first.path) as ledger:
        # The database refuses a batch whose hash it does not get itself.
        appended = append(ledger, Origin(*texts[:4]), lambda: drafts, ledger.clock(lambda: None))  # type: ignore[arg-type, return-value]
        assert appended is not None
        assert append(ledger, Origin("me", "import"), lambda: plain, ledger.clock(lambda: None))  # type: ignore[arg-type, return-value]
    other = Machine(tmp_path / "other", database)
    assert other.ok("head").out == first.ok("head").out
    assert other.failed_checks("--shared") == {}

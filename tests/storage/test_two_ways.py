"""The line of an event is written and read in two ways, and it is the same line in both."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory_cli.core.events import KINDS, Event
from inventory_cli.storage import export
from inventory_cli.storage.chain import link_event
from inventory_cli.storage.export import event_lines, written_here
from inventory_cli.storage.ledger_file import Ledger, open_ledger
from inventory_cli.storage.log import stored_rows
from inventory_cli.storage.plain_events import Place, read_plain
from tests.conftest import Shop
from tests.properties.lives import in_memory

START = bytes(32)
EVENT = Event(1, 1, "XYZ-1", "main", "sold", 3, "2022-03-15T00:00:00.000Z", 0, *[None] * 6)

# Every character that is told from others by some rule of JSON or of UTF-8 is among these.
CHARACTERS = [
    *map(chr, range(0x3000)),
    *(chr(code) for code in range(0x3000, 0x110000, 0x101) if not 0xD800 <= code < 0xE000),
    *"\ud7ff\ue000\ufeff\ufffd\ufffe\uffff\U00010000\U0001f600\U0010ffff",
]
WORDS = (
    "",
    '"',
    "\\",
    '\\"',
    "\\u0000",
    "null",
    "1",
    '{"a":1}',
    "[1]",
    "\r\n",
    "\u2028",
    "a,",
    "/",
)


@contextmanager
def holding(path: Path, events: Sequence[Sequence[Any]]) -> Iterator[Ledger]:
    """Give the ledger of a file in which just these events stand, with hashes that fit to nothing,
    whatever type their cells have.
    """
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.execute("DROP TABLE events")
        columns = ", ".join(Event._fields[1:])
        connection.execute(f"CREATE TABLE events (position INTEGER PRIMARY KEY, {columns}, hash)")
        row = ", ".join("?" * (len(Event._fields) + 1))
        connection.executemany(
            f"INSERT INTO events VALUES ({row})",
            ((*event, bytes([number % 256]) * 32) for number, event in enumerate(events)),
        )
        connection.execute("COMMIT")
    with open_ledger(path) as ledger:
        yield ledger


def test_sqlite_writes_every_character_as_python_does(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = [
        EVENT._replace(position=position, sku=text, reason=f"a{text}b{text}", details=text)
        for position, text in enumerate([*CHARACTERS, *WORDS], start=1)
    ]
    with holding(shop.path, events) as ledger:
        expected = [
            written_here(row) for row in chain.from_iterable(stored_rows(ledger, len(events)))
        ]
        monkeypatch.setattr(export, "written_here", None)
        assert [*event_lines(ledger, 1, len(events))] == expected
    assert [tuple(json.loads(line)["event"].values())[:-1] for line in expected] == events


def alter(column: str, value: Any) -> Sequence[Any]:
    return [*{**EVENT._asdict(), column: value}.values()]


NUMBERS = (0, -1, 2**63 - 1, -(2**63), 0.1 + 0.2, 1e300, -0.0, 5.0)


@pytest.mark.parametrize("column", Event._fields[1:])
@pytest.mark.parametrize("value", [*NUMBERS, None, "7", "many"])
def test_sqlite_writes_every_value_in_every_column_as_python_does(
    shop: Shop, column: str, value: Any
) -> None:
    with holding(shop.path, [alter(column, value)]) as ledger:
        (written,) = event_lines(ledger, 1, 1)
        ((stored,),) = stored_rows(ledger, 1)
        assert written == written_here(stored)
    assert repr(json.loads(written)["event"][column]) == repr(value)


@pytest.mark.parametrize("column", Event._fields[1:])
def test_a_blob_in_any_column_cannot_be_exported(shop: Shop, column: str) -> None:
    with (
        holding(shop.path, [alter(column, b"x")]) as ledger,
        pytest.raises(TypeError),
    ):
        next(event_lines(ledger, 1, 1))


def chained(events: Sequence[Event]) -> list[str]:
    """Return events as the lines of an export, with hashes that fit."""
    link, lines = START, []
    for event in events:
        link = link_event(link, event)
        fields = {**event._asdict(), "hash": link.hex()}
        text = json.dumps({"event": fields}, ensure_ascii=False, separators=(",", ":"))
        lines.append(text + "\n")
    return lines


def as_bytes(lines: Sequence[str]) -> list[bytes]:
    return [line.encode(errors="surrogateescape") for line in lines]


texts = st.text(max_size=8) | st.sampled_from(WORDS)
integers = st.integers(-(2**63), 2**63 - 1) | st.sampled_from((0, 1, -1))
several = st.lists(
    st.builds(
        Event,
        st.just(0),
        st.just(7),
        texts,
        texts,
        st.sampled_from([*KINDS]),
        integers,
        texts,
        integers,
        *[st.none() | texts] * 4,
        st.none() | integers,
        st.none() | texts,
    ),
    min_size=1,
    max_size=4,
).map(lambda events: [event._replace(position=n) for n, event in enumerate(events, start=5)])


@in_memory
@given(several)
def test_every_line_as_it_is_exported_is_read_among_others(events: list[Event]) -> None:
    plain = read_plain(as_bytes(chained(events)), Place(START, 5, 7))
    assert plain is not None
    assert [*zip(*plain.columns, strict=True)] == events
    assert [link.hex() for link in plain.links] == [
        json.loads(line)["event"]["hash"] for line in chained(events)
    ]


PIECES = (
    *('"', "\\", ",", ":", "}", "{", " ", "\n", "\r", "null", "true", "0", "-", "-0", "1.5", "1e1"),
    *(
        "\\n",
        "\\u0041",
        "\\/",
        "\x00",
        "\x1f",
        "\x7f",
        "\udcff",
        "é",
        "\u0663",
        '"","',
        '"id":null,',
    ),
    "9" * 5000,
)


@in_memory
@given(several, st.data())
def test_what_is_read_among_others_is_what_is_read_alone(
    events: list[Event], data: st.DataObject
) -> None:
    lines = chained(events)
    number = data.draw(st.integers(0, len(lines) - 1), "line")
    start = data.draw(st.integers(0, len(lines[number])), "start")
    end = data.draw(st.integers(start, min(start + 3, len(lines[number]))), "end")
    piece = data.draw(st.sampled_from(["", *PIECES]), "piece")
    lines[number] = lines[number][:start] + piece + lines[number][end:]
    if data.draw(st.booleans(), "hash the text"):
        lines = rehashed(lines)
    if plain := read_plain(as_bytes(lines), Place(START, 5, 7)):
        assert [*zip(*plain.columns, strict=True)] == read_alone(lines)


def rehashed(lines: Sequence[str]) -> list[str]:
    """Return lines with the hashes of what stands in them, to the letter, whatever that is."""
    link, again = START, []
    for line in lines:
        said, hash_, _ = line.rpartition(',"hash":"')
        text = said.removeprefix('{"event":{')
        for name in Event._fields:
            text = text.replace(f'"{name}":', "", 1)
        link = sha256(link + f'["event",{text}]'.encode(errors="surrogateescape")).digest()
        again.append(f'{said}{hash_}{link.hex()}"}}}}\n' if hash_ else line)
    return again


def read_alone(lines: Sequence[str]) -> list[tuple[Any, ...]]:
    """Return the events of lines that follow on each other, read by `json`."""
    link, rows = START, list[tuple[Any, ...]]()
    for position, line in enumerate(lines, start=5):
        (event,) = json.loads(line).values()
        *values, claimed = event.values()
        assert (*event,) == (*Event._fields, "hash")
        link = link_event(link, values)
        assert (link.hex(), values[:2]) == (claimed, [position, 7])
        rows.append(Event(*values))
    return rows

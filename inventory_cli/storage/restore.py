"""Knows how a new ledger is made from an export. Must never trust a line that it reads."""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

from inventory_cli.core.dates import load_zone
from inventory_cli.core.events import CARRIED_IDS, Event, unpack_details
from inventory_cli.core.lines import NoLine
from inventory_cli.core.replay import Replay, UnknownKind
from inventory_cli.storage.batches import INSERT_BATCH, Batch
from inventory_cli.storage.carried_ids import INSERT_CARRIED, CarriedId
from inventory_cli.storage.chain import (
    digest_carried,
    digest_lines,
    genesis,
    link_batch,
    link_event,
)
from inventory_cli.storage.export import FORMAT, READABLE
from inventory_cli.storage.insert import INSERT_EVENT, insert_events, put_aside, put_back
from inventory_cli.storage.ledger_file import Head, Ledger
from inventory_cli.storage.log import read_effects
from inventory_cli.storage.new_ledger import new_ledger
from inventory_cli.storage.offsets import store_offsets
from inventory_cli.storage.plain_events import Place, PlainEvents, in_blocks, read_plain
from inventory_cli.storage.settings import Settings
from inventory_cli.storage.snapshots import Line, Snapshot, insert_snapshot
from inventory_cli.storage.stock import store_states

# What reading a line that is not as it should be may raise.
_NO_LINE = (
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    OverflowError,
    RecursionError,
    sqlite3.IntegrityError,
)
# In bytes. Only the line of a snapshot may be longer, where all before it are longer still: each of
# its streams has an event there, and the line of an event is longer than what a snapshot says.
LONGEST_LINE = 1 << 28


class _Misfit(ValueError):
    """What an export says at some line cannot be."""


class BadExport(Exception):
    """A line of an export does not fit: its number, and why."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


def restore_log(path: Path, lines: Iterable[bytes], ahead: Iterator[PlainEvents | None]) -> Head:
    """Make a new ledger at `path` from an export, and return its head, the same as before.

    Every hash is checked as it is written, and nothing is taken that no header closes. `ahead` is
    what `read_claimed` gives for the same lines, if it was run. Raises BadExport at the first line
    that does not fit; then no file is left behind.
    """
    number = 0
    with new_ledger(path) as connection:
        connection.execute("BEGIN IMMEDIATE")
        aside = put_aside(connection, log_is_empty=True)
        writer = _Writer(path, connection)
        try:
            for block, together in in_blocks(lines):
                if together and writer.write_plain(number + 1, block, next(ahead, None)):
                    number += len(block)
                    continue
                for line in block:
                    number += 1
                    # What is not UTF-8 becomes a lone surrogate, which no line of an export holds.
                    writer.write(number, line.decode(errors="surrogateescape"))
            number += 1
            head = writer.finish(aside)
        except (_Misfit, UnknownKind) as error:
            raise BadExport(number, str(error)) from None
        except NoLine as error:
            raise BadExport(number + 1, f"this is no line of an export: {error}") from None
        except _NO_LINE as error:
            raise BadExport(number, f"this is no line of an export ({error})"[:500]) from None
        connection.execute("COMMIT")
    return head


# What stands before the first batch, and is closed by it.
_CARRIED = "carried ids"


class _Writer:
    """Writes the lines of an export to a new file, one by one, each checked against the chain."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path = path
        self._connection = connection
        self._settings: Settings | None = None
        # Behind the last header. What follows it waits for the next one, in `_open` and `_digest`.
        self._head = Head(0, 0, "", b"")
        self._link = b""
        self._position = 0
        self._digest: str | None = None
        self._open: tuple[int, str] | None = None
        self._finished = False
        self._replay = Replay()
        # Where the last of the carried ids stands in their order.
        self._last_carried: tuple[str, int, int] | None = None

    def write(self, number: int, text: str) -> None:
        line = _DECODER.decode(text)
        if not isinstance(line, dict) or self._finished:
            raise _Misfit("nothing is expected here")
        if (self._settings is None) != ("ledger" in line):
            raise _Misfit("an export begins with the ledger's settings, and has them once")
        match sorted(line):
            case ["event"]:
                self._event(number, line["event"])
            case ["batch"]:
                self._batch(line["batch"])
            case ["lines", "snapshot"]:
                self._snapshot(number, line["snapshot"], line["lines"])
            case ["ledger"]:
                self._start(line["ledger"])
            case ["carried_ids"]:
                self._carried(number, line["carried_ids"])
            case ["head"]:
                self._end(line["head"])
            case _:
                raise _Misfit("nothing like it is in an export")

    def _start(self, fields: dict[str, Any]) -> None:
        if fields.pop("format", None) not in READABLE:
            raise _Misfit(f"only exports of format {FORMAT} and before are understood")
        link = fields.pop("hash")
        settings = _made(Settings, fields)
        self._link = self._check(genesis(settings), link, "the settings")
        self._settings = settings
        self._head = Head(0, 0, settings.created_at, self._link)
        self._connection.execute(
            "INSERT INTO ledger VALUES (1, ?, ?, ?, ?, ?, ?)", (*settings, self._link)
        )

    def _carried(self, number: int, rows: list[list[Any]]) -> None:
        carried = [_made(CarriedId, dict(zip(CarriedId._fields, row, strict=True))) for row in rows]
        if self._head.batch or (self._open and self._open[1] != _CARRIED) or not carried:
            raise _Misfit("ids are carried right behind the settings")
        for place in (one[:3] for one in carried):
            if self._last_carried is not None and place <= self._last_carried:
                raise _Misfit("the carried ids are not in order")
            self._last_carried = place
        self._connection.executemany(INSERT_CARRIED, carried)
        self._open = self._open or (number, _CARRIED)

    def _event(self, number: int, fields: dict[str, Any]) -> None:
        link = fields.pop("hash")
        event = _made(Event, fields)
        name = f"event {event.position}"
        self._follows(name, event.batch)
        if event.position != self._position + 1:
            raise _Misfit(f"{name} stands here, but event {self._position + 1} is next")
        if self._digest is not None:
            raise _Misfit(f"{name} stands before the header of a snapshot")
        self._link = self._check(link_event(self._link, event), link, name)
        self._connection.execute(INSERT_EVENT, (*event, self._link))
        self._replay.feed([(event.position, *event[2:7], *event[12:])])
        self._position = event.position
        self._open = self._open or (number, name)

    def write_plain(self, number: int, lines: Sequence[bytes], ahead: PlainEvents | None) -> bool:
        """Write lines from number `number` on, and tell whether that was done: it is if all are of
        plain events, each of which `write` would take. If not, nothing was written. `ahead` is what
        they may be.
        """
        if self._settings is None or self._finished or self._digest is not None:
            return False
        first = self._position + 1
        place = Place(self._link, first, self._head.batch + 1)
        fits = ahead is not None and ahead.place == place and ahead.are_of(lines)
        events = ahead if fits else read_plain(lines, place)
        if events is None or not self._insert([*events.columns, events.links]):
            return False
        columns = events.columns
        self._replay.feed(zip(columns[0], *columns[2:7], *columns[12:], strict=True))
        self._position, self._link = columns[0][-1], events.links[-1]
        self._open = self._open or (number, f"event {first}")
        return True

    def _insert(self, columns: Sequence[Sequence[Any]]) -> bool:
        self._connection.execute("SAVEPOINT plain")
        try:
            insert_events(self._connection, columns)
        except (OverflowError, sqlite3.IntegrityError):
            self._connection.execute("ROLLBACK TO plain")
            return False
        finally:
            self._connection.execute("RELEASE plain")
        return True

    def _snapshot(self, number: int, fields: dict[str, Any], rows: list[list[Any]]) -> None:
        snapshot = _made(Snapshot, fields)
        lines = [_made(Line, dict(zip(Line._fields, row, strict=True))) for row in rows]
        name = f"snapshot {snapshot.snapshot}"
        self._follows(name, snapshot.batch)
        if self._open is not None and self._open[1] != _CARRIED:
            raise _Misfit(f"{name} stands before the header of {self._open[1]}")
        if any(line[:2] >= following[:2] for line, following in pairwise(lines)):
            raise _Misfit(f"the lines of {name} are not in order")
        insert_snapshot(self._connection, snapshot, lines)
        self._digest = digest_lines(snapshot, lines)
        self._open = number, name

    def _batch(self, fields: dict[str, Any]) -> None:
        link = fields.pop("hash")
        header = _made(Batch, fields)
        name = f"batch {header.batch}"
        self._follows("the header", header.batch)
        self._link = self._check(link_batch(self._link, header), link, name)
        first = self._head.position + 1
        ends = (first, self._position) if self._position >= first else (None, None)
        if (header.first_position, header.last_position) != ends:
            raise _Misfit(f"{name} does not claim the events before it")
        if header.lines_sha256 != self._digest:
            raise _Misfit(f"{name} does not have the digest of its snapshot")
        if header.batch == 1:
            self._check_carried(header)
        if header.recorded_at < self._head.recorded_at:
            raise _Misfit(f"{name} was recorded before the one before it")
        self._connection.execute(INSERT_BATCH, (*header, self._link))
        self._head = Head(self._position, header.batch, header.recorded_at, self._link)
        self._digest = self._open = None

    def _check_carried(self, header: Batch) -> None:
        rows = self._connection.execute("SELECT * FROM carried_ids ORDER BY 1, 2, 3")
        if unpack_details(header.details).get(CARRIED_IDS) != digest_carried(rows):
            raise _Misfit("batch 1 does not have the digest of the carried ids")

    def _end(self, head: str) -> None:
        if self._open is not None:
            number, name = self._open
            raise _Misfit(f"no header of a batch closes {name}, of line {number}")
        if head != self._head.anchor:
            raise _Misfit(f"the head is {self._head.anchor} here, not {head!s:.100}")
        self._finished = True

    def _follows(self, name: str, batch: int) -> None:
        if batch != self._head.batch + 1:
            raise _Misfit(f"{name} is of batch {batch}, but batch {self._head.batch + 1} is next")

    def _check(self, link: bytes, claimed: str, what: str) -> bytes:
        if link.hex() != claimed:
            raise _Misfit(f"{what} does not fit the chain")
        return link

    def finish(self, aside: Sequence[str]) -> Head:
        """Put back what was put aside, write the projection, and return the head."""
        if self._settings is None or not self._finished:
            raise _Misfit("the export is cut short: its last line, the head, is missing")
        put_back(self._connection, aside)
        zone = load_zone(self._settings.timezone)
        store_offsets(self._connection, zone)
        ledger = Ledger(self._path, self._connection, self._settings, zone)
        states = self._replay.states(lambda stream: read_effects(ledger, stream, self._position))
        store_states(ledger, states)
        return self._head


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON. A reader that takes the first of two equal names would see another
    value than one that takes the last.
    """
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise _Misfit("a name stands twice in it")
    return fields


def _no_number(text: str) -> None:
    raise _Misfit(f"{text[:40]} is not a whole number")


Fields = TypeVar("Fields", bound=tuple[object, ...])


def _made(kind: Callable[..., Fields], fields: dict[str, Any]) -> Fields:
    """Return fields as what they stand for. SQLite would make '1' of 1 and 1 of true where it is
    stored, and that has another hash.
    """
    made = kind(**fields)
    if not _fits(kind, tuple(map(type, made))):
        raise _Misfit("a value in it is of another type than its name says")
    return made


@lru_cache(maxsize=256)
def _fits(kind: Callable[..., Fields], types: tuple[type, ...]) -> bool:
    """Tell whether the fields of a tuple may have these types."""
    allowed = get_type_hints(kind).values()
    return all(
        found in (get_args(hint) or (hint,)) for found, hint in zip(types, allowed, strict=True)
    )


_DECODER = json.JSONDecoder(
    object_pairs_hook=_once, parse_float=_no_number, parse_constant=_no_number
)

"""Knows the exchange form of a whole log: JSON Lines, in the order of the chain.

One object a line, with one key that says what it is:

    {"ledger": {…}}                 the settings, first
    {"event": {…}}                  every event, and then …
    {"batch": {…}}                  … the header that closes its batch
    {"snapshot": {…}, "lines": […]} before the header of its batch
    {"head": "POSITION:HASH"}       last, so that a file cut short is noticed

Hashes are hexadecimal. Must never trust a line that it reads.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from inventory_cli.core.dates import load_zone
from inventory_cli.core.events import Event
from inventory_cli.core.replay import UnknownKind
from inventory_cli.errors import damaged
from inventory_cli.storage.batches import INSERT_BATCH, Batch, headers_with_hash
from inventory_cli.storage.chain import digest_lines, genesis, link_batch, link_event
from inventory_cli.storage.insert import INSERT_EVENT
from inventory_cli.storage.ledger_file import Head, Ledger, Settings, new_ledger
from inventory_cli.storage.log import EVENT_COLUMNS, last_position, pieces, replay_log
from inventory_cli.storage.snapshots import (
    Line,
    Snapshot,
    insert_snapshot,
    read_lines,
    read_snapshots,
)
from inventory_cli.storage.stock import store_states

# 2: a snapshot has `whole_to` and `closes`. 3: a batch has `details`.
FORMAT = 3
READABLE = (1, 2, 3)


def export_lines(ledger: Ledger) -> Iterator[str]:
    """Give the whole log up to the present head as lines of JSON."""
    head = ledger.head()
    settings = {"format": FORMAT, **ledger.settings._asdict(), "hash": ledger.start().hex()}
    yield _line({"ledger": settings})
    snapshots = {snapshot.batch: snapshot for snapshot in read_snapshots(ledger)}
    events = (
        row for rows in pieces(ledger, f"{EVENT_COLUMNS}, hash", head.position) for row in rows
    )
    for header, link in headers_with_hash(ledger, head.batch):
        for position in header.positions:
            *fields, event_link = next(events, (None, None))
            if fields[0] != position:
                raise damaged(f"event {position} is missing")
            named = dict(zip(Event._fields, fields, strict=True))
            yield _line({"event": {**named, "hash": event_link.hex()}})
        if snapshot := snapshots.get(header.batch):
            lines = read_lines(ledger, snapshot.snapshot)
            yield _line({"snapshot": snapshot._asdict(), "lines": lines})
        named = {**header._asdict(), "hash": link.hex()}
        # Behind the hash, and only where there are any: so older readers know all the others.
        details = named.pop("details")
        yield _line({"batch": named if details is None else {**named, "details": details}})
    yield _line({"head": head.anchor})


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


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


class _Misfit(ValueError):
    """What an export says at some line cannot be."""


class BadExport(Exception):
    """A line of an export does not fit: its number, and why."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


def restore(path: Path, lines: Iterable[str]) -> Head:
    """Make a new ledger at `path` from an export, and return its head, the same as before.

    Every hash is checked as it is written. Raises BadExport at the first line that does not fit;
    then no file is left behind.
    """
    number = 0
    with new_ledger(path) as connection:
        connection.execute("BEGIN IMMEDIATE")
        writer = _Writer(path, connection)
        try:
            for text in lines:
                number += 1
                writer.write(text)
            number += 1
            head = writer.finish()
        except _Misfit as error:
            raise BadExport(number, str(error)) from None
        except _NO_LINE as error:
            raise BadExport(number, f"this is no line of an export ({error})") from None
        connection.execute("COMMIT")
    return head


class _Writer:
    """Writes the lines of an export to a new file, one by one, each checked against the chain."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path = path
        self._connection = connection
        self._settings: Settings | None = None
        self._head = Head(0, 0, "", b"")
        self._link = b""
        self._digest: str | None = None
        self._position = 0
        self._finished = False

    def write(self, text: str) -> None:
        line = json.loads(text)
        if not isinstance(line, dict) or self._finished:
            raise _Misfit("nothing is expected here")
        if (self._settings is None) != ("ledger" in line):
            raise _Misfit("an export begins with the ledger's settings, and has them once")
        if "event" in line:
            self._event(line["event"])
        elif "batch" in line:
            self._batch(line["batch"])
        elif "snapshot" in line:
            self._snapshot(line["snapshot"], line["lines"])
        elif "ledger" in line:
            self._start(line["ledger"])
        elif self._position != self._head.position or self._digest is not None:
            raise _Misfit(f"the header of batch {self._head.batch + 1} is missing")
        elif line.get("head") == self._head.anchor:
            self._finished = True
        else:
            raise _Misfit(f"the head is {self._head.anchor} here, not {line.get('head')}")

    def _start(self, fields: dict[str, Any]) -> None:
        if fields.pop("format", None) not in READABLE:
            raise _Misfit(f"only exports of format {FORMAT} and before are understood")
        link = fields.pop("hash")
        settings = Settings(**fields)
        self._link = self._check(genesis(settings), link, "the settings")
        self._settings = settings
        self._head = Head(0, 0, settings.created_at, self._link)
        self._connection.execute(
            "INSERT INTO ledger VALUES (1, ?, ?, ?, ?, ?, ?)", (*settings, self._link)
        )

    def _event(self, fields: dict[str, Any]) -> None:
        link = fields.pop("hash")
        event = Event(**fields)
        self._link = self._check(link_event(self._link, event), link, f"event {event.position}")
        self._connection.execute(INSERT_EVENT, (*event, self._link))
        self._position = event.position

    def _snapshot(self, fields: dict[str, Any], rows: list[list[Any]]) -> None:
        snapshot, lines = Snapshot(**fields), [Line(*row) for row in rows]
        insert_snapshot(self._connection, snapshot, lines)
        self._digest = digest_lines(snapshot, lines)

    def _batch(self, fields: dict[str, Any]) -> None:
        link = fields.pop("hash")
        header = Batch(**fields)
        self._link = self._check(link_batch(self._link, header), link, f"batch {header.batch}")
        if header.lines_sha256 != self._digest:
            raise _Misfit(f"batch {header.batch} does not have the digest of its snapshot")
        self._digest = None
        self._connection.execute(INSERT_BATCH, (*header, self._link))
        self._head = Head(self._position, header.batch, header.recorded_at, self._link)

    def _check(self, link: bytes, claimed: str, what: str) -> bytes:
        if link.hex() != claimed:
            raise _Misfit(f"{what} does not fit the chain")
        return link

    def finish(self) -> Head:
        """Replay what was written into the projection, and return the head."""
        if self._settings is None or not self._finished:
            raise _Misfit("the export is cut short: its last line, the head, is missing")
        zone = load_zone(self._settings.timezone)
        ledger = Ledger(self._path, self._connection, self._settings, zone)
        try:
            store_states(ledger, replay_log(ledger, last_position(ledger)))
        except UnknownKind as error:
            raise _Misfit(error.message) from None
        return self._head

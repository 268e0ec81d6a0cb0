"""Knows how a shared ledger is appended to: the file is locked, then the head row of the database
is held; what is missing comes into the file; the batch is decided against the file as on one
machine; it is published, and the database commits, and then the file.

Whoever is killed before the database's commit has appended nothing; whoever is killed behind it
finds the batch with the next command. Must never know what a batch says.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple

from inventory_cli.core.dates import local_time
from inventory_cli.errors import LedgerUnusable
from inventory_cli.shared.beside import Beside, touch, write_beside
from inventory_cli.shared.failures import (
    BatchesMissing,
    InDoubt,
    ServerChanged,
    ServerUnusable,
    adding,
    refuse_stopped,
)
from inventory_cli.shared.publish import channel, publish, publish_part
from inventory_cli.shared.replica import Missing, apply
from inventory_cli.shared.sender import Sender
from inventory_cli.shared.server import LOCK_WITHIN, Server
from inventory_cli.storage import names
from inventory_cli.storage.batches import Batch, hash_of_batch, read_batches
from inventory_cli.storage.failures import DatabaseError
from inventory_cli.storage.ledger_file import Clock, Head, Ledger, Written

_HOLD = (
    "SELECT position, batch, recorded_at, hash, now, timeline, continues, headers, events"
    " FROM inventory.hold(%s, %s, %s, %s)"
)
_HEAD = "SELECT position, batch, recorded_at, hash, timeline FROM inventory.heads WHERE ledger = %s"
_OTHER_TIMELINE = "IV008"
_ADVICE = "`inventory sync` brings it up to date"


class Held(NamedTuple):
    """Where the log ends in the database, which nobody else can change now, and what time it is."""

    head: Head
    now: str


class SharedLedger(Ledger):
    """A ledger file that is a replica, and the database in which its log is.

    `accepts` is a timeline of the server that a person takes from now on.
    """

    def __init__(self, *file: Any) -> None:
        super().__init__(*file)
        self.beside: Beside
        self.server: Server
        self.accepts: str | None = None
        self._held: Held | None = None
        self._sender: Sender
        # Of the batch that is made: the texts of events that are not sent yet, and how many were.
        self._unsent: Sequence[str] | None = None
        self._sent = 0

    def attach(self, beside: Beside) -> None:
        """Say where the log is. Nothing is connected before it is needed."""
        self.beside, self.server = beside, Server(beside.url)
        self._sender = Sender(self.server)

    def close(self) -> None:
        """Give up the connection, if there is one."""
        self._sender.close()
        self.server.close()

    def clock(self, machine: Clock) -> Clock:
        """Return the clock by which is recorded: that of the server."""
        return self._now

    def _now(self) -> datetime:
        return local_time(self._held.now, UTC) if self._held else self.server.now()

    # Appending ---------------------------------------------------------------------------------

    @contextmanager
    def _recording(self, consequence: str) -> Iterator[None]:
        # The file first: who waits for it does not hold up the other machines.
        with self._locked(consequence):
            try:
                with adding(consequence):
                    self.hold()
                refuse_stopped(self)
                self._unsent, self._sent = None, 0
                with self._sender.sending():
                    yield
            finally:
                self._held = None
                self.server.rollback()

    @contextmanager
    def publishing(self, consequence: str) -> Iterator[None]:
        """Lock the file, to hold the head row and publish what is in it; give both back."""
        with self._locked(consequence):
            try:
                yield
            finally:
                self._held = None
                self.server.rollback()

    def hold(self) -> Head:
        """Take the head row of the database, under the lock of the file; take over what is missing
        and return where the log ends there.

        Raises ServerChanged or BatchesMissing where a person has to decide.
        """
        mine = self.head()
        *head, now, timeline, continues, headers, events = self._ask_hold(mine)
        theirs = Head(*head)
        if not continues:
            raise BatchesMissing(self.server.place, mine, theirs)
        self._take_timeline(timeline)
        self._held = Held(theirs, now)
        if theirs.batch > mine.batch:
            apply(self, self.server, theirs, _missing(headers, events))
        return theirs

    def _ask_hold(self, mine: Head) -> tuple[Any, ...]:
        values = (self.settings.identity, mine.batch, mine.hash, self.accepts)
        try:
            return self.server.begin(_HOLD, values)
        except ServerUnusable as error:
            if error.sqlstate != _OTHER_TIMELINE:
                raise
            self.server.rollback()
            used, _, here = error.detail.removeprefix("used ").partition(" here ")
            raise self._changed(here, used) from error

    def _take_timeline(self, timeline: str) -> None:
        """Keep on which timeline the ledger is used. One that another machine took after ours is
        as good as that; but an older one is a server that was left behind.
        """
        before = self.beside.timeline
        if timeline == before:
            return
        if before and self.accepts != timeline and not _follows(timeline, before):
            raise self._changed(timeline, before)
        self.beside = self.beside._replace(timeline=timeline)
        write_beside(self.path, self.beside)

    def _changed(self, here: str, used: str) -> ServerChanged:
        theirs, _ = self.look()
        mine = self.head()
        missing = f"it holds all that this machine knows, up to batch {mine.batch}"
        if not self.holds(mine):
            missing = f"it ends at batch {theirs.batch}, and lacks batch {mine.batch} of this file"
        return ServerChanged(self.server.place, here, used, missing)

    def inserting(self, batch: int, texts: Sequence[str]) -> None:
        """Send the events of a large batch while the next are made; the last go with the header, in
        one round trip. Raises ServerUnusable.
        """
        if self._together is not None:
            return
        if self._unsent is not None:
            of, part = self.settings.identity, self._unsent
            with adding(self._consequence):
                self._sender.add(partial(publish_part, self.server, of, batch, part))
            self._sent += len(part)
        self._unsent = texts

    def commit(self, written: Written) -> None:
        """Publish what was appended, and make it lasting in the database, and then in the file."""
        if self._together is not None or self._held is None:
            super().commit(written)
            return
        self.check_place(self._consequence)
        names.require_one_name(self.path, self._consequence)
        with adding(self._consequence):
            self._sender.finish()
        self.publish(self._held.head.batch, self._sent)
        self._consequence = f"; {written.name} is recorded in the database all the same"
        try:
            super().commit(written)
        except DatabaseError as error:
            # No failure of the append: the next command takes it over.
            raise LedgerUnusable(
                f"{written.name} is recorded, but {self.path} could not be brought up to date "
                f"({error})",
                _ADVICE,
            ) from error
        touch(self.path)

    def publish(self, after: int, sent: int = 0) -> None:
        """Append the batches of the file after number `after` to the database, where the head row
        is held, and commit there. So many events of the first were sent already.

        Raises InDoubt where it is not known whether that was done, or a standby did not confirm it;
        LedgerUnusable where nothing was done.
        """
        last = self.head()
        self.server.unconfirmed = False
        try:
            publish(self, self.server, after, sent)
        except ServerUnusable as error:
            # What fails behind the COMMIT, the call to others, undoes nothing.
            may_be_done = error.is_lost or self.server.is_between()
            if not (may_be_done and self._is_there_now(last)):
                raise error.adding(self._consequence) from error
        if self.server.unconfirmed:
            raise InDoubt(
                f"batch {last.batch} is in the database, but its standby did not confirm it: if "
                "the server is lost now, it may be too",
                f"see to the standby; {_ADVICE}, and shows whether it is there",
            )

    def _is_there_now(self, last: Head) -> bool:
        """Tell whether a batch is in the database, after the connection was lost at COMMIT.

        The head row is taken again: that waits for a transaction that is still on its way, which a
        plain look would miss. And it is given back by a COMMIT, because that waits for the standby.
        """
        deadline = time.monotonic() + LOCK_WITHIN
        while True:
            self.server.close()
            try:
                with self.server.failures():
                    row = self.server.begin(
                        _HOLD, (self.settings.identity, last.batch, last.hash, self.accepts)
                    )
                    self.server.run("COMMIT")
                return bool(row[6])
            except ServerUnusable as error:
                if error.sqlstate == _OTHER_TIMELINE or time.monotonic() > deadline:
                    raise InDoubt(
                        f"the connection was lost while batch {last.batch} was recorded: it may or "
                        f"may not be in the database ({error.message})",
                        "`inventory sync` tells, when the server is back",
                    ) from error
            time.sleep(0.2)

    # Looking, and taking over --------------------------------------------------------------------

    def look(self) -> tuple[Head, str]:
        """Return where the log ends in the database, and the timeline on which it is used there,
        without holding it.
        """
        rows = self.server.ask(_HEAD, (self.settings.identity,))
        if not rows:
            found = ServerUnusable(
                f"{self.server.place} does not hold this ledger, or not for this role",
                "see the URL: `inventory sync --url URL` sets another",
            )
            raise found
        *head, timeline = rows[0]
        return Head(*head), timeline

    def holds(self, head: Head) -> bool:
        """Tell whether the chain of the database has a batch of this number and hash."""
        of = self.settings.identity
        query = "SELECT hash FROM inventory.batches WHERE ledger = %s AND batch = %s"
        if head.batch == 0:
            query = "SELECT hash FROM inventory.ledgers WHERE ledger = %s AND 0 = %s"
        return self.server.ask(query, (of, head.batch)) == [(head.hash,)]

    def pull(self) -> list[Batch]:
        """Take over what is missing, without holding up anyone; return its headers.

        Raises BatchesMissing where the database does not hold the last batch of this file.
        """
        theirs, _ = self.look()
        mine = self.head()
        if theirs[:2] != mine[:2] or theirs.hash != mine.hash:
            with self._locked("; nothing was taken over"):
                mine = self.head()
                if not self.holds(mine):
                    raise BatchesMissing(self.server.place, mine, theirs)
                if theirs.batch > mine.batch:
                    apply(self, self.server, theirs)
                    Ledger.commit(self, self._taken_over(theirs))
        touch(self.path)
        return read_batches(self, mine.batch)

    def _taken_over(self, head: Head) -> Written:
        def is_there() -> bool:
            return hash_of_batch(self, head.batch) == head.hash

        return Written(is_there, f"batch {head.batch}", "`inventory sync` once more")

    @property
    def channel(self) -> str:
        """What the database calls when a batch was appended."""
        return channel(self.settings.identity)


def _missing(headers: list[list[Any]] | None, events: list[list[Any]] | None) -> Missing | None:
    """Return the batches that came with the head row, if they did."""
    if headers is None:
        return None
    return Missing([(*row, bytes.fromhex(link)) for *row, link in headers], events or ())


def _follows(timeline: str, before: str) -> bool:
    """Tell whether a server went on from one timeline to another."""
    system, _, number = timeline.partition("/")
    system_before, _, number_before = before.partition("/")
    return system == system_before and int(number) > int(number_before)

"""Knows the file itself: how a ledger is opened, locked, written, and found to be unusable.

Must never know what events mean.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, tzinfo
from pathlib import Path
from typing import NamedTuple

from inventory_cli.core.events import BEGUN, SHARED, STOPPED, unpack_details
from inventory_cli.errors import LedgerUnusable
from inventory_cli.storage import names
from inventory_cli.storage.connection import (
    DURABLE,
    begin_immediate,
    connect,
    journal_mode,
    make_durable,
)
from inventory_cli.storage.failures import (
    DAMAGED,
    WRONG_TYPE,
    may_not_write,
    moved,
    primary_code,
    sqlite_failures,
    unusable,
)
from inventory_cli.storage.settings import (
    Settings,
    are_sound,
    check_identity,
    read_settings,
    zone_of,
)

# Tells the present moment. It is given, because only the outermost layer reads clocks.
Clock = Callable[[], datetime]


class Head(NamedTuple):
    """Where the log ends: the last position and batch, when it was recorded, the last hash."""

    position: int
    batch: int
    recorded_at: str
    hash: bytes

    @property
    def anchor(self) -> str:
        """`POSITION:HASH`."""
        return f"{self.position}:{self.hash.hex()}"


class Written(NamedTuple):
    """What a commit makes lasting: how to see that it is in the file, what it is called, and what
    a person does to see it.
    """

    is_there: Callable[[], bool]
    name: str
    advice: str


# The index `batches_by_sharing` is of this condition.
_SHARING = (
    f"SELECT details FROM batches WHERE instr(details, '\"{SHARED}\":') ORDER BY batch DESC LIMIT 1"
)


class Ledger:
    """An open ledger file."""

    def __init__(
        self, path: Path, connection: sqlite3.Connection, settings: Settings, zone: tzinfo
    ) -> None:
        self.path = path
        self.connection = connection
        self.settings = settings
        # How many decimals a quantity keeps; an audit shows none where that is not known.
        self.decimals = settings.decimals if are_sound(settings) else 0
        self.zone = zone
        self._place = names.place_of(path)
        self._consequence = ""
        # What several appends have written so far that become lasting together; else None.
        self._together: list[Written] | None = None

    def head(self) -> Head:
        """Return where the log ends now."""
        row = self.connection.execute(
            "SELECT batch, recorded_at, hash,"
            # Only the snapshots at the end are walked over; a maximum would read all batches.
            " coalesce((SELECT last_position FROM batches WHERE last_position IS NOT NULL"
            " ORDER BY batch DESC LIMIT 1), 0)"
            " FROM batches ORDER BY batch DESC LIMIT 1"
        ).fetchone()
        if row is None:
            return Head(0, 0, self.settings.created_at, self.start())
        head = Head(row[3], row[0], row[1], row[2])
        if not all(map(isinstance, head, (int, int, str, bytes))):
            raise LedgerUnusable(
                f"the ledger is damaged: the header of batch {head.batch}, the last one, holds a "
                "value of a wrong type",
                "`inventory verify` says more",
            )
        return head

    def start(self) -> bytes:
        """Return the stored hash that the chain starts from."""
        (start,) = self.connection.execute("SELECT hash FROM ledger").fetchone()
        if not isinstance(start, bytes):
            raise LedgerUnusable(
                "the ledger is damaged: the hash of its settings is none",
                "`inventory verify` says more",
            )
        return start

    def sharing(self) -> Mapping[str, str]:
        """Return what the log says last about its being shared, as details; nothing if nothing."""
        row = self.connection.execute(_SHARING).fetchone()
        return unpack_details(row[0]) if row else {}

    def clock(self, machine: Clock) -> Clock:
        """Return the clock by which is recorded: that of this machine."""
        return machine

    @contextmanager
    def appending(self) -> Iterator[None]:
        """Hold the write lock to record a batch. It is rolled back unless it was committed.

        Every failure of the file comes out as LedgerUnusable and says that nothing was appended;
        so whoever commits makes sure of that before letting an error pass.
        """
        if self._together is not None:
            with self._one_of_several(self._together):
                yield
            return
        with self._recording("; nothing was appended"):
            yield

    @contextmanager
    def together(self) -> Iterator[None]:
        """Hold the write lock over several appends, and make all of them lasting at the end.

        One that fails is undone by itself, and the others stay; but when the file fails, or this
        ends with an exception, nothing of them all was appended.
        """
        with self._recording("; nothing was appended that was not answered"):
            self._together = []
            try:
                yield
                written = self._together
            finally:
                self._together = None
            if written:
                self.commit(_all_of(written))

    @contextmanager
    def _one_of_several(self, before: list[Written]) -> Iterator[None]:
        count = len(before)
        self.connection.execute("SAVEPOINT one")
        try:
            yield
        finally:
            # Where the file failed, SQLite may have undone everything already.
            if len(before) == count and self.connection.in_transaction:
                self.connection.execute("ROLLBACK TO one")
                self.connection.execute("RELEASE one")

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the write lock, as `appending` does, to change what is no part of the log."""
        with self._locked("; nothing was changed"):
            yield

    @contextmanager
    def _recording(self, consequence: str) -> Iterator[None]:
        """Hold the lock on the log. A log that is shared is not in this file alone."""
        with self._locked(consequence):
            if self.sharing().get(SHARED) in (BEGUN, STOPPED):
                raise LedgerUnusable(
                    f"the log of {self.path} is shared, and is not recorded into by this file "
                    f"alone{consequence}",
                    "`inventory status` says where it is",
                )
            yield

    @contextmanager
    def _locked(self, consequence: str) -> Iterator[None]:
        self._consequence = consequence
        try:
            begin_immediate(self.connection)
            if journal_mode(self.connection) != DURABLE:
                # Another program has switched it since it was opened.
                self.connection.rollback()
                make_durable(self.connection, self.path)
                begin_immediate(self.connection)
            yield
        except sqlite3.ProgrammingError:
            raise
        except sqlite3.Error as error:
            raise unusable(self.path, error, consequence) from error
        finally:
            # A connection that could not be opened again after a failure is closed.
            with suppress(sqlite3.ProgrammingError):
                self.connection.rollback()

    def inserting(self, batch: int, texts: Sequence[str]) -> None:
        """Hear the canonical texts of events of a batch that are inserted next, in order. A file
        does not need them.
        """

    def commit(self, written: Written) -> None:
        """Make lasting what was written under the lock.

        An error at COMMIT is ambiguous: it may be in the file or not. So the file is opened again
        and asked. Raises only where it is not there, or LedgerUnusable where that cannot be seen.
        Of several appends together, each is kept here until the last.
        """
        if self._together is not None:
            self.connection.execute("RELEASE one")
            self._together.append(written)
            return
        # SQLite looks only before its first write, and a large batch takes a while from there.
        self.check_place(self._consequence)
        names.require_one_name(self.path, self._consequence)
        try:
            self.connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            if primary_code(error) == sqlite3.SQLITE_BUSY:
                raise  # Unambiguous: the transaction is still open, and will be rolled back.
            if not self._is_there(written):
                raise

    def _is_there(self, written: Written) -> bool:
        try:
            self.check_place()
            self.connection.close()
            self.connection = connect(self.path)
            make_durable(self.connection, self.path)
            with self.reading():
                return written.is_there()
        except (sqlite3.Error, OSError, LedgerUnusable) as error:
            raise LedgerUnusable(
                f"{self.path} failed while {written.name} was written, and cannot be read now: "
                f"{written.name} may or may not be in it ({error})",
                f"when the file can be read again, {written.advice}",
            ) from error

    def check_place(self, consequence: str = "") -> None:
        """Raise LedgerUnusable when the file of this name is not the one that is open."""
        if names.place_of(self.path) != self._place:
            raise moved(self.path, consequence)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """See one consistent state. Keep it short: it holds up whoever wants to commit."""
        self.connection.execute("BEGIN")
        try:
            yield
        finally:
            self.connection.rollback()


@contextmanager
def open_ledger(
    path: Path,
    write: bool = False,
    audit: bool = False,
    outdated: bool = False,
    kind: Callable[[Path, sqlite3.Connection, Settings, tzinfo], Ledger] = Ledger,
) -> Iterator[Ledger]:
    """Open a ledger, and turn every failure of the file into LedgerUnusable.

    A reader gets the same connection as a writer, because only such a one can recover the file
    after a crash; where the file may only be read, SQLite opens it so. An audit opens even a
    ledger whose time zone or decimals are not known, and then shows UTC and smallest units. One
    with an older schema is opened only where it may be `outdated`: to be brought up to date. `kind`
    makes the ledger of the open file.
    """
    with sqlite_failures(path):
        names.refuse_left_wal(path)
        connection = connect(path)
        try:
            check_identity(connection, path, outdated)
            if write:
                names.require_one_name(path)
                make_durable(connection, path)
            else:
                connection.execute("PRAGMA query_only = ON")
            settings = read_settings(connection, path, audit)
            ledger = kind(path, connection, settings, zone_of(path, settings, audit))
        except BaseException as error:
            connection.close()
            if may_not_write(error) and names.is_in_wal_mode(path):
                raise LedgerUnusable(
                    f"{path} was left in WAL mode by another program; even to read it takes the "
                    f"right to write it and its folder ({error})",
                    "whatever records into it where it may be written sets it back",
                ) from error
            raise
        try:
            yield ledger
        except WRONG_TYPE as error:
            from inventory_cli.storage.integrity import wrong_cell

            if cell := wrong_cell(ledger.connection):
                raise LedgerUnusable(f"{path} is damaged: {cell}", DAMAGED) from error
            raise  # A mistake of this program, not of the file.
        finally:
            ledger.connection.close()


def _all_of(written: Sequence[Written]) -> Written:
    """Return what is in the file only if all of these are."""
    first, last = written[0], written[-1]
    if first is last:
        return first
    return Written(
        lambda: all(one.is_there() for one in written), f"{first.name} to {last.name}", last.advice
    )

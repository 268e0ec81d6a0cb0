"""Knows the file itself: how a ledger is made, opened, locked, and found to be unusable.

Must never know what events mean.
"""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import NamedTuple

from inventory_cli.core.dates import load_zone, utc_text
from inventory_cli.core.quantities import MOST_DECIMALS
from inventory_cli.errors import LedgerUnusable, WrongUsage
from inventory_cli.storage import schema
from inventory_cli.storage.failures import (
    DAMAGED,
    WRONG_TYPE,
    file_failures,
    moved,
    primary_code,
    sqlite_failures,
    unusable,
)
from inventory_cli.storage.new_file import new_file

# Tells the present moment. It is given, because only the outermost layer reads clocks.
Clock = Callable[[], datetime]
# How long an append waits for other writers before it gives up, in seconds.
BUSY_TIMEOUT = 30.0


class Settings(NamedTuple):
    """What is fixed when a ledger is made. The chain starts from it."""

    identity: str
    created_at: str
    decimals: int
    timezone: str
    negative: str


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


class Ledger:
    """An open ledger file."""

    def __init__(
        self, path: Path, connection: sqlite3.Connection, settings: Settings, zone: tzinfo
    ) -> None:
        self.path = path
        self.connection = connection
        self.settings = settings
        # How many decimals a quantity keeps; an audit shows none where that is not known.
        self.decimals = settings.decimals if _are_sound(settings) else 0
        self.zone = zone
        self._place = _place(path)

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

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the write lock. What was written is rolled back unless it was committed.

        Every failure of the file comes out as LedgerUnusable and says that nothing was appended;
        so whoever commits makes sure of that before letting an error pass.
        """
        try:
            _begin_immediate(self.connection)
            yield
        except sqlite3.ProgrammingError:
            raise
        except sqlite3.Error as error:
            raise unusable(self.path, error, "; nothing was appended") from error
        finally:
            # A connection that could not be opened again after a failure is closed.
            with suppress(sqlite3.ProgrammingError):
                self.connection.rollback()

    def commit(self) -> None:
        """Make lasting what was written under the lock."""
        # SQLite looks only before its first write, and a large batch takes a while from there.
        self.check_place("; nothing was appended")
        self.connection.execute("COMMIT")

    def check_place(self, consequence: str = "") -> None:
        """Raise LedgerUnusable when the file of this name is not the one that is open."""
        if _place(self.path) != self._place:
            raise moved(self.path, consequence)

    def reopen(self) -> None:
        """Open the file anew for writing, after an error that leaves its state in doubt."""
        self.connection.close()
        self.connection = connect(self.path)
        self._place = _place(self.path)
        make_durable(self.connection)

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
    path: Path, write: bool = False, audit: bool = False, outdated: bool = False
) -> Iterator[Ledger]:
    """Open a ledger, and turn every failure of the file into LedgerUnusable.

    A reader gets the same connection as a writer, because only such a one can recover the file
    after a crash; where the file may only be read, SQLite opens it so. An audit opens even a
    ledger whose time zone or decimals are not known, and then shows UTC and smallest units. One
    with an older schema is opened only where it may be `outdated`: to be brought up to date.
    """
    with sqlite_failures(path):
        connection = connect(path)
        try:
            _check_identity(connection, path, outdated)
            if write:
                make_durable(connection)
            else:
                connection.execute("PRAGMA query_only = ON")
            settings = _settings(connection, path, audit)
            ledger = Ledger(path, connection, settings, _zone(path, settings, audit))
        except BaseException:
            connection.close()
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


def create_ledger(
    path: Path, now: datetime, decimals: int, timezone: str, negative: str
) -> Settings:
    """Make a new ledger. It appears under its name only when it is whole.

    Raises NotFree when there is a file of that name already.
    """
    import uuid

    from inventory_cli.storage.chain import genesis

    load_zone(timezone)
    settings = Settings(str(uuid.uuid4()), utc_text(now), decimals, timezone, negative)
    with new_ledger(path) as connection:
        connection.execute(
            "INSERT INTO ledger VALUES (1, ?, ?, ?, ?, ?, ?)", (*settings, genesis(settings))
        )
    return settings


@contextmanager
def new_ledger(path: Path) -> Iterator[sqlite3.Connection]:
    """Give an empty ledger under a temporary name; give it its own name when all went well."""
    with (
        new_file(path, "choose another file with --ledger FILE") as unfinished,
        closing(sqlite3.connect(unfinished, isolation_level=None)) as connection,
    ):
        make_durable(connection)
        schema.migrate(connection)
        yield connection


def _place(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from another one that gets its name, or None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def connect(path: Path, mode: str = "rw", any_thread: bool = False) -> sqlite3.Connection:
    """Connect to a file that exists; `mode` is SQLite's, `any_thread` lets others use it too."""
    with file_failures(path):
        if not path.exists():
            raise LedgerUnusable(
                f"there is no ledger at {path}",
                "make one with `inventory init`, or name another with --ledger FILE",
            )
        if path.is_dir():
            raise LedgerUnusable(f"{path} is a folder, not a ledger")
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=BUSY_TIMEOUT,
        isolation_level=None,
        check_same_thread=not any_thread,
    )


def _check_identity(connection: sqlite3.Connection, path: Path, outdated: bool) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    version = schema.version(connection)
    if application != schema.APPLICATION_ID:
        raise LedgerUnusable(
            f"{path} is not an inventory ledger", "name the ledger with --ledger FILE"
        )
    if version < 1:
        raise LedgerUnusable(f"{path} is damaged: it says that its schema is version {version}")
    if version > schema.SCHEMA_VERSION:
        raise LedgerUnusable(
            f"{path} was written by a newer inventory (schema {version}; "
            f"this one knows up to {schema.SCHEMA_VERSION})",
            "upgrade with `pip install --upgrade inventory-cli`",
        )
    if version < schema.SCHEMA_VERSION and not outdated:
        raise LedgerUnusable(
            f"{path} was written by an older inventory (schema {version}; this one writes "
            f"{schema.SCHEMA_VERSION})",
            "`inventory migrate` brings it up to date, after making a copy",
        )


def _zone(path: Path, settings: Settings, audit: bool) -> tzinfo:
    if audit and not _are_sound(settings):
        return UTC
    try:
        return load_zone(settings.timezone)
    except WrongUsage as error:
        if audit:
            return UTC
        raise LedgerUnusable(f"{path} cannot be used: its {error.message}", error.hint) from None


def _settings(connection: sqlite3.Connection, path: Path, audit: bool) -> Settings:
    row = connection.execute(
        "SELECT identity, created_at, decimals, timezone, negative FROM ledger"
    ).fetchone()
    if row is None:
        raise LedgerUnusable(f"{path} is damaged: its settings are missing")
    settings = Settings(*row)
    if not audit and not _are_sound(settings):
        raise LedgerUnusable(f"{path} is damaged: its settings were altered", DAMAGED)
    return settings


def _are_sound(settings: Settings) -> bool:
    types = all(map(isinstance, settings, (str, str, int, str, str)))
    return types and 0 <= settings.decimals <= MOST_DECIMALS


def make_durable(connection: sqlite3.Connection) -> None:
    """Set what the promise of durability rests on, and read it back: SQLite may decline."""
    connection.execute("PRAGMA synchronous = EXTRA")
    connection.execute("PRAGMA recursive_triggers = ON")
    mode = connection.execute("PRAGMA journal_mode = DELETE").fetchone()[0]
    level = connection.execute("PRAGMA synchronous").fetchone()[0]
    if (mode, level) != ("delete", 3):
        raise LedgerUnusable(
            f"SQLite would not write durably: journal_mode {mode}, synchronous {level}"
        )
    # 4 MB: a large import is no faster with more, and takes several times what it is given.
    connection.execute("PRAGMA cache_size = -4096")


def _begin_immediate(connection: sqlite3.Connection) -> None:
    """Take the write lock. SQLite's own waiting backs off, so a newcomer overtakes whoever has
    waited long; trying again after short random pauses gives every waiter the same chance.
    """
    deadline = time.monotonic() + BUSY_TIMEOUT
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if primary_code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
            # Between 1 and 10 milliseconds; the `random` module costs more to import.
            time.sleep(0.001 + os.urandom(1)[0] * 0.009 / 255)
    finally:
        connection.execute(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT * 1000)}")

"""Knows a connection to PostgreSQL: how long anything may take, and what each failure means.

Must never know what is asked over it.
"""

import socket
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from inventory_cli.errors import WrongUsage
from inventory_cli.shared.failures import ServerUnusable

# The version of what log.sql makes.
SCHEMA_VERSION = 1

# How long, in seconds, a machine waits: to be connected, for the ledger while others hold it, and
# for any answer at all. And how long a machine may hold the ledger without a word: shorter than
# others wait, so that one that died meanwhile makes nobody fail.
CONNECT_WITHIN = 10
LOCK_WITHIN = 30
IDLE_WITHIN = 20
ANSWER_WITHIN = 45.0

# How many rows of a stream come at a time, where libpq knows how: more take longer, each.
_STREAMED = 1_000

# What COMMIT says when it was told not to wait for the standby: that is no acknowledgement.
_NOT_CONFIRMED = "01000"
# What a connection that broke says, if anything: of what was asked, nobody knows then.
_LOST = ("08", "57")

# What libpq takes in a URL, and what must not be kept.
_SECRETS = ("password", "sslpassword", "oauth_client_secret")

Row = tuple[Any, ...]


def check_url(url: str) -> str:
    """Return a URL. Raises WrongUsage where it is none, or holds a password: it will be kept."""
    try:
        given = conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        raise WrongUsage(
            f"{url!r} names no database ({str(error).strip()})",
            "as in postgresql://till@db.example.com/stock",
        ) from None
    if not given.keys().isdisjoint(_SECRETS):
        raise WrongUsage(
            "a password does not belong into the URL, which is kept beside the ledger",
            "keep it where libpq looks: a line in ~/.pgpass, or $PGPASSFILE; or a service file",
        )
    return url


class NoAnswer(psycopg.OperationalError):
    """The database, or the way to it, was silent for too long."""


class _Connection(psycopg.Connection[Row]):
    """A connection on which no answer is waited for without end: behind a network that hangs the
    system may never notice.
    """

    answer_within: float | None = None

    def wait(self, gen: Generator[Any, Any, Any], *args: Any, **extra: Any) -> Any:
        limit = self.answer_within
        return super().wait(gen if limit is None else _within(gen, limit), *args, **extra)


def _within(gen: Generator[Any, Any, Any], seconds: float) -> Generator[Any, Any, Any]:
    """Pass on what waits for a connection, and give up after some time."""
    deadline = time.monotonic() + seconds
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if not ready and time.monotonic() > deadline:
                raise NoAnswer(f"it gave no answer within {seconds:.0f} seconds")
            wanted = gen.send(ready)
    except StopIteration as end:
        return end.value


class Server:
    """A database, connected to when it is needed."""

    def __init__(self, url: str, needs_schema: bool = True) -> None:
        self.url = check_url(url)
        given = conninfo_to_dict(url)
        where = given.get("host") or given.get("hostaddr") or given.get("service") or "this machine"
        self.place = f"the database {given.get('dbname', '')!s} at {where}".replace("  ", " ")
        # Whether a COMMIT since this was last set to False was not confirmed by a standby.
        self.unconfirmed = False
        self._needs_schema = needs_schema
        self._connection: _Connection | None = None
        # The server's clock when it was last asked, and when that was.
        self._told: tuple[datetime, float] | None = None

    @property
    def connection(self) -> psycopg.Connection[Row]:
        """The connection, made now if there is none. Raises ServerUnusable."""
        if self._connection is None or self._connection.closed:
            with self.failures():
                self._connection = self._connect()
                self._connection.add_notice_handler(self._hear)
                self._look()
        assert self._connection is not None
        return self._connection

    def _connect(self) -> _Connection:
        given = conninfo_to_dict(self.url)
        options = (
            f"-c lock_timeout={LOCK_WITHIN}s -c idle_in_transaction_session_timeout={IDLE_WITHIN}s"
            # A long log comes by one statement, and who takes it over asks nothing meanwhile.
            " -c statement_timeout=0 -c idle_session_timeout=0"
            # A role may have been told to show moments in another way.
            " -c DateStyle=ISO"
            " -c synchronous_commit=on -c default_transaction_isolation=read\\ committed"
            f" {given.pop('options', '')}"
        )
        parameters: dict[str, Any] = {
            "connect_timeout": CONNECT_WITHIN,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 30_000,
            "application_name": "inventory",
            **given,
            "client_encoding": "UTF8",
            "options": options.strip(),
        }
        # Statements are seldom the same twice: nothing is gained by preparing them.
        made = _Connection.connect(autocommit=True, prepare_threshold=None, **parameters)
        made.answer_within = ANSWER_WITHIN
        return made

    def _look(self) -> None:
        """See that this is a database of ledgers, and what time it is there."""
        assert self._connection is not None
        before = time.monotonic()
        ((moment,),) = self._connection.execute("SELECT clock_timestamp()").fetchall()
        self._told = moment, (before + time.monotonic()) / 2
        if self._needs_schema:
            self.check_schema()

    def check_schema(self) -> None:
        """Raise ServerUnusable where the schema of the shared log is not the one that this program
        knows.
        """
        ((version,),) = self.ask("SELECT max(version) FROM inventory.schema_version")
        if version != SCHEMA_VERSION:
            self.close()
            older = version is None or version < SCHEMA_VERSION
            raise ServerUnusable(
                f"{self.place} has schema {version} of the shared log; this inventory knows "
                f"{SCHEMA_VERSION}",
                "let its owner bring it up to date"
                if older
                else "upgrade with `pip install --upgrade inventory-cli`",
            )

    def now(self) -> datetime:
        """Return the time of the server, as far as is known without asking it again."""
        _ = self.connection
        assert self._told is not None
        moment, told = self._told
        return (moment + timedelta(seconds=time.monotonic() - told)).astimezone(UTC)

    def ask(self, query: str, values: Sequence[object] = ()) -> list[Row]:
        """Return the rows of a query. Raises ServerUnusable."""
        with self.failures():
            # Binary is read faster than text, which matters where a whole log is.
            return self.connection.execute(query, values, binary=True).fetchall()

    def stream(self, query: str, values: Sequence[object]) -> Iterator[Row]:
        """Give the rows of a query as they come; nothing else can be asked until the last. Raises
        ServerUnusable.
        """
        size = _STREAMED if psycopg.capabilities.has_stream_chunked() else 1
        with self.failures():
            cursor = self.connection.cursor()
            yield from cursor.stream(query, values, binary=True, size=size)

    def begin(self, query: str, values: Sequence[object]) -> Row:
        """Begin a transaction by a query of one row, in one round trip. A connection that was lost
        while nothing was done on it is made anew.
        """
        is_new = self._connection is None or self._connection.closed
        with self.failures():
            try:
                return self._begin(query, values)
            except psycopg.OperationalError as error:
                if is_new or not is_lost(error) or isinstance(error, NoAnswer):
                    raise
                self.close()
                return self._begin(query, values)

    def _begin(self, query: str, values: Sequence[object]) -> Row:
        cursor = psycopg.ClientCursor(self.connection)
        cursor.execute(f"BEGIN; {query}", values)
        cursor.nextset()
        row: Row | None = cursor.fetchone()
        assert row is not None
        return row

    def run(self, statements: str, values: Sequence[object] = ()) -> None:
        """Run statements in one round trip, on the open connection. Raises psycopg.Error."""
        psycopg.ClientCursor(self._open()).execute(statements, values)

    def run_one(self, statement: str, values: Sequence[object]) -> None:
        """Run a statement on the open connection, with large values: they go beside it, so that the
        server does not read them as SQL. Raises psycopg.Error.
        """
        self._open().execute(statement, values)

    def _open(self) -> _Connection:
        if self._connection is None or self._connection.closed:
            raise psycopg.OperationalError("the connection was lost")
        return self._connection

    def is_between(self) -> bool:
        """Tell whether no transaction is open: the last one was committed, or could not be."""
        idle = psycopg.pq.TransactionStatus.IDLE
        return self._connection is not None and self._connection.info.transaction_status == idle

    @contextmanager
    def patience(self) -> Iterator[None]:
        """Wait for answers without end: what is asked takes as long as a ledger is large."""
        _ = self.connection
        assert self._connection is not None
        within, self._connection.answer_within = self._connection.answer_within, None
        try:
            yield
        finally:
            self._connection.answer_within = within

    def listen(self, channel: str) -> None:
        """Hear when something is called on a channel, from now on. Raises ServerUnusable."""
        with self.failures():
            self.connection.execute(f"LISTEN {channel}")

    def wait_for_call(self, seconds: float) -> None:
        """Return when something was called, or after so many seconds. Raises ServerUnusable."""
        with self.failures():
            for _ in self.connection.notifies(timeout=seconds, stop_after=1):
                pass

    def rollback(self) -> None:
        """Give up what is held, if anything, whatever became of the connection."""
        if self._connection is not None and not self._connection.closed:
            with suppress(psycopg.Error):
                self._connection.rollback()

    def cut(self) -> None:
        """Break the connection, if there is one: an answer that another thread waits for never
        comes.
        """
        if self._connection is not None and not self._connection.closed:
            with (
                suppress(OSError, psycopg.Error),
                socket.fromfd(self._connection.fileno(), socket.AF_INET, socket.SOCK_STREAM) as way,
            ):
                way.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is not None:
            with suppress(psycopg.Error):
                self._connection.close()

    @contextmanager
    def failures(self) -> Iterator[None]:
        """Turn what the database, or the way to it, says into ServerUnusable."""
        try:
            yield
        except psycopg.Error as error:
            if is_lost(error):
                self.close()  # What was asked may be answered later, to another question.
            raise self.failure(error) from error

    def failure(self, error: psycopg.Error) -> ServerUnusable:
        """Return the failure that an error of the database stands for."""
        said = error.diag.message_primary or str(error) or type(error).__name__
        text = " ".join(said.split())
        what, hint = _ADVICE.get(error.sqlstate or "", ("failed", None))
        if error.sqlstate is None or error.sqlstate[:2] in _LOST:
            what, hint = "cannot be reached", _advice_of(text)
        found = ServerUnusable(f"{self.place} {what} ({text})", hint)
        found.sqlstate, found.detail = error.sqlstate, error.diag.message_detail or ""
        found.is_lost = is_lost(error)
        return found

    def _hear(self, said: psycopg.errors.Diagnostic) -> None:
        if said.sqlstate == _NOT_CONFIRMED:
            self.unconfirmed = True


def is_lost(error: psycopg.Error) -> bool:
    """Tell whether an error says that the connection broke, or was given up."""
    return error.sqlstate is None or error.sqlstate[:2] in _LOST


def _advice_of(text: str) -> str:
    """Return what to do where there is no connection, by what libpq says of it."""
    if "password" in text or "authentication" in text:
        return "the password comes from ~/.pgpass, $PGPASSFILE or a service file; see who you are"
    if "SSL" in text or "encryption" in text:
        return "see `sslmode` and `sslrootcert` in the URL, and what the server asks for"
    if "does not exist" in text:
        return "see the URL: `inventory sync --url URL` sets another"
    return "see that the server runs and is reached; questions are answered from the file meanwhile"


_ADVICE = {
    "3F000": ("holds no shared ledgers", "see the URL, or `inventory share URL` puts one there"),
    "42P01": ("holds no shared ledgers", "see the URL, or `inventory share URL` puts one there"),
    "42501": (
        "does not permit that",
        "who owns the tables may; `inventory share --sql` shows the rights that others need",
    ),
    "42704": ("does not know that", "see the URL"),
    "55P03": (
        "gave this ledger to others all the time that this command waited",
        "try again; if it stays so, look in pg_stat_activity who holds it",
    ),
    "25006": ("is a standby, which takes no writes", "name the primary in the URL"),
    "55000": ("is a standby, which takes no writes", "name the primary in the URL"),
    "53100": ("is full", "free some space there, and try again"),
    "53300": ("has too many connections", "try again"),
    "22P05": ("cannot hold a NUL, which is in a text", "leave it out"),
    "IV004": (
        "does not hold this ledger, or not for this role",
        "see the URL: `inventory sync --url URL` sets another",
    ),
    "IV006": (
        "takes no batch of another time than its own",
        "where it was put back, `inventory sync --replay` needs the role that owns it in the URL",
    ),
    "IV009": ("takes no more of this ledger: it has ended", "`inventory sync` says how"),
}

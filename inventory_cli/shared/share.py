"""Knows how a whole log is put into a database, which proves it, and how sharing ends again.

The file says first that it is shared, and then the database commits: whoever is killed between has
a file that records nothing until it is shared once more, and never a log that goes on in two
places.
Must never decide whether a ledger may be shared.
"""

import socket
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import psycopg

from inventory_cli.core.dates import utc_text
from inventory_cli.core.events import ALONE, BEGUN, GOES_ON_IN, SHARED, STOPPED
from inventory_cli.errors import LedgerUnusable
from inventory_cli.shared.beside import Beside, beside_path, new_machine, read_beside, write_beside
from inventory_cli.shared.failures import ServerUnusable
from inventory_cli.shared.ledger import SharedLedger
from inventory_cli.shared.server import Server
from inventory_cli.shared.sql_files import roles_sql, schema_sql
from inventory_cli.storage.batches import (
    BATCH_COLUMNS,
    INSERT_BATCH,
    Origin,
    close_batch,
    statement,
)
from inventory_cli.storage.carried_ids import CarriedId
from inventory_cli.storage.chain import link_batch
from inventory_cli.storage.ledger_file import Head, Ledger, Written
from inventory_cli.storage.log import EVENT_COLUMNS
from inventory_cli.storage.snapshots import Line, Snapshot

# The tables of a ledger in the order of writing: the columns of the file, and their types there.
_TABLES = {
    "carried_ids": (", ".join(CarriedId._fields), "text int8 int8 text int8 text int8"),
    "events": (
        f"{EVENT_COLUMNS}, hash",
        "int8 int8 text text text int8 text int8 text text text text int8 text bytea",
    ),
    "batches": (
        f"{BATCH_COLUMNS}, hash",
        "int8 text text text text text int8 int8 text text bytea",
    ),
    "snapshots": (", ".join(Snapshot._fields), "int8 int8 text text int8 int8 int8"),
    "snapshot_lines": (
        ", ".join(("snapshot", *Line._fields)),
        "int8 text text int8 text text text",
    ),
}
_ROLE = "inventory_app"


def share(
    ledger: Ledger, url: str, name: str | None, origin: Origin, check: Callable[[], None]
) -> bool:
    """Put the log of a ledger into a database, under a name if it is to have one; return whether
    the role of the machines has its rights there. `check` is called under the lock, and may refuse.

    Raises LedgerUnusable where that cannot be; then nothing was changed, unless it says so.
    """
    server = Server(url, needs_schema=False)
    try:
        connection = server.connection
        with ledger.writing():
            check()
            _refuse_nul(ledger, server)
            with server.failures():
                connection.execute("BEGIN")
                _make_schema(server)
                link = _say(ledger, server, origin)
                _fill(ledger, server, name)
                timeline = _close(ledger, server)
                has_rights = _has_role(server)
            write_beside(ledger.path, Beside(url, _machine(ledger), timeline))
            _make_lasting(ledger, link)
            _commit(ledger, server)
        _tidy(server)
    finally:
        server.rollback()
        server.close()
    return has_rights


def _refuse_nul(ledger: Ledger, server: Server) -> None:
    """Raise LedgerUnusable, with the place, where a text holds what PostgreSQL cannot hold."""
    for table, (columns, types) in _TABLES.items():
        key, *_ = names = columns.split(", ")
        for column, kind in zip(names, types.split(), strict=True):
            if kind != "text":
                continue
            query = f"SELECT {key} FROM {table} WHERE instr({column}, char(0)) LIMIT 1"
            if row := ledger.connection.execute(query).fetchone():
                raise LedgerUnusable(
                    f"the {column} of {_WORDS[table]} {row[0]} holds a NUL, which {server.place} "
                    "cannot hold; nothing was sent",
                    "what is recorded stays: begin a new ledger by `inventory rollover`, and share "
                    "that",
                )


_WORDS = {
    "carried_ids": "the carried id",
    "events": "event",
    "batches": "batch",
    "snapshots": "snapshot",
    "snapshot_lines": "a line of snapshot",
}


def _make_schema(server: Server) -> None:
    run = server.connection.execute
    (encoding, version, there) = run(
        "SELECT current_setting('server_encoding'), current_setting('server_version_num')::int,"
        " to_regnamespace('inventory') IS NOT NULL"
    ).fetchall()[0]
    if encoding != "UTF8":
        raise LedgerUnusable(
            f"{server.place} is encoded in {encoding}, which cannot hold every text",
            "make another: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0",
        )
    if version < 150_000:
        raise LedgerUnusable(
            f"{server.place} is of PostgreSQL {version // 10_000}; 15 or later is needed",
            "see the URL, or upgrade the server",
        )
    if there:
        server.check_schema()
    else:
        run(schema_sql())
        if _has_role(server):
            grants = [line for line in roles_sql().splitlines() if line.startswith("GRANT")]
            run("\n".join(grants))


def _has_role(server: Server) -> bool:
    query = "SELECT 1 FROM pg_roles WHERE rolname = %s"
    return bool(server.connection.execute(query, (_ROLE,)).fetchall())


def _say(ledger: Ledger, server: Server, origin: Origin) -> bytes:
    """Write the batch that says that the log is shared, unless it does already; return the head's
    hash.
    """
    head = ledger.head()
    if ledger.sharing().get(SHARED) == BEGUN:
        return head.hash
    now = max(utc_text(server.now()), head.recorded_at)
    header = statement(head, origin, now, {SHARED: BEGUN})
    link = link_batch(head.hash, header)
    ledger.connection.execute(INSERT_BATCH, (*header, link))
    return link


def _fill(ledger: Ledger, server: Server, name: str | None) -> None:
    of = ledger.settings
    try:
        server.connection.execute(
            "INSERT INTO inventory.ledgers VALUES (%s, %s, %s, %s, %s, %s, %s)",
            (of.identity, name, *of[1:], ledger.start()),
        )
    except psycopg.errors.UniqueViolation as error:
        if error.diag.constraint_name == "ledgers_pkey":
            raise LedgerUnusable(
                f"{server.place} holds this ledger already",
                "`inventory sync --url URL` makes this file a replica of it",
            ) from None
        raise _name_taken(server, name) from None
    identity = uuid.UUID(of.identity)
    for table, (columns, types) in _TABLES.items():
        rows: Iterator[Any] = ledger.connection.execute(f"SELECT {columns} FROM {table}")
        target = f"COPY inventory.{table} FROM STDIN (FORMAT binary)"
        with server.connection.cursor().copy(target) as copy:
            copy.set_types(["uuid", *types.split()])
            for row in rows:
                copy.write_row((identity, *row))


def require_may_share(server: Server, name: str | None) -> None:
    """Raise LedgerUnusable where another log cannot be put into a database: the role has no right
    to that, or the name is taken.
    """
    query = "SELECT 1 FROM inventory.ledgers WHERE name = %s"
    if server.ask(query, (name,)):
        raise _name_taken(server, name)
    with server.failures():
        # As `share` begins; what has no rows inserts none, and needs the right to all the same.
        server.connection.execute(
            "INSERT INTO inventory.ledgers SELECT * FROM inventory.ledgers WHERE false"
        )


def _name_taken(server: Server, name: str | None) -> LedgerUnusable:
    return LedgerUnusable(
        f"{server.place} holds another ledger of the name {name!r}", "give another with --name NAME"
    )


def _close(ledger: Ledger, server: Server) -> str:
    """Have the database prove the whole chain, and only then take it; return its timeline."""
    head, of = ledger.head(), ledger.settings.identity
    query = "SELECT coalesce(max(snapshot), 0) FROM snapshots"
    (snapshot,) = ledger.connection.execute(query).fetchone()
    with server.patience():
        server.connection.execute("SELECT inventory.prove(%s)", (of,))
    ((timeline,),) = server.connection.execute(
        "INSERT INTO inventory.heads SELECT %s, %s, %s, %s, %s, %s, inventory.timeline()"
        " RETURNING timeline",
        (of, head.batch, head.position, head.recorded_at, snapshot, head.hash),
    ).fetchall()
    return str(timeline)


def _machine(ledger: Ledger) -> str:
    beside = read_beside(ledger.path)
    return beside.machine if beside else new_machine()


def _make_lasting(ledger: Ledger, link: bytes) -> None:
    ledger.commit(
        Written(lambda: ledger.head().hash == link, "that it is shared", "share it once more")
    )


def _commit(ledger: Ledger, server: Server) -> None:
    try:
        with server.failures():
            server.run("COMMIT")
    except ServerUnusable as error:
        server.close()
        query = "SELECT hash FROM inventory.heads WHERE ledger = %s"
        try:
            if server.ask(query, (ledger.settings.identity,)) == [(ledger.head().hash,)]:
                return
        except ServerUnusable:
            pass
        raise LedgerUnusable(
            f"{error.message}; the log of {ledger.path} says that it is shared, and the database "
            "may not hold it",
            "`inventory share URL` once more; nothing is recorded until that is done",
        ) from error


def _tidy(server: Server) -> None:
    """Have the database do at once what it does by itself some time after so many rows came: until
    then whoever reads them does it, and takes a tenth longer.
    """
    with suppress(ServerUnusable), server.failures(), server.patience():
        server.run("VACUUM (ANALYZE, SKIP_LOCKED) inventory.events")


def stop(ledger: Ledger, origin: Origin) -> Head:
    """Record the last batch of a shared log, which names this file as the one that goes on; the
    database takes no more. Return the head. `finish_stop` completes it.
    """
    assert isinstance(ledger, SharedLedger)
    details = {GOES_ON_IN: _where(ledger), _MACHINE: ledger.beside.machine, SHARED: STOPPED}
    with ledger.appending():
        head = ledger.head()
        _record(ledger, origin, utc_text(ledger.clock(_never)()), details)
    return head


_MACHINE = "machine"


def _where(ledger: Ledger) -> str:
    return f"{ledger.path.absolute()} on {socket.gethostname()}"


def goes_on_here(ledger: Ledger) -> bool:
    """Tell whether sharing was stopped for this file to go on, and not for a copy of it."""
    beside = read_beside(ledger.path)
    named = {GOES_ON_IN: _where(ledger), _MACHINE: beside and beside.machine, SHARED: STOPPED}
    return ledger.sharing() == named


def finish_stop(ledger: Ledger, origin: Origin, now: str) -> Head:
    """Record into a file that it goes on alone, and forget the database; return the head."""
    with ledger.writing():
        _record(ledger, origin, max(now, ledger.head().recorded_at), {SHARED: ALONE})
    beside_path(ledger.path).unlink(missing_ok=True)
    return ledger.head()


def _record(ledger: Ledger, origin: Origin, now: str, details: dict[str, str]) -> None:
    head = ledger.head()
    close_batch(ledger, statement(head, origin, now, details), head.hash)


def _never() -> Any:
    raise AssertionError("a shared ledger has the server's clock")

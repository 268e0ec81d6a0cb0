"""Knows the tables, the guards and how an older file becomes a newer one, written out as SQL.

Must never know what the rows mean.
"""

import sqlite3
from contextlib import closing, contextmanager
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from inventory_cli.storage.guards import GUARDS
from inventory_cli.storage.links_and_views import LINKS, OFFSETS, VIEWS
from inventory_cli.storage.schema_3 import DETAILS_AND_IDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlite_utils import Database, Migrations

# "IvLg": tells an inventory ledger from any other SQLite file.
APPLICATION_ID = 0x49764C67
# Under what name sqlite-utils keeps its record of the steps that a file has had.
_MIGRATION_SET = "inventory"

_TABLES = """
CREATE TABLE ledger (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    identity TEXT NOT NULL,
    created_at TEXT NOT NULL,
    decimals INTEGER NOT NULL CHECK (decimals BETWEEN 0 AND 9),
    timezone TEXT NOT NULL,
    negative TEXT NOT NULL CHECK (negative IN ('refuse', 'allow')),
    hash BLOB NOT NULL
) STRICT;

CREATE TABLE batches (
    batch INTEGER PRIMARY KEY,
    recorded_at TEXT NOT NULL,
    actor TEXT NOT NULL,
    command TEXT NOT NULL,
    source TEXT,
    source_sha256 TEXT,
    first_position INTEGER,
    last_position INTEGER,
    lines_sha256 TEXT,
    hash BLOB NOT NULL
) STRICT;

CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    batch INTEGER NOT NULL,
    sku TEXT NOT NULL,
    location TEXT NOT NULL,
    kind TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    effective_at TEXT NOT NULL,
    date_only INTEGER NOT NULL,
    reason TEXT,
    reference TEXT,
    unit_cost TEXT,
    id TEXT,
    reverses INTEGER,
    details TEXT,
    hash BLOB NOT NULL
) STRICT;

CREATE INDEX events_by_stream ON events (sku, location, effective_at);
CREATE INDEX events_by_id ON events (id) WHERE id IS NOT NULL;
CREATE UNIQUE INDEX events_by_reversal ON events (reverses) WHERE reverses IS NOT NULL;
CREATE INDEX batches_by_source ON batches (source_sha256) WHERE source_sha256 IS NOT NULL;

CREATE TABLE snapshots (
    snapshot INTEGER PRIMARY KEY,
    batch INTEGER NOT NULL UNIQUE,
    name TEXT UNIQUE,
    as_of TEXT NOT NULL,
    position INTEGER NOT NULL
) STRICT;

CREATE TABLE snapshot_lines (
    snapshot INTEGER NOT NULL,
    sku TEXT NOT NULL,
    location TEXT NOT NULL,
    on_hand INTEGER NOT NULL,
    last_incoming TEXT,
    last_outgoing TEXT,
    last_counted TEXT,
    PRIMARY KEY (snapshot, sku, location)
) STRICT, WITHOUT ROWID;
"""

_PROJECTION = """
CREATE TABLE stock (
    sku TEXT NOT NULL,
    location TEXT NOT NULL,
    on_hand INTEGER NOT NULL,
    last_incoming TEXT,
    last_outgoing TEXT,
    last_counted TEXT,
    last_effective TEXT NOT NULL,
    PRIMARY KEY (sku, location)
) STRICT, WITHOUT ROWID;
"""

_VIEW = """
CREATE VIEW event_log AS
SELECT events.position, events.batch, batches.recorded_at, events.effective_at, events.kind,
       events.sku, events.location,
       CASE ledger.decimals WHEN 0 THEN events.quantity
            ELSE printf('%s%d.%0' || ledger.decimals || 'd',
                        CASE WHEN events.quantity < 0 THEN '-' ELSE '' END,
                        abs(events.quantity) / scale.unit, abs(events.quantity) % scale.unit)
       END AS quantity,
       events.reason, events.reference, events.unit_cost, events.id, events.reverses,
       events.details, batches.actor, batches.command, batches.source,
       lower(hex(events.hash)) AS hash
FROM events
JOIN batches ON batches.batch = events.batch
CROSS JOIN ledger
CROSS JOIN (SELECT CAST(substr('1000000000', 1, 1 + decimals) AS INTEGER) AS unit FROM ledger)
           AS scale;
"""


def statements(script: str) -> list[str]:
    """Return the statements of a script one by one: unlike `executescript` they can be run
    inside a transaction that is already open.
    """
    parts: list[str] = []
    text = ""
    for line in script.strip().splitlines(keepends=True):
        text += line
        if sqlite3.complete_statement(text):
            parts.append(text.strip())
            text = ""
    return parts


def run(connection: sqlite3.Connection, script: str) -> None:
    """Run a script inside the transaction that is open."""
    for statement in statements(script):
        connection.execute(statement)


_PERIODS = """
ALTER TABLE snapshots ADD COLUMN whole_to INTEGER;
ALTER TABLE snapshots ADD COLUMN closes INTEGER CHECK (closes IN (0, 1));
"""

# The tables that hold no part of the log.
_DERIVED = ("stock", "zone_offsets")

# Every step from an empty file to the present schema, by name. A step that was ever shipped is
# never changed; the version of a file is how many it has had.
STEPS = {
    "create_ledger": _TABLES + _PROJECTION + _VIEW + "".join(GUARDS.values()),
    "close_periods": _PERIODS,
    "describe_batches": DETAILS_AND_IDS + LINKS + OFFSETS + VIEWS,
}
SCHEMA_VERSION = len(STEPS)


def _migrations() -> "Migrations":
    from sqlite_utils import Migrations

    migrations = Migrations(_MIGRATION_SET)

    def step(number: int, script: str) -> "Callable[[Database], None]":
        def apply(db: "Database") -> None:
            run(db.conn, script)
            db.conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            db.conn.execute(f"PRAGMA user_version = {number}")

        return apply

    for number, (name, script) in enumerate(STEPS.items(), start=1):
        migrations(name=name)(step(number, script))
    return migrations


def version(connection: sqlite3.Connection) -> int:
    """Return how many of the steps a file has had."""
    (number,) = connection.execute("PRAGMA user_version").fetchone()
    return int(number)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a file to the current schema, inside the transaction that is open; without one, each
    step has a transaction of its own.
    """
    from sqlite_utils import Database

    _migrations().apply(Database(connection, execute_plugins=False))


Objects = dict[tuple[str, str], str]


def objects(connection: sqlite3.Connection) -> Objects:
    """Return every table, index, trigger and view that a file declares: (type, name) → its SQL.

    What SQLite itself keeps, statistics and the indexes of keys, is left out, and so is the record
    of migrations, whose form is not ours. Only an index that SQLite made itself has no SQL.
    """
    rows = connection.execute(
        "SELECT type, name, sql FROM sqlite_schema WHERE NOT ("
        "type = 'table' AND name IN ('sqlite_sequence', 'sqlite_stat1', 'sqlite_stat4')"
        " OR type = 'index' AND sql IS NULL"
        " OR type IN ('table', 'index') AND tbl_name = '_sqlite_migrations')"
    )
    return {(kind, name): sql for kind, name, sql in rows.fetchall()}


@contextmanager
def _new() -> "Iterator[sqlite3.Connection]":
    """Give an empty ledger in memory, as this program makes it."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        for script in STEPS.values():
            run(connection, script)
        yield connection


def expected_objects() -> Objects:
    """Return what `objects` gives for a file as this program makes it."""
    with _new() as connection:
        return objects(connection)


# What `digest_of` gives for `expected_objects`; to make those takes longer than to open a file.
_AS_MADE = "6ae4c389c9f2f4a8fd954d69230291a7142b4189365e77b20fa1012417071801"


def is_as_made(found: Objects) -> bool:
    """Tell whether all objects of a file are known to be those that this program makes."""
    return digest_of(found) == _AS_MADE


def digest_of(found: Objects) -> str:
    """Return the SHA-256 of the objects of a file, in hexadecimal."""
    # Whoever does not compare need not wait for OpenSSL to be loaded.
    from hashlib import sha256

    # After tampering they may be of any type.
    return sha256(repr(sorted(map(repr, found.items()))).encode()).hexdigest()


def _expected_beside(found: Objects) -> Objects:
    """Return what is expected, but for guards and indexes of a part of the log that is missing."""
    expected = expected_objects()
    lost = {name for kind, name in expected.keys() - found.keys() if kind == "table"} - {*_DERIVED}
    # They have the name of their table before their own.
    gone = tuple(f"{name}_" for name in lost)
    return {key: sql for key, sql in expected.items() if not key[1].startswith(gone)}


class Column(NamedTuple):
    """A column of a table: its name, what SQLite may call the types of its cells, the declared
    one first, and whether it belongs to the key.
    """

    name: str
    types: tuple[str, ...]
    is_key: bool


def columns() -> dict[str, list[Column]]:
    """Return the columns of every table as this program makes it."""
    with _new() as connection:
        return {
            table: [
                Column(name, (type.lower(), *(() if not_null or key else ("null",))), bool(key))
                for _, name, type, not_null, _, key in connection.execute(
                    f"PRAGMA table_info({table})"
                )
            ]
            for kind, table in objects(connection)
            if kind == "table"
        }


def differences(connection: sqlite3.Connection) -> list[str]:
    """Return, sorted, what the schema of a file has too little, too much or otherwise."""
    if is_as_made(found := objects(connection)):
        return sorted(_unrecorded_steps(connection))
    expected = _expected_beside(found)
    return sorted(
        _unrecorded_steps(connection)
        + [f"{kind} {name} is missing" for kind, name in expected.keys() - found.keys()]
        + [f"{kind} {name} does not belong here" for kind, name in found.keys() - expected.keys()]
        + [
            f"{kind} {name} was altered"
            for kind, name in found.keys() & expected.keys()
            if found[kind, name] != expected[kind, name]
        ]
    )


def _unrecorded_steps(connection: sqlite3.Connection) -> list[str]:
    try:
        recorded = recorded_steps(connection)
    except sqlite3.OperationalError:
        return ["table _sqlite_migrations is missing or was altered"]
    return [f"the migration {name} is not on record" for name in STEPS if name not in recorded]


def recorded_steps(connection: sqlite3.Connection) -> list[str]:
    """Return, in order, the names of the steps that a file is on record to have had."""
    rows = connection.execute(
        "SELECT name FROM _sqlite_migrations WHERE migration_set = ? ORDER BY rowid",
        (_MIGRATION_SET,),
    ).fetchall()
    return [name for (name,) in rows]


def restore_derived(connection: sqlite3.Connection) -> None:
    """Make anew, inside the open transaction, the guards, the indexes, the views and, empty, the
    tables that are derived: all of the schema that holds no part of the log. Foreign triggers are
    dropped.
    """
    expected = _expected_beside(found := objects(connection))
    for (kind, name), sql in found.items():
        altered = (kind, name) in expected and expected[kind, name] != sql
        if kind == "trigger" or (altered and kind in ("index", "view")):
            connection.execute(f"DROP {kind} {_quoted(name)}")
    for kind, name in product(("table", "view"), _DERIVED):
        if (kind, name) in found:
            connection.execute(f"DROP {kind} {name}")
    for name in _DERIVED:
        connection.execute(expected["table", name])
    present = objects(connection)
    for (kind, name), sql in expected.items():
        if kind != "table" and (kind, name) not in present:
            connection.execute(sql)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'

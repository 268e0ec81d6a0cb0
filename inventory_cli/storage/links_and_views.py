"""Knows what of the third version of the schema is for whoever reads a ledger with SQL: foreign
keys, the offsets of the time zone, and the views.

Must never know what a ledger is asked by this program, which uses none of it.
"""

from inventory_cli.storage.guards import GUARDS

_LINKED = ("events", "snapshots", "snapshot_lines")

# A foreign key cannot be added to a table, so each is made anew and filled. The old one gives way
# under another name (which `legacy_alter_table` keeps from being written into views that others
# have added): SQLite would put the new one's in quotes, were it renamed, and not every version has
# to do that alike. An event is there before the header of its batch; whoever turns foreign keys
# on, as this program does not, has them looked at when both are.
_TABLES = """
CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    batch INTEGER NOT NULL REFERENCES batches (batch) DEFERRABLE INITIALLY DEFERRED,
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
    reverses INTEGER REFERENCES events (position) DEFERRABLE INITIALLY DEFERRED,
    details TEXT,
    hash BLOB NOT NULL
) STRICT;

CREATE TABLE snapshots (
    snapshot INTEGER PRIMARY KEY,
    batch INTEGER NOT NULL UNIQUE REFERENCES batches (batch) DEFERRABLE INITIALLY DEFERRED,
    name TEXT UNIQUE,
    as_of TEXT NOT NULL,
    position INTEGER NOT NULL,
    whole_to INTEGER,
    closes INTEGER CHECK (closes IN (0, 1))
) STRICT;

CREATE TABLE snapshot_lines (
    snapshot INTEGER NOT NULL REFERENCES snapshots (snapshot) DEFERRABLE INITIALLY DEFERRED,
    sku TEXT NOT NULL,
    location TEXT NOT NULL,
    on_hand INTEGER NOT NULL,
    last_incoming TEXT,
    last_outgoing TEXT,
    last_counted TEXT,
    PRIMARY KEY (snapshot, sku, location)
) STRICT, WITHOUT ROWID;
"""

LINKS = (
    # The room of the indexes is taken by the new tables.
    """
DROP VIEW event_log;
DROP INDEX events_by_stream;
DROP INDEX events_by_id;
DROP INDEX events_by_reversal;
PRAGMA legacy_alter_table = ON;
"""
    + "".join(f"ALTER TABLE {table} RENAME TO {table}_before;\n" for table in _LINKED)
    + "PRAGMA legacy_alter_table = OFF;\n"
    + _TABLES
    + "".join(
        f"INSERT INTO {table} SELECT * FROM {table}_before;\nDROP TABLE {table}_before;\n"
        for table in _LINKED
    )
    + """
CREATE INDEX events_by_stream ON events (sku, location, effective_at);
CREATE INDEX events_by_id ON events (id) WHERE id IS NOT NULL;
CREATE UNIQUE INDEX events_by_reversal ON events (reverses) WHERE reverses IS NOT NULL;
"""
    + "".join(GUARDS[table] for table in _LINKED)
)

# SQL knows no time zones, so it is told by how many seconds the ledger's is ahead of UTC from a
# moment on. It follows from the settings, and holds no part of the log.
OFFSETS = """
CREATE TABLE zone_offsets (
    starts_at TEXT PRIMARY KEY,
    seconds INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
"""


def _day(moment: str) -> str:
    """Return SQL for the local day of a moment; what is a bare day stays one."""
    return (
        f"CASE length({moment}) WHEN 10 THEN {moment} ELSE date({moment},"
        f" (SELECT seconds || ' seconds' FROM zone_offsets WHERE starts_at <= {moment}"
        " ORDER BY starts_at DESC LIMIT 1)) END"
    )


def _quantity(units: str) -> str:
    """Return SQL for a quantity as a person reads it, given in the smallest unit."""
    return (
        f"(SELECT CASE decimals WHEN 0 THEN units ELSE printf('%s%d.%0' || decimals || 'd',"
        " CASE WHEN units < 0 THEN '-' ELSE '' END, abs(units) / unit, abs(units) % unit) END"
        # Without a table it is computed once, however often it is named.
        f" FROM (SELECT {units} AS units),"
        " (SELECT decimals, CAST(substr('1000000000', 1, 1 + decimals) AS INTEGER) AS unit"
        " FROM ledger))"
    )


# What stands before an event in its stream.
_BEFORE = (
    "earlier.sku = events.sku AND earlier.location = events.location"
    " AND (earlier.effective_at, earlier.position) < (events.effective_at, events.position)"
    " AND NOT EXISTS (SELECT 1 FROM events AS voiding WHERE voiding.reverses = earlier.position)"
)
_MOVED = (
    "CASE WHEN {0}.kind IN ('sold', 'removed') THEN -{0}.quantity"
    " WHEN {0}.kind IN ('reversed', 'described') THEN 0 ELSE {0}.quantity END"
)

# In the smallest unit. What the book says before a count is the last count that stands before it,
# and from there on all that stands added up. `CROSS JOIN` keeps SQLite to the order of the tables.
_CHANGE = f"""CASE
           WHEN voiding.position IS NOT NULL THEN 0
           WHEN events.kind = 'counted' THEN events.quantity - (
               SELECT coalesce(sum({_MOVED.format("earlier")}), 0)
               FROM (SELECT (SELECT position FROM events AS earlier
                             WHERE {_BEFORE} AND kind = 'counted'
                             ORDER BY effective_at DESC, position DESC LIMIT 1)
                     AS position) AS last
               LEFT JOIN events AS book ON book.position = last.position
               CROSS JOIN events AS earlier
               WHERE {_BEFORE} AND (earlier.effective_at, earlier.position)
                   >= (coalesce(book.effective_at, ''), coalesce(book.position, 0)))
           ELSE {_MOVED.format("events")}
       END"""
_VOIDING = "LEFT JOIN events AS voiding ON voiding.reverses = events.position"

_LOG = f"""
CREATE VIEW event_log AS
SELECT events.position, events.batch, batches.recorded_at, events.effective_at,
       {_day("events.effective_at")} AS day,
       events.kind, events.sku, events.location,
       {_quantity("events.quantity")} AS quantity,
       {_quantity(_CHANGE)} AS change,
       events.reason, events.reference, events.unit_cost, events.id, events.reverses,
       voiding.position AS voided_by,
       events.details, batches.actor, batches.command, batches.source,
       lower(hex(events.hash)) AS hash
FROM events
JOIN batches ON batches.batch = events.batch
{_VOIDING};
"""


def _last(name: str, kinds: str) -> str:
    """Return SQL for a date of a stream: what its events set, or else its opening told."""
    return (
        "coalesce(max(CASE WHEN voiding.position IS NULL"
        f" AND events.kind IN ({kinds}) THEN {_day('events.effective_at')} END),"
        " max(CASE WHEN voiding.position IS NULL AND events.kind = 'opened'"
        f" THEN json_extract(events.details, '$.{name}') END)) AS {name}"
    )


_TODAY = f"""(SELECT {_day("now")}
    FROM (SELECT max(strftime('%Y-%m-%dT%H:%M:%fZ', 'now'),
                     coalesce((SELECT recorded_at FROM batches ORDER BY batch DESC LIMIT 1), ''))
          AS now))"""

# A stream of which something takes effect after today is added up; of all others it is stored.
_STOCK = f"""
CREATE VIEW stock_now AS
SELECT sku, {_quantity("streams.on_hand")} AS on_hand, last_incoming, last_outgoing
FROM (
    SELECT sku, sum(on_hand) AS on_hand, max(last_incoming) AS last_incoming,
           max(last_outgoing) AS last_outgoing
    FROM (
        SELECT sku, on_hand,
               {_day("last_incoming")} AS last_incoming,
               {_day("last_outgoing")} AS last_outgoing
        FROM stock
        WHERE {_day("last_effective")} <= {_TODAY}
        UNION ALL
        SELECT events.sku, sum({_CHANGE}),
               {_last("last_incoming", "'received', 'returned'")},
               {_last("last_outgoing", "'sold', 'removed'")}
        FROM stock
        CROSS JOIN events ON events.sku = stock.sku AND events.location = stock.location
        {_VOIDING}
        WHERE {_day("stock.last_effective")} > {_TODAY}
          AND {_day("events.effective_at")} <= {_TODAY}
        GROUP BY events.sku, events.location)
    GROUP BY sku) AS streams
ORDER BY sku;
"""

VIEWS = _LOG + _STOCK

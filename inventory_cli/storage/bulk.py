"""Knows what a large append puts aside for as long as it lasts, inside its own transaction.

DDL is transactional in SQLite: nobody else ever sees the file without these, and if anything fails
they are back where they were. Must never know what is appended.
"""

import sqlite3

# It refuses what is not the next position. A bulk append counts positions itself.
_GUARD = "events_next"
# To build an index at the end takes a quarter of the time that keeping it up takes, where there
# was nothing to index before.
_INDEX = "events_by_stream"


def put_aside(connection: sqlite3.Connection, log_is_empty: bool) -> list[str]:
    """Drop what costs time with every event; return the statements that put it back as it was.

    A guard that somebody weakened is weak again afterwards, for `verify` to find.
    """
    names = (_GUARD, _INDEX) if log_is_empty else (_GUARD,)
    found = connection.execute(
        "SELECT type, name, sql FROM sqlite_schema WHERE tbl_name = 'events' AND name IN"
        f" ({', '.join('?' * len(names))}) AND type IN ('trigger', 'index')",
        names,
    ).fetchall()
    for kind, name, _ in found:
        connection.execute(f"DROP {kind} {name}")
    return [sql for _, _, sql in found]

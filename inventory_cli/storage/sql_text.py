"""Knows how SQLite itself writes the canonical text of a row, and when that is this program's own.

To read a row and to write its text here takes twice as long as to have it written where it lies.
The text that SQLite gives is a function of the cells as Python would read them only where
- it writes text and numbers as `storage.chain` does, which is tried out once for a connection;
- the table is declared as this program makes it: a computed column could hold ready-made JSON;
- no cell is a BLOB or a REAL. A newer SQLite takes some BLOBs for JSON (`x'1741'` gives `"A"`, as
  the text A does), and what a REAL looks like depends on the version.
Where that does not hold there is none. Must never guess: Python writes what has no text here.
"""

import sqlite3
from collections.abc import Sequence

from inventory_cli.storage import schema
from inventory_cli.storage.chain import canonical
from inventory_cli.storage.failures import DatabaseError

# Every character that is escaped or might be, the ends of what a cell can hold, and nothing.
_PROBE = (
    "".join(map(chr, range(0x101))) + "\u2028\ud7ff\ue000\ufffe\uffff\U00010000\U0010ffff",
    *("", None, 0, -1, -(2**63), 2**63 - 1),
)


def text_of(
    connection: sqlite3.Connection,
    table: str,
    name: str,
    columns: Sequence[str],
    any_types: bool = True,
) -> str:
    """Return the SQL of the canonical text of a row: of the array that begins with a name and goes
    on with some columns. It is NULL for a row, or for every row, of which SQLite does not write it
    as this program does. `any_types` is false where it is known that every cell is of its column's
    type: to look at each takes a third as long as the text.
    """
    if not (_writes_alike(connection) and _is_as_made(connection, table)):
        return "NULL"
    text = f"json_array('{name}', {', '.join(columns)})"
    if not any_types:
        return text
    types = {column.name: column.types[0] for column in schema.columns()[table]}
    # Numbers sort before text, and BLOBs behind it; `+` keeps SQLite from making text of a number.
    odd = [f"+{column} >= x''" for column in columns]
    odd += [
        f"+{column} < ''" if types[column] == "text" else f"typeof({column}) = 'real'"
        for column in columns
    ]
    return f"CASE WHEN {' OR '.join(odd)} THEN NULL ELSE {text} END"


def _writes_alike(connection: sqlite3.Connection) -> bool:
    """Tell whether this SQLite writes JSON, and as this program does."""
    try:
        marks = ", ".join("?" * len(_PROBE))
        (text,) = connection.execute(f"SELECT json_array({marks})", _PROBE).fetchone()
    except DatabaseError:
        return False
    return bool(text == canonical(_PROBE))


def _is_as_made(connection: sqlite3.Connection, table: str) -> bool:
    found, key = schema.objects(connection), ("table", table)
    return schema.is_as_made(found) or found.get(key) == schema.expected_objects()[key]

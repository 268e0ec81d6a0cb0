"""Knows where the offsets of the zone are kept, for SQL. Must never know how they arise."""

import sqlite3
from datetime import tzinfo
from typing import Any

from inventory_cli.core.offsets import offsets_of


def store_offsets(connection: sqlite3.Connection, zone: tzinfo) -> None:
    """Write the offsets of a zone in place of what is stored, inside the open transaction."""
    connection.execute("DELETE FROM zone_offsets")
    connection.executemany("INSERT INTO zone_offsets VALUES (?, ?)", offsets_of(zone))


def stored_offsets(connection: sqlite3.Connection) -> list[tuple[Any, ...]]:
    """Return the stored offsets in order; after tampering their values may be of any type."""
    query = "SELECT starts_at, seconds FROM zone_offsets ORDER BY starts_at"
    return connection.execute(query).fetchall()

"""Knows how a ledger is made: under a temporary name, until it is whole.

Must never know what is recorded into it.
"""

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from inventory_cli.core.dates import load_zone, utc_text
from inventory_cli.storage import schema
from inventory_cli.storage.chain import genesis
from inventory_cli.storage.connection import make_durable
from inventory_cli.storage.new_file import new_file
from inventory_cli.storage.offsets import store_offsets
from inventory_cli.storage.settings import Settings


def create_ledger(
    path: Path, now: datetime, decimals: int, timezone: str, negative: str
) -> Settings:
    """Make a new ledger. It appears under its name only when it is whole.

    Raises NotFree when there is a file of that name already.
    """
    zone = load_zone(timezone)
    settings = Settings(str(uuid.uuid4()), utc_text(now), decimals, timezone, negative)
    with new_ledger(path) as connection:
        connection.execute("BEGIN")
        connection.execute(
            "INSERT INTO ledger VALUES (1, ?, ?, ?, ?, ?, ?)", (*settings, genesis(settings))
        )
        store_offsets(connection, zone)
        connection.execute("COMMIT")
    return settings


@contextmanager
def new_ledger(path: Path) -> Iterator[sqlite3.Connection]:
    """Give an empty ledger under a temporary name; give it its own name when all went well."""
    with (
        new_file(path, "choose another file with --ledger FILE") as unfinished,
        closing(sqlite3.connect(unfinished, isolation_level=None)) as connection,
    ):
        make_durable(connection, unfinished)
        schema.migrate(connection)
        yield connection

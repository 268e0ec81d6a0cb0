"""Knows what is fixed when a ledger is made, and whether a file is a ledger that can be used.

Must never know what is recorded in it.
"""

import sqlite3
from datetime import UTC, tzinfo
from functools import partial
from pathlib import Path
from typing import NamedTuple

from inventory_cli.core.dates import load_zone
from inventory_cli.core.quantities import MOST_DECIMALS
from inventory_cli.errors import LedgerUnusable, WrongUsage
from inventory_cli.storage import schema
from inventory_cli.storage.failures import DAMAGED


class Settings(NamedTuple):
    """What is fixed when a ledger is made. The chain starts from it."""

    identity: str
    created_at: str
    decimals: int
    timezone: str
    negative: str


def check_identity(connection: sqlite3.Connection, path: Path, outdated: bool) -> None:
    """Raise LedgerUnusable unless a file is a ledger whose schema this program knows, and is no
    older than that unless it may be `outdated`.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    version = schema.version(connection)
    if application != schema.APPLICATION_ID:
        raise LedgerUnusable(
            f"{path} is not an inventory ledger", "name the ledger with --ledger FILE"
        )
    if version < 1:
        raise LedgerUnusable(
            f"{path} is damaged: it says that its schema is version {version}", DAMAGED
        )
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


def zone_of(path: Path, settings: Settings, audit: bool) -> tzinfo:
    """Return the time zone of a ledger; UTC where an audit does not know it."""
    if audit and not are_sound(settings):
        return UTC
    try:
        return load_zone(settings.timezone)
    except WrongUsage as error:
        if audit:
            return UTC
        raise LedgerUnusable(f"{path} cannot be used: its {error.message}", error.hint) from None


def read_settings(connection: sqlite3.Connection, path: Path, audit: bool) -> Settings:
    """Return the settings of a ledger; an audit takes them as they are."""
    if audit:
        # What is no UTF-8 is found by what reads it; it does not keep an audit from the rest.
        connection.text_factory = partial(str, encoding="utf-8", errors="replace")
    row = connection.execute(
        "SELECT identity, created_at, decimals, timezone, negative FROM ledger"
    ).fetchone()
    connection.text_factory = str
    if row is None:
        raise LedgerUnusable(f"{path} is damaged: its settings are missing", DAMAGED)
    settings = Settings(*row)
    if not audit and not are_sound(settings):
        raise LedgerUnusable(f"{path} is damaged: its settings were altered", DAMAGED)
    return settings


def are_sound(settings: Settings) -> bool:
    """Tell whether settings are of the types, and decimals as many, as they can be."""
    types = all(map(isinstance, settings, (str, str, int, str, str)))
    return types and 0 <= settings.decimals <= MOST_DECIMALS

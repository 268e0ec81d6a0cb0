"""Knows where the SQL of the shared log is kept. Must never run it."""

from importlib.resources import files


def schema_sql() -> str:
    """Return the SQL that makes the tables and functions of the shared log."""
    return (files("inventory_cli.shared") / "log.sql").read_text(encoding="utf-8")


def roles_sql() -> str:
    """Return the SQL that makes the role of the machines, and gives it its rights."""
    return (files("inventory_cli.shared") / "roles.sql").read_text(encoding="utf-8")

"""Knows where the SQL of the shared log is kept. Must never run it."""

from importlib.resources import files


def schema_sql() -> str:
    """Return the SQL that makes the tables and functions of the shared log."""
    return "\n".join(map(_text, ("log.sql", "chain.sql", "append.sql")))


def roles_sql() -> str:
    """Return the SQL that makes the role of the machines, and gives it its rights."""
    return _text("roles.sql")


def _text(name: str) -> str:
    return (files("inventory_cli.shared") / name).read_text(encoding="utf-8")

"""Knows what is said of a row that cannot be read. Must never know how rows are read."""

from typing import NamedTuple

# How much of a cell is shown.
_LONGEST_SHOWN = 300


def shortened(text: str, most: int = _LONGEST_SHOWN) -> str:
    """Return a text of the file as far as it is good to be shown."""
    return text if len(text) <= most else f"{text[:most]}…"


class BadCell(Exception):
    """A row that cannot be read: which column, what stands there, and why it will not do."""

    def __init__(self, column: str, value: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column
        self.value = value
        self.reason = reason


class BadRow(NamedTuple):
    """A row that was not read, as it is reported."""

    line: int
    column: str
    value: str
    reason: str

    @classmethod
    def of(cls, line: int, bad: BadCell) -> "BadRow":
        """Return what is reported of a row that begins on a line and has a bad cell."""
        return cls(line, bad.column, bad.value, bad.reason)

    def described(self) -> str:
        """Return what is wrong with the row, and where, as far as it is good to be shown."""
        where = f", {self.column} {shortened(self.value)!r}" if self.column else ""
        return f"line {self.line}{where}: {shortened(self.reason)}"

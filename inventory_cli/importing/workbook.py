"""Knows how a sheet of a workbook becomes rows of text. The one home of `python-calamine`.

Must never know what a column means.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple

from inventory_cli.core.wording import and_more
from inventory_cli.errors import Refused
from inventory_cli.importing.unpack import BLOCK, Archive, refusing_damage

# A workbook is read as a whole, so what it takes is limited before: the bytes of all its parts, and
# the cells of the rectangle around those of a sheet that hold anything.
_LARGEST = 400_000_000
_MOST_CELLS = 20_000_000
_TOO_LARGE = "save the sheet as CSV, which is read in constant memory"
_CELL = re.compile(rb"""\br=["']([A-Za-z]{1,3})([0-9]{1,7})["']""")
_TAG = re.compile(rb"<table:(table|table-row|(?:covered-)?table-cell)(\s[^<>]*)?>")
_REPEATED = re.compile(rb"""table:number-(?:rows|columns)-repeated=["'](\d+)["']""")
# Whole numbers from here on have lost digits.
_LARGEST_WHOLE = 10**15
_MOST_NAMED = 10

Cell = int | float | str | bool | time | date | datetime | timedelta


class Sheet(NamedTuple):
    """A sheet, what the others are called, and its rows with their numbers, from 1."""

    name: str
    others: tuple[str, ...]
    rows: Iterator[tuple[int, list[Cell]]]


def open_sheet(archive: Archive, sort: str, wanted: str | None) -> Sheet:
    """Return the sheet of that name, or the first that can be seen.

    Raises Refused where there is none, or the workbook is damaged or too large.
    """
    name = archive.name
    try:
        from python_calamine import CalamineError, SheetVisibleEnum, load_workbook
    except ImportError:
        raise Refused(
            f"{name} is a workbook, and python-calamine, which reads it, is not installed",
            "pip install 'inventory-cli[sheets]'; or save the sheet as CSV",
        ) from None
    with refusing_damage(name):
        _require_fit(archive, sort)
    archive.file.seek(0)
    try:
        book = load_workbook(archive.file)
        names = book.sheet_names
        seen = [one.name for one in book.sheets_metadata if one.visible == SheetVisibleEnum.Visible]
        if not names:
            raise Refused(f"{name} has no sheet", "open it, and save it anew")
        if wanted is not None and wanted not in names:
            shown = [*map(repr, names[:_MOST_NAMED]), *and_more(len(names) - _MOST_NAMED)]
            raise Refused(
                f"{name} has no sheet {wanted!r}", f"name one of its own: {', '.join(shown)}"
            )
        chosen = wanted or (seen or names)[0]
        sheet = book.get_sheet_by_name(chosen)
    except CalamineError as error:
        raise Refused(
            f"{name} cannot be read as a workbook: {error}; nothing was appended",
            "open it, and save it anew, or the sheet as CSV",
        ) from None
    first = sheet.start[0] + 1 if sheet.start else 1
    others = tuple(one for one in seen if one != chosen)
    return Sheet(chosen, others, enumerate(sheet.iter_rows(), first))


def _require_fit(archive: Archive, sort: str) -> None:
    """Raise Refused for a workbook that would take more memory than there may be.

    All of it is unpacked once, so that it cannot be larger than it says.
    """
    infos = archive.members.infolist()
    if sum(info.file_size for info in infos) > _LARGEST:
        raise Refused(f"{archive.name} has more than {_LARGEST} bytes, unpacked", _TOO_LARGE)
    for info in infos:
        size = _Size()
        rest = b""
        with archive.members.open(info) as stream:
            while block := stream.read(BLOCK):
                text = rest + block
                # A tag may go on in the next block.
                rest = text[text.rfind(b"<") :][:BLOCK] if b"<" in text else b""
                size.look(text[: len(text) - len(rest)], sort)
        size.look(rest, sort)
        if size.cells > _MOST_CELLS:
            raise Refused(
                f"{archive.name} has a sheet of {size.cells} cells, up to the last that "
                "is not empty",
                _TOO_LARGE,
            )


class _Size:
    """How large a rectangle the cells of a sheet take, as far as it was looked at."""

    def __init__(self) -> None:
        self.rows = self.width = 0
        self._row = self._repeated = self._column = 0
        self.cells = 0

    def look(self, text: bytes, sort: str) -> None:
        """Take a part of the sheet into account, cut between two tags."""
        if sort == "xlsx":
            found = _CELL.findall(text)
            self.rows = max(self.rows, max((int(row) for _, row in found), default=0))
            letters = {column for column, _ in found}
            self.width = max(self.width, max(map(_number_of, letters), default=0))
        else:
            for tag in _TAG.finditer(text):
                self._take(tag[1], tag[2] or b"")
        self.cells = max(self.cells, self.rows * self.width)

    def _take(self, tag: bytes, attributes: bytes) -> None:
        """Take a tag of an OpenDocument sheet into account: rows and cells may stand for many."""
        found = _REPEATED.search(attributes)
        repeated = int(found[1]) if found else 1
        if tag == b"table":
            self.rows = self.width = self._row = self._repeated = 0
        elif tag == b"table-row":
            self._row, self._repeated, self._column = self._row + self._repeated, repeated, 0
        else:
            self._column += repeated
            if b"office:" in attributes or not attributes.rstrip().endswith(b"/"):
                self.rows = self._row + self._repeated
                self.width = max(self.width, self._column)
                self.cells = max(self.cells, self.rows * self.width)


def _number_of(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def cell_text(cell: Cell, decimal_mark: str) -> str:
    """Return what a cell says, as it would stand in a CSV file with that decimal mark."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, int | float):
        return _number_text(cell).replace(".", decimal_mark)
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="milliseconds" if cell.microsecond else "seconds")
    return cell.isoformat() if isinstance(cell, date | time) else str(cell)


def _number_text(number: float) -> str:
    if number == int(number) and abs(number) < _LARGEST_WHOLE:
        return str(int(number))
    # As many digits as a spreadsheet shows: behind them stands what binary figures add.
    text = f"{number:.15g}"
    return text if "e" not in text or abs(number) > 1 else f"{Decimal(text):f}"

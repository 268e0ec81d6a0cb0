"""Knows how bytes become CSV records with line numbers. Must never know what a column means."""

import codecs
import csv
import io
import re
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO

from inventory_cli.core.progress import Progress
from inventory_cli.core.wording import and_more
from inventory_cli.errors import Refused
from inventory_cli.importing.unpack import BLOCK, Archive, Buffered, Counted, size_of, unpacked

if TYPE_CHECKING:
    from _csv import _QuotingType as _Quoting

DELIMITERS = ",;\t|"
_LONGEST_FIELD = 1_000_000
# Six times as many as a sheet of Excel can have.
_MOST_COLUMNS = 100_000
# By how many lines, or characters, the delimiter is found.
_HEAD_LINES, _HEAD_LENGTH = 100, 1 << 16
# The longer marks first: that of UTF-32 begins like that of UTF-16.
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NOT_TEXT = (
    (b"\x1f\x8b", "compressed twice", "unpack it once"),
    (b"PK\x03\x04", "a ZIP archive within another file", "unpack that first"),
    (
        b"\xd0\xcf\x11\xe0",
        "an Excel workbook, old or locked",
        "save it as .xlsx, or the sheet as CSV",
    ),
    (b"SQLi", "a database, not a CSV file", None),
    (b"%PDF", "a PDF document, not a CSV file", None),
)
# What to say instead of an encoding that depends on a byte order mark, which is not there.
_ORDERED = {
    name: f"say --encoding {name}-le or --encoding {name}-be" for name in ("utf-16", "utf-32")
}
_SEPARATOR = re.compile(r'"?sep=([,;\t|])"?\s*', re.IGNORECASE)
_FORMULA = re.compile(r'\s*="((?:[^"]|"")*)"\s*')


class Undecodable(Refused):
    """A file that is not in the encoding it is read in: one that is likelier, where one fits the
    word that cannot be read, and that word read so.
    """

    def __init__(
        self, message: str, hint: str | None = None, encoding: str | None = None, word: str = ""
    ) -> None:
        super().__init__(message, hint)
        self.encoding = encoding
        self.word = word


class Source:
    """The records of a CSV file. What is not said is found: UTF-8, or UTF-16 with its byte order
    mark, and the delimiter, as `find_delimiter` does.
    """

    def __init__(
        self,
        file: BinaryIO,
        name: str,
        progress: Progress,
        encoding: str | None = None,
        delimiter: str | None = None,
        skip_lines: int = 0,
        quotes: bool = True,
        sheet: str | None = None,
        decimal_mark: str = ".",
    ) -> None:
        self.name = name
        self._raw = Counted(file.read, progress, size_of(file))
        self._given = io.BufferedReader(self._raw, BLOCK)
        self._skip_lines = skip_lines
        self._quoting: _Quoting = csv.QUOTE_MINIMAL if quotes else csv.QUOTE_NONE
        self._sheet, self._decimal_mark = sheet, decimal_mark
        self.is_workbook = False
        self.remarks: list[str] = []
        # Of the columns of a workbook that hold numbers, how many, and the first of them.
        self.numbers: dict[int, tuple[int, str]] = {}
        self.encoding = encoding
        self.delimiter = delimiter
        self.line = 0
        # Whether any cell so far was written as a formula, as Excel needs it for leading zeros.
        self._formulas = False

    @property
    def whole(self) -> int | None:
        """How many bytes the file has, where that is known."""
        return self._raw.whole

    def size(self) -> int:
        """Return how many bytes were read so far."""
        return self._raw.count

    def sha256(self) -> str:
        """Return the SHA-256 of the whole file, reading what is left of it."""
        while self._given.read(BLOCK):
            pass
        return self._raw.hash.hexdigest()

    def records(self) -> Generator[list[str], None, None]:
        """Give the records one by one, without blank lines; `line` is where the record begins.

        Raises Refused where the file cannot be read as CSV, naming the line.
        """
        packed = unpacked(self._given, self.name)
        with ExitStack() as stack:
            buffered: Buffered = self._given
            if isinstance(packed, Archive):
                stack.callback(packed.close)
                if sort := packed.workbook:
                    yield from self._records_of_sheet(packed, sort)
                    return
                packed = packed.only_file()
            if packed is not None:
                buffered = stack.enter_context(packed)
            if self._sheet is not None:
                raise Refused(
                    f"{self.name} is no workbook, so it has no sheet {self._sheet!r}",
                    "leave --sheet out",
                )
            yield from self._records_of_text(buffered)

    def _records_of_sheet(self, archive: Archive, sort: str) -> Iterator[list[str]]:
        from inventory_cli.importing.workbook import cell_text, open_sheet

        sheet = open_sheet(archive, sort, self._sheet)
        self.is_workbook = True
        if self._sheet is None and sheet.others:
            others = ", ".join([*map(repr, sheet.others[:5]), *and_more(len(sheet.others) - 5)])
            self.remarks.append(f"the sheet {sheet.name!r} was read; --sheet NAME reads {others}")
        for number, row in sheet.rows:
            record = [cell_text(cell, self._decimal_mark) for cell in row]
            if number > self._skip_lines and any(map(str.strip, record)):
                self.line = number
                for index, cell in enumerate(row):
                    if isinstance(cell, float):
                        count, first = self.numbers.get(index, (0, record[index]))
                        self.numbers[index] = (count + 1, first)
                yield record

    def _records_of_text(self, buffered: Buffered) -> Iterator[list[str]]:
        if self.encoding is None:
            self.encoding = self._found_encoding(buffered)
        # What cannot be decoded becomes lone surrogates, so that its line can be named.
        text = io.TextIOWrapper(buffered, self.encoding, errors="surrogateescape", newline="")
        before = csv.field_size_limit(_LONGEST_FIELD)
        lines = self._lines(text)
        end = 0
        try:
            head, delimiter = self._head(lines)
            reader = csv.reader(
                chain(head, lines), delimiter=delimiter, quoting=self._quoting, strict=True
            )
            for record in reader:
                self.line = self._skip_lines + end + 1
                end = reader.line_num
                if len(record) > _MOST_COLUMNS:
                    raise Refused(
                        f"{self.name}, line {self.line}: {len(record)} columns, as no table has; "
                        "nothing was appended",
                        "say --delimiter, if another character parts them",
                    )
                if record and not (len(record) == 1 and not record[0].strip()):
                    yield [_without_formula(cell) for cell in record] if self._formulas else record
        except csv.Error as error:
            raise Refused(
                f"{self.name}, line {self._skip_lines + end + 1}: "
                f"the row that begins there is not CSV: {error}",
                "look for a quote that is not closed, or not doubled; nothing was appended; or, if "
                "quotes are text here, as they often are between tabs, say --no-quotes",
            ) from None
        finally:
            csv.field_size_limit(before)
            lines.close()
            text.detach()

    def _head(self, lines: Iterator[str]) -> tuple[list[str], str]:
        """Return the first lines, and the delimiter, which they say if nobody did."""
        head: list[str] = []
        length = start = 0
        for line in lines:
            head.append(line)
            is_first = start == len(head) - 1
            if is_first and (said := _SEPARATOR.fullmatch(line)):
                # Excel's own way to say it; the line is not one of the table.
                self.delimiter = self.delimiter or said[1]
                head[-1] = "\n"
            if is_first and head[-1].isspace():
                start += 1
                continue
            length += len(line)
            if self.delimiter or len(head) - start >= _HEAD_LINES or length >= _HEAD_LENGTH:
                break
        self.delimiter = self.delimiter or find_delimiter(head[start:], self._quoting)
        return head, self.delimiter

    def _found_encoding(self, buffered: Buffered) -> str:
        start = buffered.peek(4)[:4]
        for mark, encoding in _BYTE_ORDER_MARKS:
            if start.startswith(mark):
                return encoding
        for mark, what, hint in _NOT_TEXT:
            if start.startswith(mark):
                raise Refused(f"{self.name} is {what}; nothing was appended", hint)
        if b"\x00" in start:
            wide = "utf-16-le" if start[1:2] == b"\x00" else "utf-16-be"
            raise Refused(
                f"{self.name} holds NUL bytes, as text in UTF-16 does; nothing was appended",
                f"if that is what it is, say --encoding {wide}",
            )
        return "utf-8-sig"

    def _lines(self, text: io.TextIOWrapper) -> Generator[str, None, None]:
        number = 0
        try:
            for number, line in enumerate(text, start=1):
                if not line.isascii():
                    # Every file that was joined with others brings its byte order mark along.
                    line = line.removeprefix("\ufeff")
                    self._require_decoded(number, line)
                if '="' in line:
                    self._formulas = True
                if number > self._skip_lines:
                    yield line
        except UnicodeError as error:
            reason = getattr(error, "reason", error)
            raise Refused(
                f"{self.name}, after line {number}: not {self.encoding} text: {reason}; "
                "nothing was appended",
                _ORDERED.get(self.encoding or ""),
            ) from None

    def _require_decoded(self, number: int, line: str) -> None:
        try:
            line.encode()
        except UnicodeEncodeError as error:
            byte = ord(line[error.start]) - 0xDC00
            if not 0x80 <= byte <= 0xFF:
                # Not a byte that could not be decoded, but one half of a pair.
                raise error from None
            encoding = (self.encoding or "").removesuffix("-sig")
            likelier, word = _likelier_encoding(line, error.start, encoding)
            hint = "save the file as UTF-8, or say --encoding"
            if likelier:
                hint += f" {likelier}, which reads {word!r} there"
            raise Undecodable(
                f"{self.name}, line {number}: the byte 0x{byte:02x} is not "
                f"{encoding.upper()} text; nothing was appended",
                hint,
                likelier,
                word,
            ) from None


def _likelier_encoding(line: str, place: int, encoding: str) -> tuple[str | None, str]:
    """Return an encoding in which the word around a byte can be read, and how it reads then."""
    data = line.encode(encoding, "surrogateescape")
    place = len(line[:place].encode(encoding, "surrogateescape"))
    start = max(data.rfind(mark, 0, place) for mark in b' ,;\t|"') + 1
    ends = [end for mark in b' ,;\t|"\r\n' if (end := data.find(mark, place)) > 0]
    word = data[start : min(ends, default=len(data))][:40]
    # Letters with accents are none of these bytes, and every kana or kanji begins with one.
    begins = sum(0x81 <= byte <= 0x9F for byte in word)
    for other in ("cp932", "cp1252", "latin-1") if begins > 1 else ("cp1252", "latin-1"):
        try:
            return other, word.decode(other)
        except UnicodeDecodeError:
            continue
    return None, ""


def _without_formula(cell: str) -> str:
    """Return a cell like ="00123" as the text that it means."""
    formula = _FORMULA.fullmatch(cell)
    return formula[1].replace('""', '"') if formula else cell


def find_delimiter(lines: Sequence[str], quoting: "_Quoting" = csv.QUOTE_MINIMAL) -> str:
    """Return the delimiter of a table, by its first lines, of which the first is the header.

    It is the one by which the header falls into the most columns, where as many rows as can be
    have just as many. If none does, it is a comma.
    """

    def cells(mark: str) -> int:
        try:
            rows = csv.reader(lines, delimiter=mark, quoting=quoting)
            return evenness([record for record in rows if record])
        except csv.Error:
            return 0

    return max(DELIMITERS, key=lambda mark: (cells(mark), mark == ","))


def evenness(records: Sequence[Sequence[str]]) -> int:
    """Return how many cells the rows have that are as wide as the first; 0 if that has but one."""
    width = len(records[0]) if records else 0
    return width * sum(len(record) == width for record in records) if width > 1 else 0

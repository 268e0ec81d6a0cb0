"""A shop that has something of everything a report tells, and a reader of the page about it."""

import json
import re
import shlex
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple

from tests.conftest import STORY, Shop

# SKUs that would be markup, end a script, or turn the direction of writing, were they no text.
HOSTILE = ("<script>alert(1)</script>", "</script><b>&amp;", 'O\'Hara "& Sons"', "שלום", "-x")


def make_shop(folder: Path) -> Shop:
    """Return a shop with a name, a minimum, costs, a late entry, one into a closed period, a
    reversal, a count, something out of stock, and SKUs that are no friends of HTML.
    """
    shop = Shop(folder)
    for words in STORY:
        shop.ok(*words)
    shop.ok(
        "describe", "XYZ-1", "--name", "Tea & <b>more</b>", "--minimum", 500, "--on", "2022-01-01"
    )
    shop.ok("receive", "LAMP", 10, "--cost", "18.90", "--on", "2022-03-01")
    shop.ok("receive", "LAMP", 10, "--cost", 21, "--on", "2022-03-10")
    shop.ok("sell", "LAMP", 12, "--on", "2022-03-15")
    shop.ok("count", "LAMP", 7, "--on", "2022-03-31", "--reason", "stock-take")
    shop.ok("snapshot", "take", "march", "--as-of", "2022-03-31", "--close")
    late = ("--on", "2022-03-20", "--reason", "found a slip", "--into-closed", "march")
    shop.ok("sell", "XYZ-1", 5, *late)
    shop.ok("receive", "KITE", 3, "--on", "2022-04-02")
    shop.ok("sell", "KITE", 3, "--on", "2022-04-03")
    shop.ok("sell", "XYZ-1", 1, "--on", "2022-04-04")
    shop.ok("reverse", "--last", "--reason", "typed twice")
    for sku in HOSTILE:
        shop.ok("receive", "--on", "2022-04-05", "--", sku, 4)
    return shop


class Table(NamedTuple):
    """A table of the page: its columns, its rows as text, and its last row if it is a total."""

    caption: list[str]
    columns: list[str]
    rows: list[list[str]]
    total: list[str]

    def column(self, name: str) -> list[str]:
        """Return the cells of a column."""
        return [row[self.columns.index(name)] for row in self.rows]


# With what ends the text of a cell, a caption or a script.
ENDING = ("caption", "script", "style", "table", "th", "td", "tr", "thead", "tbody")


class Page(HTMLParser):
    """What a page says: its tags, its tables and the command under each by name, its data, and
    all other text.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.tables: dict[str, Table] = {}
        self.commands: dict[str, list[str]] = {}
        self.every_command: list[list[str]] = []
        self.words = ""
        self._script = ""
        # The name of the last table, the part of it, and where text goes.
        self._table, self._part, self._into = "", "", "words"
        self.feed(text)
        self.data: Any = json.loads(self._script)
        self.courses = {sku: [*map(_unpacked, texts)] for sku, *texts in self.data["courses"]}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        if tag == "table":
            self._table = str(attributes["id"]).removesuffix("-table")
            self.tables[self._table] = Table([], [], [], [])
        elif tag in ("thead", "tbody", "tfoot"):
            self._part = tag
        elif tag == "tr" and self._part == "tbody":
            self.tables[self._table].rows.append([])
        elif tag in ("th", "td"):
            self._cells().append("")
            self._into = "cell"
        elif tag in ("caption", "script", "style"):
            self._into = "data" if attributes.get("id") == "data" else tag
        elif attributes.get("class") == "how":
            self._into = "how"

    def handle_endtag(self, tag: str) -> None:
        # A paragraph within a cell does not end it.
        if tag in ENDING or (tag == "p" and self._into == "how"):
            self._into = "words"

    def handle_data(self, data: str) -> None:
        if self._into == "cell":
            self._cells()[-1] += data.rstrip("\n")
        elif self._into == "caption":
            self.tables[self._table].caption.append(data)
        elif self._into == "data":
            self._script += data
        elif self._into == "how" and data.startswith("inventory "):
            self.every_command.append(shlex.split(data))
            self.commands.setdefault(self._table, self.every_command[-1])
        elif self._into in ("words", "how"):
            self.words += data

    def _cells(self) -> list[str]:
        table = self.tables[self._table]
        if self._part == "thead":
            return table.columns
        return table.total if self._part == "tfoot" else table.rows[-1]


_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def _unpacked(text: str) -> list[int]:
    """Return the numbers of a text that is packed as source maps are."""
    found = []
    for word in re.findall("[g-z0-9+/]*[A-Za-f]", text):
        number = sum(_LETTERS.index(letter) % 32 << 5 * n for n, letter in enumerate(word))
        found.append(-(number >> 1) if number % 2 else number >> 1)
    return found


def read_page(path: Path) -> Page:
    """Return the page that stands in a file."""
    return Page(path.read_text(encoding="utf-8"))

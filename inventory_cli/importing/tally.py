"""Knows what is counted while the rows of a file are read.

Must never know what has been recorded, or what comes of the rows.
"""

from bisect import insort
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from inventory_cli.core.dates import END_OF_TIME
from inventory_cli.core.events import Drafts
from inventory_cli.core.wording import MOST_SHOWN
from inventory_cli.importing.bad_rows import BadRow, shortened

# How many different words that are no kind of event are counted.
_MOST_TYPES = 1000

T = TypeVar("T", bound=int | tuple[Any, ...])


@dataclass
class Foremost(Generic[T]):
    """How many there are of something in a file, and those that stand first in it."""

    count: int = 0
    first: list[T] = field(default_factory=list)

    def add(self, item: T) -> None:
        """Count one more. They come in any order, for a file is gone over more than once."""
        self.count += 1
        insort(self.first, item)
        del self.first[MOST_SHOWN:]


@dataclass
class Reading:
    """What reading a file counts, and who is told of every bad row as it is found.

    `read` are the rows that are neither blank nor the header once more; `left_out` of them a
    rule of the profile left out, `nothing` say that nothing moved, and `repeated` are taken
    once with one before them; `unfolded` is how many there are more than in the file, because a
    row said several things. `remarks` are on the file as a whole. `unknown_types` are words
    that are no kind of event, with the number of their rows; of these only the first is among
    those of `bad` that are shown, and the line of that is in `first_lines`. `in_doubtful_hour`
    are the lines and times of those in an hour that occurs twice, of which nothing says in
    which. `first` and `last` are the moments, UTC text, that the good rows lie between.
    """

    list_bad: Callable[[BadRow], object] | None = None
    read: int = 0
    left_out: int = 0
    nothing: int = 0
    repeated: int = 0
    unfolded: int = 0
    remarks: list[str] = field(default_factory=list)
    second_headers: Foremost[int] = field(default_factory=Foremost[int])
    in_doubtful_hour: Foremost[tuple[int, str]] = field(default_factory=Foremost[tuple[int, str]])
    bad: Foremost[BadRow] = field(default_factory=Foremost[BadRow])
    unknown_types: Counter[str] = field(default_factory=Counter)
    first_lines: dict[str, int] = field(default_factory=dict)
    skus: set[str] = field(default_factory=set)
    first: str = END_OF_TIME
    last: str = ""

    def note_bad(self, row: BadRow, unknown_type: bool = False) -> None:
        """Count a bad row, list it where the user asked for that, and keep the first to be shown.

        Of the rows with a type that is not understood, one for each such type is enough.
        """
        if self.list_bad is not None:
            self.list_bad(row)
        if unknown_type and not self._is_first_of_type(row):
            self.bad.count += 1
        else:
            self.bad.add(row)

    def _is_first_of_type(self, row: BadRow) -> bool:
        word = shortened(row.value.strip())
        if word not in self.unknown_types:
            if len(self.unknown_types) >= _MOST_TYPES:
                return False
            self.first_lines[word] = row.line
        self.unknown_types[word] += 1
        return self.unknown_types[word] == 1

    def stands_for(self) -> dict[int, int]:
        """Return, by line, how many rows have the type whose first row that is."""
        return {line: self.unknown_types[word] for word, line in self.first_lines.items()}

    def note_good(self, drafts: Drafts) -> None:
        """Take into account what some good rows say."""
        moments = drafts.effective_at
        self.skus.update(drafts.sku)
        self.first, self.last = min(self.first, *moments), max(self.last, *moments)

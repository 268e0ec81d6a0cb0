"""Knows what the columns of the first rows of a file say of each other.

Must never know which column is which field.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise

from inventory_cli.drafting.survey import Survey, number

_WHOLE = re.compile(r"[0-9]+", re.ASCII)


class Sample:
    """The first rows of a file that happened, by column; all numbers are in billionths."""

    def __init__(self, survey: Survey, happened: Callable[[Sequence[str]], bool]) -> None:
        self._survey = survey
        self._rows = [row for row in survey.sample if happened(row)]
        self.cells = lru_cache(maxsize=None)(self._cells)
        self.numbers = lru_cache(maxsize=None)(self._numbers)

    def __len__(self) -> int:
        return len(self._rows)

    def _cells(self, column: int) -> list[str]:
        return [row[column].strip() for row in self._rows]

    def _numbers(self, column: int) -> list[int | None]:
        read = lru_cache(maxsize=None)(number)
        mark = self._survey.columns[column].mark
        return [read(text, mark) for text in self.cells(column)]

    def determines(self, columns: Sequence[int], other: int) -> bool:
        """Tell whether what stands in some columns says what stands in another; a cell of it that
        is empty says nothing else.
        """
        found: dict[tuple[str, ...], str] = {}
        keys = zip(*map(self.cells, columns), strict=True) if columns else ((),) * len(self)
        return all(
            found.setdefault(key, text) == text
            for key, text in zip(keys, self.cells(other), strict=True)
            if text
        )

    def are_one_to_one(self, one: int, other: int) -> bool:
        """Tell whether two columns say the same in other words, and more than one thing."""
        return (
            len(set(self.cells(one))) > 1
            and self.determines([one], other)
            and self.determines([other], one)
        )

    def is_running(self, column: int, however: bool = False) -> bool:
        """Tell whether a column numbers the rows: each the next of the one before.

        `however` the rows are ordered, and with some left out, if its name says as much.
        """
        cells = self.cells(column)
        if len(cells) < 2 or not all(map(_WHOLE.fullmatch, cells)):
            return False
        numbers = [int(cell) for cell in cells]
        if however:
            span = max(numbers) - min(numbers) + 1
            return len(set(numbers)) == len(numbers) and span <= 2 * len(numbers)
        steps = {after - before for before, after in pairwise(numbers)}
        return len(numbers) > 2 and (steps == {1} or steps == {-1})

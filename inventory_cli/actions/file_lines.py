"""Knows which line of a file each event of its batch comes from, and the balance stated there.

Must never know how a row is read, or what the log says.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterable

from inventory_cli.importing.chunks import Chunk

# Stands among balances for none.
_NO_BALANCE = -(2**63)


class Lines:
    """The line of the file behind each event, in the order of their positions.

    Most rows are a line long and an event each; so only where that is not so a number is kept: of
    events from the lines 2, 3, 4, 7, 8 it is that from the first one on, number 0, lines are 2
    ahead, and from number 3 on 4.
    """

    def __init__(self) -> None:
        self._count = 0
        # Lines minus events, where that changes: from which event on, and to what.
        self._ahead: int | None = None
        self._starts, self._aheads = array("I"), array("q")

    def extend(self, lines: Iterable[int]) -> None:
        """Take the lines of the next events."""
        count, ahead = self._count, self._ahead
        for line in lines:
            if line - count != ahead:
                ahead = line - count
                self._starts.append(count)
                self._aheads.append(ahead)
            count += 1
        self._count, self._ahead = count, ahead

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, event: int) -> int:
        return event + self._aheads[bisect_right(self._starts, event) - 1]


class FileLines:
    """The lines and stated balances of the events that a file appends, `first` the first of them.

    `rows` is how many rows of the file these events come from.
    """

    def __init__(self, first: int) -> None:
        self.rows = 0
        self._first = first
        self._lines = Lines()
        self._balances = array("q")

    @property
    def events(self) -> int:
        """How many events were recorded so far."""
        return len(self._lines)

    @property
    def state_balances(self) -> bool:
        """Whether any row states a balance."""
        return bool(self._balances)

    def add(self, chunk: Chunk) -> None:
        """Take into account that the drafts of a chunk are recorded next."""
        first = len(self._lines)
        self.rows += chunk.file_rows
        self._lines.extend(chunk.lines)
        for number, row in chunk.more.items():
            for draft, balance in enumerate(row.balances, start=first + number):
                if balance is not None:
                    # Those before it, as far back as there was one, state none.
                    missing = draft - len(self._balances)
                    self._balances.extend([_NO_BALANCE] * missing)
                    self._balances.append(balance)

    def line_of(self, position: int) -> int | None:
        """Return the line of the event at a position; None where it is not one of the file's."""
        number = position - self._first
        return self._lines[number] if 0 <= number < len(self._lines) else None

    def stated(self, position: int) -> int | None:
        """Return the balance that the file states for the event at a position, if any."""
        number = position - self._first
        if not 0 <= number < len(self._balances) or self._balances[number] == _NO_BALANCE:
            return None
        return self._balances[number]

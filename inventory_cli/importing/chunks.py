"""Knows how rows are handed on, many at a time, from who reads them to who records them.

What most rows say stands in lists beside each other, one item for each draft: so a chunk is sent
through a pipe, looked at and recorded as a whole, and a row is made of it only where somebody has
to decide about that row. Must never know how a row is spelled, or what the log says.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from inventory_cli.core.events import Draft, Drafts
from inventory_cli.importing.rows import Packed, Row

# How many rows are handed on at a time.
ROWS = 5_000


class _More(NamedTuple):
    """What a row says beside one draft, its line, and whether its place was guessed."""

    drafts: int
    balances: tuple[int | None, ...]
    arrival_line: int | None
    added: int


class Chunk(NamedTuple):
    """Some rows of a file, in its order: of each draft the line that shows it, and whether its
    place was only guessed.

    `more` is what rows say that are not as plain as that, by the number of their first draft.
    """

    lines: list[int]
    drafts: Drafts
    guessed: list[bool]
    more: dict[int, _More]

    @classmethod
    def of(cls, rows: Iterable[Row]) -> "Chunk":
        """Return rows as a chunk."""
        lines, drafts, all_guessed, more = list[int](), list[Draft](), list[bool](), {}
        for line, said, balances, arrival_line, guessed, added in rows:
            if len(said) > 1 or balances or added:
                more[len(drafts)] = _More(len(said), balances, arrival_line, added)
            lines.append(line)
            all_guessed.append(guessed)
            drafts += said
            if len(said) > 1:
                lines.append(arrival_line or line)
                all_guessed.append(guessed)
        return cls(lines, Drafts.of(drafts), all_guessed, more)

    def rows(self) -> Iterator[Row]:
        """Give the rows one by one."""
        lines, _, guessed, more = self
        drafts, first = [*self.drafts.each()], 0
        while first < len(drafts):
            size, balances, arrival_line, added = more.get(first, _PLAIN)
            last = first + size
            yield Row(
                lines[first],
                tuple(drafts[first:last]),
                balances,
                arrival_line,
                guessed[first],
                added,
            )
            first = last

    def only(self, wanted: Callable[[Row], bool]) -> "Chunk":
        """Return what is wanted of the rows."""
        rows = [*self.rows()]
        kept = [row for row in rows if wanted(row)]
        return self if len(kept) == len(rows) else Chunk.of(kept)

    @property
    def file_rows(self) -> int:
        """How many rows of the file these are; two where each side of a transfer has its own."""
        others = self.more.values()
        beside = sum(1 + row.added + (row.arrival_line is not None) - row.drafts for row in others)
        return len(self.lines) + beside

    @property
    def ids(self) -> list[str]:
        """The ids that the rows have."""
        return [id for id in self.drafts.id if id is not None]


_PLAIN = _More(1, (), None, 0)


def in_chunks(rows: Iterable[Row]) -> Iterator[Chunk]:
    """Give rows in chunks."""
    iterator = iter(rows)
    while some := list(islice(iterator, ROWS)):
        yield Chunk.of(some)


def pack_chunk(chunk: Chunk) -> Packed:
    """Return a chunk as plain lists and tuples, which are written and read fastest."""
    more = {first: tuple(said) for first, said in chunk.more.items()}
    return (chunk.lines, tuple(chunk.drafts), chunk.guessed, more)


def unpack_chunk(packed: Packed) -> Chunk:
    """Return a chunk that was packed."""
    lines, drafts, guessed, more = packed
    found = {first: _More(*said) for first, said in more.items()}
    return Chunk(lines, Drafts(*drafts), guessed, found)

"""Knows which rows of a file are refused for their names, or for a place that they do not say.

Must never know SQL, or how a row is spelled.
"""

from collections.abc import Callable, Iterable, Iterator

from inventory_cli.core.names import Guard, NameRefused
from inventory_cli.importing.bad_rows import BadRow
from inventory_cli.importing.chunks import Chunk
from inventory_cli.importing.rows import Row


def with_fit_names(
    guard: Guard, chunks: Iterable[Chunk], take_bad: Callable[[BadRow], None]
) -> Iterator[Chunk]:
    """Give the rows that are not refused; `take_bad` is told of the others."""

    def is_fit(row: Row) -> bool:
        try:
            for draft in row.drafts:
                guard.check(draft, not row.guessed)
        except NameRefused as refused:
            take_bad(BadRow(row.line, refused.field, refused.name, refused.reason))
            return False
        return True

    for chunk in chunks:
        try:
            guard.check_all(chunk.drafts, chunk.guessed)
        except NameRefused:
            chunk = chunk.only(is_fit)
        yield chunk

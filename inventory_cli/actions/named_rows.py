"""Knows which rows of a file are refused for their names, or for a place that they do not say.

Must never know SQL, or how a row is spelled.
"""

from collections.abc import Callable, Iterable, Iterator

from inventory_cli.core.names import Guard, NameRefused
from inventory_cli.importing.bad_rows import BadRow
from inventory_cli.importing.rows import Row


def with_fit_names(
    guard: Guard, rows: Iterable[Row], take_bad: Callable[[BadRow], None]
) -> Iterator[Row]:
    """Give the rows that are not refused; `take_bad` is told of the others."""
    passed = guard.passed
    for row in rows:
        first = row.drafts[0]
        # Almost all are of a stream that was looked at before.
        if len(row.drafts) > 1 or first.location not in passed.get(first.sku, ()):
            try:
                for draft in row.drafts:
                    guard.check(draft, not row.guessed)
            except NameRefused as refused:
                take_bad(BadRow(row.line, refused.field, refused.name, refused.reason))
                continue
        yield row

"""Knows the file in which every bad row is listed. Must never know why a row is bad."""

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from inventory_cli.errors import WrongUsage
from inventory_cli.importing.bad_rows import BadRow

# Writes a line to the file, for a file that is imported by that name or for the one.
ListOf = Callable[[str, Sequence[object]], object]
List = Callable[[Sequence[object]], object]


@contextmanager
def errors_file(path: Path | None, several: bool) -> Iterator[tuple[ListOf, Callable[[], None]]]:
    """Give what writes a line to the file of errors that the user wants, and what flushes it.

    Where `several` files are imported, each line begins with the name of its own.
    """
    if path is None:
        yield (lambda name, row: None), (lambda: None)
        return
    with _writing_errors(path):
        file = path.open("w", encoding="utf-8", errors="backslashreplace", newline="")

    def write(name: str, row: Sequence[object]) -> None:
        with _writing_errors(path):
            csv.writer(file, lineterminator="\n").writerow([name, *row] if several else row)

    def flush() -> None:
        with _writing_errors(path):
            file.flush()

    try:
        write("file", BadRow._fields)
        yield write, flush
    finally:
        with _writing_errors(path):
            file.close()


@contextmanager
def _writing_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise WrongUsage(
            f"--errors {path} cannot be written: {error.strerror}", "name another file"
        ) from error

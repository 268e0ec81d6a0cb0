"""Knows how an answer, rows under columns, becomes a table, plain text, JSON or CSV.

Tables are boxed on a terminal and plain aligned text elsewhere, where nothing is cut or wrapped.
Must never know where the rows come from.
"""

import io
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import chain, islice
from typing import IO, Any, NamedTuple

from inventory_cli.core.quantities import exact, format_quantity
from inventory_cli.terminal import is_terminal, paged, printable, width_of

# Where columns are shown to programs.
_MACHINE = (None, "machine")
_QUANTITIES = ("quantity", "level", "change")
FORMATS = ("table", "json", "jsonl", "csv")
# Rows that decide the widths of a plain table; what comes later may be wider, never cut.
_SIZING_ROWS = 1_000
# More rows than this are not boxed, even on a terminal: boxing needs all of them in memory.
_MOST_BOXED = 5_000


class Column(NamedTuple):
    """A column of an answer. `kind` is text, remark (text that may be cut short on a terminal),
    number, numbers (a list), quantity, level (a quantity that is red below zero), change, moment,
    flag or details; or bar, whose values are quantities shown against the largest.

    `only` is None, or where alone the column is shown: "table" for any table, "terminal" for a
    boxed one, "machine" for all else, "json" for JSON and JSON Lines. Columns that can be `spare`d,
    the highest number first, give way on a terminal that is too narrow for all.
    """

    name: str
    kind: str = "text"
    only: str | None = None
    spare: int = 0


class Answer(NamedTuple):
    """Rows under columns. A row has a value for each column, in order.

    `total` is a last row that only a person at a terminal is shown: it is none of the answer.
    """

    columns: Sequence[Column]
    rows: Iterable[Sequence[Any]]
    decimals: int = 0
    total: Sequence[Any] | None = None


# A row's style on a terminal, such as "dim", or None.
RowStyle = Callable[[Sequence[Any]], str | None]


def show(
    answer: Answer, format: str, style: RowStyle = lambda row: None, live: bool = False
) -> None:
    """Write an answer to standard output in one of FORMATS; `live` writes each row at once."""
    out = sys.stdout
    if format == "json":
        _write_json_list(_objects(answer), out)
    elif format == "jsonl":
        for line in _objects(answer):
            out.write(_json(line) + "\n")
            if live:
                out.flush()
    elif format == "csv":
        _write_csv(answer, out, live)
    elif is_terminal() and not live:
        rows = iter(answer.rows)
        first = list(islice(rows, _MOST_BOXED + 1))
        boxed = None
        if len(first) <= _MOST_BOXED:
            boxed = _boxed(answer._replace(rows=first), style)
        with paged(len(first) if boxed is None else boxed.count("\n")) as out:
            if boxed is None:
                total = () if answer.total is None else (answer.total,)
                _write_plain(answer._replace(rows=chain(first, rows, total)), out, brief=True)
            else:
                out.write(boxed)
    else:
        _write_plain(answer, out, live)


def show_fields(answer: Answer) -> None:
    """Write each row to standard output as lines, one for each column that is not empty."""
    width = max(width_of(column.name) for column in answer.columns)
    for row in answer.rows:
        for column, value in zip(answer.columns, row, strict=True):
            if value is not None and value is not False:
                text = printable(_text(column, value, answer.decimals))
                sys.stdout.write(f"{column.name:{width}}  {text}\n")


def show_object(value: dict[str, Any]) -> None:
    """Write one JSON object to standard output."""
    import json

    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def show_line(value: dict[str, Any]) -> None:
    """Write one JSON object as a line to standard output, at once."""
    show_lines([value])


def show_lines(values: Iterable[dict[str, Any]]) -> None:
    """Write JSON objects to standard output, each as a line, at once."""
    sys.stdout.write("".join(_json(value) + "\n" for value in values))
    sys.stdout.flush()


@cache
def _encoder() -> Callable[[object], str]:
    import json  # A table needs none of it.

    # `json.dumps` would make one anew for each value.
    return json.JSONEncoder(ensure_ascii=False).encode


def _json(value: object) -> str:
    return _encoder()(value)


def _objects(answer: Answer) -> Iterator[dict[str, Any]]:
    shown = [column for column in answer.columns if column.only in (*_MACHINE, "json")]
    names = [column.name for column in shown]
    quantities = [column.name for column in shown if column.kind in _QUANTITIES]
    for row in _shown(answer, *_MACHINE, "json"):
        value = dict(zip(names, row, strict=True))
        if answer.decimals:
            for name in quantities:
                if value[name] is not None:
                    value[name] = exact(value[name], answer.decimals)
        yield value


def _shown(answer: Answer, *only: str | None) -> Iterable[Sequence[Any]]:
    """Return the rows with the values of such columns alone."""
    shown = [n for n, column in enumerate(answer.columns) if column.only in only]
    if len(shown) == len(answer.columns):
        return answer.rows
    return ([row[n] for n in shown] for row in answer.rows)


def _write_json_list(objects: Iterator[dict[str, Any]], out: IO[str]) -> None:
    separator = "[\n"
    for value in objects:
        out.write(separator + "  " + _json(value))
        separator = ",\n"
    out.write("[]\n" if separator == "[\n" else "\n]\n")


def _write_csv(answer: Answer, out: IO[str], live: bool) -> None:
    import csv  # Only this format needs it.

    shown = [column for column in answer.columns if column.only in _MACHINE]
    # Text, whole numbers and None are written by `csv` as they are.
    others = [
        (at, column)
        for at, column in enumerate(shown)
        if column.kind in ("details", "flag", "numbers")
        or (answer.decimals and column.kind in _QUANTITIES)
    ]
    csv.writer(out, lineterminator="\n").writerow([column.name for column in shown])
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    quoting_writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    for row in _shown(answer, *_MACHINE):
        cells = [*row]
        for at, column in others:
            cells[at] = _text(column, cells[at], answer.decimals, plus=False)
        writer.writerow(cells)
        text = written.getvalue()
        written.seek(0)
        written.truncate()
        if "\r" in text:
            # Python before 3.13 leaves a lone carriage return without quotes.
            quoting_writer.writerow(cells)
        else:
            out.write(text)
        if live:
            out.flush()


def _text(column: Column, value: Any, decimals: int, plus: bool = True, brief: bool = False) -> str:
    if value is None:
        return ""
    if column.kind in _QUANTITIES:
        sign = "+" if plus and column.kind == "change" and value > 0 else ""
        return sign + format_quantity(value, decimals)
    if column.kind == "numbers":
        return " ".join(map(str, value))
    if column.kind in ("details", "flag") or isinstance(value, bool):
        return _json(value)
    if column.kind == "moment" and brief:
        return str(value)[: len("2022-03-15T14:30")].replace("T", " ")
    return str(value)


def _cells(answer: Answer, boxed: bool, brief: bool) -> tuple[list[Column], Iterator[list[str]]]:
    """Return the columns that a table shows, and its rows as text; `brief` cuts moments short."""
    shown = [
        n
        for n, column in enumerate(answer.columns)
        if column.only is None or column.only == "table" or (boxed and column.only == "terminal")
    ]
    columns = [answer.columns[n] for n in shown]
    return columns, (
        [printable(_text(answer.columns[n], row[n], answer.decimals, brief=brief)) for n in shown]
        for row in answer.rows
    )


def _is_number(column: Column) -> bool:
    return column.kind in ("number", *_QUANTITIES)


def _write_plain(answer: Answer, out: IO[str], live: bool = False, brief: bool = False) -> None:
    columns, rows = _cells(answer, boxed=False, brief=brief)
    first = [] if live else list(islice(rows, _SIZING_ROWS))
    header = [column.name for column in columns]
    widths = [max(map(width_of, cells)) for cells in zip(header, *first, strict=True)]
    for cells in chain([header], first, rows):
        padded = []
        for column, cell, width in zip(columns, cells, widths, strict=True):
            blanks = " " * (width - width_of(cell))
            padded.append(blanks + cell if _is_number(column) else cell + blanks)
        out.write("  ".join(padded).rstrip() + "\n")
        if live:
            out.flush()


# How narrow a column of text may become, whose words are folded; and one of a remark, which is cut.
_NARROWEST, _SHORTEST = 12, 8


def _boxed(answer: Answer, style: RowStyle) -> str | None:
    """Return a table in a box, if the terminal is wide enough for all that must be in it."""
    from rich.box import ROUNDED
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    styles = [style(row) for row in answer.rows]
    answer = _with_bars(answer)
    if answer.total is not None:
        answer = answer._replace(rows=[*answer.rows, answer.total])
        styles.append("bold")
    columns, cells = _cells(answer, boxed=True, brief=True)
    rows = list(cells)
    # What is empty throughout only takes the room that the rest needs.
    shown = [n for n in range(len(columns)) if not rows or any(row[n] for row in rows)]
    widest = [
        max(map(width_of, [columns[n].name, *(row[n] for row in rows)]))
        for n in range(len(columns))
    ]
    room = [_room(column, width) for column, width in zip(columns, widest, strict=True)]
    while (left := console.width - 1 - sum(room[n] + 3 for n in shown)) < 0:
        spared = _least(columns, rows, shown)
        if spared is None:
            return None
        shown.remove(spared)
    table = Table(header_style="bold", box=ROUNDED)
    for n in shown:
        more = min(left, widest[n] - room[n])
        left -= more
        table.add_column(
            Text(columns[n].name),
            justify="right" if _is_number(columns[n]) else "left",
            overflow="ellipsis" if columns[n].kind in _CUT else "fold",
            no_wrap=columns[n].kind != "text",
            width=room[n] + more,
        )
    for row, row_style in zip(rows, styles, strict=True):
        if row is rows[-1] and answer.total is not None:
            table.add_section()
        texts = (Text(row[n], style=_cell_style(columns[n], row[n])) for n in shown)
        table.add_row(*texts, style=row_style)
    with console.capture() as captured:
        console.print(table)
    return captured.get()


def _least(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], shown: list[int]
) -> int | None:
    """Return which of the columns that are shown says least: one that can be spared, or else one
    that is the same in every row; None where all are needed.
    """
    if spare := [n for n in shown if columns[n].spare]:
        return max(spare, key=lambda n: columns[n].spare)
    same = [n for n in shown[1:] if len(rows) > 1 and len({row[n] for row in rows}) == 1]
    return same[-1] if same else None


def _cell_style(column: Column, cell: str) -> str:
    return "red" if column.kind == "level" and cell.startswith("-") else ""


_CUT = ("remark", "details")


def _room(column: Column, widest: int) -> int:
    """Return how many cells a column needs at least, whose widest cell or name has so many."""
    narrowest = _SHORTEST if column.kind in _CUT else _NARROWEST
    return (
        max(min(narrowest, widest), width_of(column.name))
        if column.kind in (*_CUT, "text")
        else widest
    )


def _with_bars(answer: Answer) -> Answer:
    rows = [list(row) for row in answer.rows]
    for n, column in enumerate(answer.columns):
        if column.kind == "bar":
            largest = max((row[n] for row in rows), default=0)
            for row in rows:
                row[n] = bar(row[n], largest)
    return answer._replace(rows=rows)


def bar(value: int, largest: int, width: int = 12) -> str:
    """Return a bar whose length shows a quantity against the largest; empty at or below zero."""
    if value <= 0 or largest <= 0:
        return ""
    whole, eighths = divmod(max(1, value * width * 8 // largest), 8)
    return "█" * whole + " ▏▎▍▌▋▊▉"[eighths].strip()

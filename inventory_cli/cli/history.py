"""Knows the command that tells what happened to a SKU: its timeline.

Must never know how the log is read.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Annotated, Any

import typer

from inventory_cli.actions import ask
from inventory_cli.actions.ask import Entry
from inventory_cli.cli import options
from inventory_cli.cli.completion import complete_sku
from inventory_cli.cli.lazy import But
from inventory_cli.cli.options import ledger_path
from inventory_cli.cli.shared import Between
from inventory_cli.core.charts import Point, step_chart
from inventory_cli.core.dates import local_time, show_day, show_effective, show_moment
from inventory_cli.core.descriptions import facts_in, in_words
from inventory_cli.core.events import DESCRIBED, unpack_details
from inventory_cli.core.periods import named_in
from inventory_cli.core.quantities import format_quantity
from inventory_cli.core.spans import parse_from, parse_to
from inventory_cli.render import Answer, Column, show
from inventory_cli.storage.ledger_file import Ledger, open_ledger
from inventory_cli.terminal import is_terminal, line, width_of_terminal

_HISTORY = (
    Column("position", "number"),
    Column("effective_at", "moment"),
    Column("kind"),
    Column("location", spare=3),
    Column("change", "change"),
    Column("on_hand", "level"),
    Column("", "bar", only="terminal", spare=4),
    Column("reason", "remark", spare=2),
    Column("reference", "remark", spare=5),
    Column("recorded_at", "moment", spare=6),
    Column("note", "remark", only="table", spare=1),
    Column("sku", only="machine"),
    Column("batch", "number", only="machine"),
    Column("voided_by", "number", only="machine"),
    Column("late", "flag", only="machine"),
    Column("unit_cost", only="machine"),
    Column("id", only="machine"),
    Column("details", "details", only="machine"),
)
_NOTE, _LATE = (
    next(n for n, column in enumerate(_HISTORY) if column.name == name) for name in ("note", "late")
)
# More entries are not drawn.
_MOST_DRAWN = 20_000


def history(
    context: typer.Context,
    sku: Annotated[
        str,
        typer.Argument(
            metavar="SKU",
            help="The SKU, to the letter.",
            callback=options.clean_sku,
            autocompletion=complete_sku,
        ),
    ],
    asked: Annotated[Between, But("skus")],
    last: Annotated[
        str | None, typer.Option("--last", metavar="N", help="Only the last N entries.")
    ] = None,
    reverse: Annotated[bool, typer.Option("--reverse", help="The newest first.")] = False,
) -> None:
    """
    Examples:
        inventory history XYZ-1
        inventory history XYZ-1 --from 2022-03 --to 2022-03
        inventory history XYZ-1 --last 5 --reverse
        inventory history MUG-BLUE --location shop --format jsonl
    """
    count = None if last is None else options.parse_number(last, "--last")
    with open_ledger(ledger_path(context)) as ledger:
        moment = options.moment_asked(ledger)
        first = parse_from(asked.start, moment, ledger.zone)
        known = options.parse_known(ledger, asked.known_at, moment)
        cut = ask.cut_at(ledger, parse_to(asked.end, moment, ledger.zone), known)
        entries: Iterator[Entry] = ask.history(ledger, sku, asked.location, first, cut)
        if count is not None or reverse:
            latest = deque(entries, count)
            entries = reversed(latest) if reverse else iter(latest)
        # So many can be drawn; more are told one by one.
        few = list(islice(entries, _MOST_DRAWN))
        if asked.format == "table" and is_terminal() and 1 < len(few) < _MOST_DRAWN:
            _draw(ledger, sorted(few, key=_place))
        if asked.format == "table" and is_terminal():
            _name(ledger, sku, cut)
        rows = (_history_row(ledger, entry) for entry in chain(few, entries))
        show(Answer(_HISTORY, rows, ledger.decimals), asked.format, _history_style)
        if not few:
            options.note_nothing(ledger, [sku], asked.location, "in that time")


def _name(ledger: Ledger, sku: str, cut: ask.Cut) -> None:
    """Say what the SKU is called, if that is known."""
    from inventory_cli.actions.descriptions import names  # Nothing else here needs them.

    if name := names(ledger, cut.head, cut.as_of, [sku]).get(sku):
        line(f"{sku}: {name}")


def _place(entry: Entry) -> tuple[str, int]:
    return entry.event.effective_at, entry.event.position


def _draw(ledger: Ledger, entries: Sequence[Entry]) -> None:
    """Draw on hand over time; counts, late entries and voided ones are marked below."""
    points = [
        Point(
            local_time(entry.event.effective_at, ledger.zone).timestamp(),
            entry.on_hand,
            _mark(entry),
        )
        for entry in entries
    ]
    levels = [entry.on_hand for entry in entries]
    low = min(0, *levels)
    labels = (
        format_quantity(max(0, *levels), ledger.decimals),
        "0",
        format_quantity(low, ledger.decimals) if low else "",
    )
    for text in step_chart(points, labels, width_of_terminal()):
        line(text)
    first, last = (show_day(entries[at].event.effective_at, ledger.zone) for at in (0, -1))
    legend = {_mark(entry): _WORDS[_mark(entry)] for entry in entries if _mark(entry)}
    words = "".join(f", {mark} {word}" for mark, word in sorted(legend.items()))
    line(f"{first} to {last}{words}")


_WORDS = {"◆": "counted", "!": "late", "×": "voided"}


def _mark(entry: Entry) -> str:
    if entry.voided_by is not None:
        return "×"
    return "◆" if entry.event.kind == "counted" else "!" if entry.late else ""


def _history_row(ledger: Ledger, entry: Entry) -> tuple[Any, ...]:
    event = entry.event
    return (
        event.position,
        show_effective(event.effective_at, event.date_only, ledger.zone),
        event.kind,
        event.location,
        entry.change,
        entry.on_hand,
        entry.on_hand,
        event.reason,
        event.reference,
        show_moment(entry.recorded_at, ledger.zone),
        _note(entry),
        event.sku,
        event.batch,
        entry.voided_by,
        entry.late,
        event.unit_cost,
        event.id,
        unpack_details(event.details) or None,
    )


def _note(entry: Entry) -> str:
    notes = ["late"] if entry.late else []
    if closed := named_in(entry.event.details):
        notes.append(f"into closed {closed}")
    if entry.event.kind == DESCRIBED:
        notes.append(in_words(facts_in(entry.event.details)))
    if entry.event.kind == "reversed":
        notes.insert(0, f"voids {entry.event.reverses}")
    if entry.voided_by is not None:
        notes.append(f"voided by {entry.voided_by}")
    return ", ".join(notes)


def _history_style(row: Sequence[Any]) -> str | None:
    note = row[_NOTE]
    if note.startswith("voids"):
        return "dim"
    if "voided by" in note:
        return "dim strike"
    return "yellow" if row[_LATE] else None

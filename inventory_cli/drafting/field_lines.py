"""Knows how the lines of a draft say which column is which field, and which rows are none.

Must never know how a file is spelled.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC
from itertools import chain
from shlex import quote
from typing import NamedTuple

from inventory_cli.core.quantities import format_quantity
from inventory_cli.core.wording import and_more, count_of
from inventory_cli.drafting.facts import NUMBERS, Facts
from inventory_cli.drafting.rivals import knows_most
from inventory_cli.drafting.survey import Column
from inventory_cli.drafting.tendencies import FirstRow
from inventory_cli.drafting.toml_text import comment, either, entry, listed, quoted
from inventory_cli.drafting.words import is_known, is_total, is_void, is_waiting
from inventory_cli.importing.columns import folded
from inventory_cli.importing.date_formats import ISO, parse_as
from inventory_cli.importing.directions import ARRIVES, LEAVES
from inventory_cli.importing.profile_keys import FIELDS, OPTIONAL, UNDECIDED

_BILLIONTHS = 9


class Opening(NamedTuple):
    """What was there of a SKU before a date; the place is empty where the file names none."""

    sku: str
    place: str
    quantity: str
    date: str


_MOST_OPENINGS = 20


def column_lines(facts: Facts) -> list[str]:
    """Return which column is which field, and why others are none."""
    lines = []
    chosen = facts.chosen
    for field in FIELDS:
        column = facts.column(field)
        if field in chosen.undecided:
            lines.append(_undecided(facts, field))
        elif column is not None:
            spare = [facts.spare[field].header] if field in facts.spare else []
            headers = facts.given.columns.get(field) or [column.header, *spare]
            lines.append(entry(field, either(headers), _remark(facts, field, column)))
    missing = {"date", "sku"} - chosen.fields.keys() - facts.given.constants.keys()
    if any(re.match("(# )?date ", line) for line in facts.directions.constants):
        missing.discard("date")
    missing |= set() if chosen.has_quantity() else {"quantity"}
    missing -= chosen.undecided.keys()
    for field in FIELDS:
        if field in missing:
            lines.append(entry(field, quoted("?"), "no column was found for it", sure=False))
            facts.doubts.note(field, f"no column was found for the {field}")
    if "location" not in {*chosen.fields, *chosen.undecided} and not chosen.places:
        for n in _unused(facts):
            if _is_unknown_text(facts, n):
                facts.doubts.note("location", f"whether {_counted(facts, n)} says where")
    before = facts.column("before")
    if before is not None and "balance" not in chosen.fields and chosen.is_movements():
        what = f"whether there was stock before the first row: {quoted(before.header)} may say so"
        facts.doubts.note("opening", what)
    lines += map(comment, chosen.remarks)
    if kept := [_counted(facts, n) for n in _unused(facts)]:
        lines.append(comment(f"No field, so kept in the details: {', '.join(kept)}"))
    return lines


def _is_unknown_text(facts: Facts, n: int) -> bool:
    """Tell whether nothing says what a column of words is, in a language that is not known."""
    columns = facts.survey.columns
    return (
        not knows_most(columns)
        and not is_known(columns[n].header)
        and columns[n].values > 1
        and not (columns[n].is_numeric or columns[n].dated)
    )


def _unused(facts: Facts) -> list[int]:
    chosen = facts.chosen
    used = {index for field, index in chosen.fields.items() if field in FIELDS}
    used |= {facts.survey.columns.index(column) for column in facts.spare.values()}
    used |= {*chosen.places, *chosen.ways, *chain(*chosen.undecided.values())}
    return [n for n in range(len(facts.survey.columns)) if n not in used]


def _counted(facts: Facts, n: int) -> str:
    """Return a column with how many different cells it has."""
    column = facts.survey.columns[n]
    name = quoted(column.header or f"column {n + 1}")
    return f"{name} ({count_of(column.values, 'value')})"


def _undecided(facts: Facts, field: str) -> str:
    """Return a line with which an import stops until a column is named in it."""
    columns = [facts.survey.columns[n] for n in facts.chosen.undecided[field]]
    if not columns:
        places = ", ".join(map(quoted, facts.chosen.places.values()))
        facts.doubts.note(field, f"whether {places} are places")
        return entry(field, quoted(UNDECIDED), f"are {places} places? then delete this line")
    names = [f"{quoted(c.header)} ({count_of(c.values, 'value')})" for c in columns]
    advice = "; or delete the line, if none of them" if field == "location" else ""
    which = f"which one is it? {' or '.join(names)}{advice}"
    facts.doubts.note(field, f"which column is the {field}: {' or '.join(names)}")
    return entry(field, quoted(UNDECIDED), which)


def _remark(facts: Facts, field: str, column: Column) -> str:
    """Return what is to be known of a column that holds a field."""
    same = [other for other in facts.survey.columns if other.header == column.header]
    remarks = []
    if len(same) > 1:
        remarks.append(f"{len(same)} columns are named so: where they differ, rows are bad")
    if field == "id" and facts.seen.equal_ids:
        remarks.append(f"rows equal to an earlier one, recorded once: {facts.seen.equal_ids}")
    if field == "date" and column.no_date:
        count = count_of(column.filled - column.dated, "cell")
        remarks.append(f"{count} of another sort, such as {column.no_date!r}: bad rows")
    if field in NUMBERS and column.no_number:
        count = count_of(column.filled - column.numbers[facts.mark], "cell")
        remarks.append(f"{count} that are no numbers, such as {column.no_number!r}: bad rows")
    return "; ".join(remarks)


def place_lines(facts: Facts) -> list[str]:
    """Return the columns that hold the quantity at a place each."""
    columns = facts.survey.columns
    return [entry(quoted(columns[n].header), quoted(at)) for n, at in facts.chosen.places.items()]


def way_lines(facts: Facts) -> list[str]:
    """Return the columns that hold the quantity of a kind each."""
    columns = facts.survey.columns
    return [entry(quoted(columns[n].header), quoted(way)) for n, way in facts.chosen.ways.items()]


def constant_lines(facts: Facts) -> list[str]:
    """Return what is the same in every row."""
    given = facts.given.constants
    lines = [entry(field, quoted(text)) for field, text in given.items()]
    lines += facts.directions.constants
    for column in facts.survey.columns:
        # Without this an import would take the column for the field, by its name.
        field = next((f for f in OPTIONAL if _is_named(column.header, f)), None)
        if field and column.filled and field not in facts.chosen.fields and field not in given:
            lines.append(entry(field, quoted(""), "so that the column of this name is no field"))
    return lines


def _is_named(header: str, field: str) -> bool:
    return folded(header) == folded(field)


def rule_lines(facts: Facts) -> list[str]:
    """Return which rows are no movements, and which perhaps are none."""
    lines = []
    status = facts.column("status")
    states = {} if status is None else status.words or {}
    void = {word: n for word, n in states.items() if is_void(word)}
    waiting = {word: n for word, n in states.items() if is_waiting(word) and word not in void}
    if status and void:
        lines += ["", comment(f"Never happened: {listed(void)}")]
        lines += _rule(status.header, void)
    if status and waiting:
        lines += ["", comment(f"Perhaps did not happen yet: {listed(waiting)}; to leave them out:")]
        lines += [f"# {line}" for line in _rule(status.header, waiting)]
    sku = facts.column("sku")
    totals = {} if sku is None else {w: n for w, n in (sku.words or {}).items() if is_total(w)}
    if sku and totals:
        lines += ["", comment(f"Rows that add up the others: {listed(totals)}")]
        lines += _rule(sku.header, totals)
    for field in ("date", "sku", "quantity"):
        column = facts.column(field)
        if column is not None and column.empty:
            where = f"{column.empty}, the first in line {column.first_empty}"
            lines += ["", comment(f"Bad, without {column.header!r}: {where}; to leave them out:")]
            lines += [f"# {line}" for line in _rule(column.header, [""])]
    return lines


def _rule(header: str, texts: Iterable[str]) -> list[str]:
    return ["[[leave_out]]", entry(quoted(header), either(texts))]


def openings(facts: Facts) -> list[Opening]:
    """Return what was there before the first row of each stream, if the balances prove it."""
    proof = facts.chosen.proof
    if proof is None or (proof.bad and not proof.claim.keys):
        return []
    found = []
    for (sku, place), first in facts.seen.first_rows.items():
        if was := _before(facts, first):
            shown = format_quantity(was, _BILLIONTHS).rstrip("0").rstrip(".")
            found.append(Opening(sku, place, shown, _day(facts, first.date)))
    return found


def _day(facts: Facts, text: str) -> str:
    """Return a date of the file as every command reads it: in ISO 8601."""
    column = facts.column("date")
    for format in column.likely_formats() if column else ():
        when = None if format == ISO else parse_as(text, format, UTC)
        if when is not None:
            return when.day.isoformat()
    return text


def opening_lines(facts: Facts, found: Sequence[Opening]) -> list[str]:
    """Return how opening balances are recorded first, as comments."""
    if not found:
        return []
    facts.doubts.note(
        "opening",
        f"whether {count_of(len(found), 'stream')} had stock before the first row, as the balances "
        "say: see the end",
    )
    lines = ["", "# Before the first row there was stock, by the balances. To record it first:"]
    for sku, place, quantity, date in found[:_MOST_OPENINGS]:
        at = f" --location {quote(place)}" if place else ""
        lines.append(comment(f"inventory open {quote(sku)} {quantity} --on {quote(date)}{at}"))
    return lines + [comment(more) for more in and_more(len(found) - _MOST_OPENINGS)]


def _before(facts: Facts, first: FirstRow) -> int | None:
    """Return what was there before a row; None where that is not known, or the row itself says."""
    kind = facts.directions.meant.get(first.word)
    if kind in ("opened", "counted"):
        return None
    if first.before is not None:
        return first.before
    sign = 1
    if facts.directions.signed == "inverted":
        sign = -1
    elif facts.directions.signed is None and "quantity" in facts.chosen.fields:
        sign = 1 if kind in ARRIVES else -1 if kind in LEAVES else 0
    was = first.balance - sign * first.moved
    return was if sign and was > 0 else None

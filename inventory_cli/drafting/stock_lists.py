"""Knows of when an unknown list of stock is, and whether its rows have to be added up.

Must never know how a profile is written.
"""

import re
from collections.abc import Sequence

from inventory_cli.core.wording import count_of
from inventory_cli.drafting.by_name import Chosen
from inventory_cli.drafting.doubts import Doubts
from inventory_cli.drafting.tendencies import Tendencies
from inventory_cli.drafting.toml_text import entry, quoted
from inventory_cli.drafting.words import kind_of, meanings

# A day in a file's name, as an import finds it there.
_DAY = re.compile(
    r"(?<!\d)(?:\d{4}[-_.]?[01]\d[-_.]?[0-3]\d|[0-3]?\d\.[01]?\d\.\d{4})(?!\d)", re.ASCII
)


def explain_stock_list(
    name: str,
    chosen: Chosen,
    seen: Tendencies,
    headers: Sequence[str],
    constants: list[str],
    signs: list[str],
    doubts: Doubts,
) -> None:
    """Add to `constants` what sort of fact every row is, and of when, and to `signs` whether rows
    are added up. Columns that are no fields of a list are taken out.
    """
    fields = chosen.fields
    # What was there before tells of one row after the other: the last one stands.
    is_log = {"before", "date"} <= fields.keys()
    if not is_log:
        _leave_other_days(chosen, seen, headers)
    for field in ("balance", "before"):
        fields.pop(field, None)
    repeated = seen.moments if "date" in fields else seen.spots
    adds_up = repeated.example is not None and "sku" in fields and not is_log
    if repeated.example is not None and adds_up:
        first, line, sku = repeated.example
        where = f"{repeated.rows}, as {sku!r} on lines {first} and {line}"
        if repeated.rows == seen.same_figures:
            signs += [
                f"# Rows that repeat a SKU, place and figure: {where}. Say which it is:",
                entry("add_up", "true", "lots, bins or variants, which make the whole", sure=False),
                entry("once", "true", "each row states the whole", sure=False),
            ]
            doubts.note("quantity", "whether rows of one SKU and place are added up")
            adds_up = False
        else:
            why = f"rows that repeat a SKU and place: {where}; lots, bins or variants?"
            signs.append(entry("add_up", "true", why))
    if adds_up:
        for field in ("id", *(("unit_cost",) if seen.has_differing_costs else ())):
            if field in fields:
                header = headers[fields.pop(field)]
                chosen.remarks.append(
                    f"{header!r} is not taken for the {field}: rows that are added up have one"
                )
    opens = kind_of(name) == "opened" or (
        "quantity" in fields and meanings(headers[fields["quantity"]]).has("before")
    )
    kinds = ("opened", "counted") if opens else ("counted", "opened")
    remark = f'a list of what is there; or "{kinds[1]}"'
    if "date" in fields and seen.spots.rows and not adds_up:
        remark += f"; it lists {count_of(len(seen.days), 'day')}, of which the last one stands"
    constants.append(entry("type", quoted(kinds[0]), remark))
    if "date" not in fields:
        constants.append(day_of_list(name, doubts))


def day_of_list(name: str, doubts: Doubts) -> str:
    """Return the line that says of when a list is that has no dates."""
    if found := _DAY.search(name):
        return entry("date", quoted("file-name"), f"as the name says: {found[0]}")
    doubts.note("date", "of when the list is: it has no dates")
    return entry("date", quoted("today"), "the file has no dates: say when it was so", sure=False)


def _leave_other_days(chosen: Chosen, seen: Tendencies, headers: Sequence[str]) -> None:
    """Take no date for that of a list that is when something else happened, or of which several
    rows of one SKU and place have different ones, unless whole days are listed.
    """
    index = chosen.fields.get("date")
    if index is None:
        return
    means = meanings(headers[index])
    # A plain date may be that of a history, unless something else tells the rows apart.
    is_history = not means.has("changed", "other") and not any(
        meanings(header).has("batch", "bin", "other") for header in headers
    )
    scattered = seen.spots.rows > seen.moments.rows and 2 * len(seen.days) > sum(seen.days.values())
    scattered = scattered and not is_history
    why = ""
    if means.has("in", "received", "out", "sold", "returned"):
        why = "it says when goods came or went, not when the list was made"
    elif scattered:
        why = "rows of one SKU and place have different ones, so it is not that of the list"
    if why:
        del chosen.fields["date"]
        chosen.remarks.append(f"{headers[index]!r} is not taken for the date: {why}")

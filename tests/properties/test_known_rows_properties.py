"""Which rows of a file are recorded already, with ids and without, against counting by hand."""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from inventory_cli.actions.import_file import import_file
from inventory_cli.actions.imported import Choices
from inventory_cli.actions.reverse import reverse_event
from inventory_cli.core.rules import Facts
from inventory_cli.importing.profile import Profile
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.log import events_between
from tests.properties.lives import NOW, ORIGIN, new_ledger, on_file


class Said(NamedTuple):
    """A row: what it looks like, and its id. One id stands for one look, or rows would be bad."""

    quantity: int
    id: str


looks = st.sampled_from((1, 2))
ids = st.sampled_from(("", "", *"abcd"))
rows = st.lists(st.builds(lambda look, key: Said(look, key and f"{key}{look}"), looks, ids))


def as_csv(rows: Sequence[Said]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("date", "sku", "type", "quantity", "id"))
    writer.writerows(("2022-05-02", "A", "received", row.quantity, row.id) for row in rows)
    return out.getvalue().encode()


def taken_in(ledger: Ledger, rows: Sequence[Said], overlap: str) -> int:
    imported = import_file(
        ledger,
        io.BytesIO(as_csv(rows)),
        ORIGIN,
        Profile(overlap=overlap),
        Choices(),
        lambda: NOW,
    )
    assert not imported.is_refused
    assert imported.reading.read == len(rows) == imported.appended + imported.skipped
    return imported.appended


def recorded(ledger: Ledger) -> list[Said]:
    events = [e for piece in events_between(ledger, range(1, 10_000)) for e in piece]
    return [Said(e.quantity, e.id or "") for e in events if e.kind == "received"]


def new_of(before: Sequence[Said], rows: Sequence[Said]) -> Counter[Said]:
    """Return which rows are new, as one would strike them out on two sheets of paper."""
    sheet = list(before)
    # First all that have the id of something recorded, or of a row further up.
    left: list[Said] = []
    for row in rows:
        if row.id and row in sheet:
            sheet[sheet.index(row)] = row._replace(id="struck out " + row.id)
        elif not (row.id and (row in left or Said(row.quantity, "struck out " + row.id) in sheet)):
            left.append(row)
    sheet = [one for one in sheet if "struck out" not in one.id]
    new: Counter[Said] = Counter()
    # Then those whose id is not known, against what has none, and at last those without an id.
    for row in sorted(left, key=lambda row: row.id == ""):
        fitting = [one for one in sheet if one.quantity == row.quantity]
        if row.id:
            fitting = [one for one in fitting if not one.id]
        if fitting:
            sheet.remove(max(fitting, key=lambda one: one.id))
        else:
            new[row] += 1
    return new


@on_file
@given(rows, rows, st.lists(st.integers(0, 20), max_size=3))
def test_as_many_rows_are_new_as_nothing_answers_for(
    first: list[Said], second: list[Said], void: list[int]
) -> None:
    with new_ledger("UTC") as ledger:
        taken_in(ledger, first, "keep")
        before = recorded(ledger)
        assert Counter(before) == new_of([], first)
        # What was voided is still known.
        for place in {place for place in void if place < len(before)}:
            reverse_event(
                ledger, ORIGIN, place + 1, Facts("mistake"), lambda: NOW, allow_negative=True
            )
        appended = taken_in(ledger, second, "skip")
        expected = new_of(before, second)
        assert appended == expected.total()
        by_look = Counter(row.quantity for row in recorded(ledger)[len(before) :])
        assert by_look == Counter(row.quantity for row in expected.elements())
        assert taken_in(ledger, second, "skip") == 0

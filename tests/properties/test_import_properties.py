"""A file records the same as its rows one by one, and is refused when the model refuses."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from inventory_cli.actions.file_lines import Lines
from inventory_cli.actions.import_file import import_file
from inventory_cli.actions.imported import Choices
from inventory_cli.core.events import Event
from inventory_cli.importing.profile import Profile
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.log import pieces
from inventory_cli.storage.stock import stored_states
from tests.properties.lives import (
    NOW,
    ORIGIN,
    Both,
    Deed,
    Entry,
    live,
    lives,
    new_ledger,
    on_file,
    possible,
    seen,
    stories,
    tell,
    typed,
    zones,
)


def as_csv(story: Sequence[Entry], delimiter: str) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    header = "date sku type quantity location to_location reason last_incoming last_outgoing"
    writer.writerow(header.split())
    for entry in story:
        fact, target = entry[0], entry[1].location if len(entry) > 1 else ""
        writer.writerow(
            [
                typed(fact.on),
                fact.sku,
                fact.kind,
                fact.quantity if fact.kind == "adjusted" else abs(fact.quantity),
                fact.location,
                target,
                "miscount" if fact.kind == "adjusted" else "",
                fact.last_incoming or "",
                fact.last_outgoing or "",
            ]
        )
    return out.getvalue().encode()


def counted_once(story: Sequence[Entry]) -> list[Entry]:
    """Leave out what a file may not say twice: a second count, or opening, of one moment."""
    seen: set[tuple[object, ...]] = set()
    kept = []
    for entry in story:
        fact = entry[0]
        spot = (fact.kind, fact.sku, fact.location, fact.on)
        if fact.kind not in ("counted", "opened") or spot not in seen:
            kept.append(entry)
        seen.add(spot)
    return kept


delimiters = st.sampled_from(",;\t|")


def whole_log(ledger: Ledger) -> list[tuple[Any, ...]]:
    columns = ", ".join(name for name in Event._fields if name != "batch")
    return [row for rows in pieces(ledger, columns, ledger.head().position) for row in rows]


@on_file
@given(stories, zones, delimiters)
def test_a_file_records_the_same_as_its_rows_one_by_one(
    story: list[Entry], zone: str, delimiter: str
) -> None:
    story = possible(counted_once(story), zone)
    with new_ledger(zone, "allow") as by_hand, new_ledger(zone, "allow") as ledger:
        for entry in story:
            tell(by_hand, entry)
        imported = import_file(
            ledger, io.BytesIO(as_csv(story, delimiter)), ORIGIN, Profile(), Choices(), lambda: NOW
        )
        assert (imported.reading.read, imported.appended) == (len(story), len(story))
        assert whole_log(ledger) == whole_log(by_hand)
        assert stored_states(ledger) == stored_states(by_hand)


@on_file
@given(lives, stories.filter(bool), zones, delimiters)
def test_a_file_is_refused_exactly_when_the_model_refuses_its_rows_together(
    life: list[Deed], story: list[Entry], zone: str, delimiter: str
) -> None:
    story = counted_once(story)
    with new_ledger(zone) as ledger:
        both = Both(ledger)
        live(both, life, [0])
        facts = [fact for entry in story for fact in entry]
        refusals = both.slow.refusals(facts, allow_negative=False)
        before = (ledger.head(), stored_states(ledger))
        imported = import_file(
            ledger,
            io.BytesIO(as_csv(story, delimiter)),
            ORIGIN,
            Profile(overlap="keep"),
            Choices(),
            lambda: NOW,
        )
        found = {(problem.sku, problem.location): problem for problem, _ in imported.problems}
        assert found.keys() == refusals.keys()
        if refusals:
            assert (ledger.head(), stored_states(ledger)) == before
            assert imported.appended == 0
        else:
            both.slow.record(facts)
            assert seen(ledger, stored_states(ledger)) == both.slow.stock()


@given(st.lists(st.integers(1, 2**31), max_size=50), st.booleans(), st.integers(0, 50))
def test_lines_are_kept_for_every_event(lines: list[int], in_order: bool, part: int) -> None:
    expected = list(range(len(lines))) if in_order else lines
    kept = Lines()
    kept.extend(expected[:part])
    kept.extend(expected[part:])
    assert len(kept) == len(expected)
    assert [kept[event] for event in range(len(kept))] == expected

"""Knows how the seam between a ledger and the one before it is checked: from one to the next,
nothing was lost, added or changed. Must never take one of the two at its word.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, zip_longest

from inventory_cli.actions.rollover import carried, openings
from inventory_cli.audit.scan import UNREADABLE, unreadable
from inventory_cli.audit.seam import COMMAND, Seam, read_seam
from inventory_cli.audit.verify import Audit, Checked, Progress, verify
from inventory_cli.core.dates import show_cut, show_day
from inventory_cli.core.differences import compare, describe
from inventory_cli.core.events import Draft, Event, Stream
from inventory_cli.core.quantities import format_quantity
from inventory_cli.core.replay import State
from inventory_cli.core.wording import count_of
from inventory_cli.storage.anchors import find_place
from inventory_cli.storage.batches import Batch, read_batch
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.log import EVENT_COLUMNS, pieces, replay_log, standing_openings
from inventory_cli.storage.snapshots import read_closings

NAME = "previous"
# How many problems are shown of each check of the older ledger, and of the events carried.
MOST_OF_EACH = 5


def with_previous(
    audit: Audit, ledger: Ledger, old: Ledger, progress: Progress = lambda done, total: None
) -> Audit:
    """Add to an audit the check that a ledger begins where an older one ends."""
    problems: list[str] = []
    notes: list[str] = []
    try:
        for found, are_problems in _check(ledger, old, progress):
            (problems if are_problems else notes).append(found)
    except UNREADABLE as error:
        problems.append(unreadable(error))
    names = [check.name for check in audit.checks]
    after = max((n for n, name in enumerate(names, 1) if name in ("chain", "anchor")), default=0)
    checks = [*audit.checks[:after], Checked(NAME, problems, notes), *audit.checks[after:]]
    return audit._replace(checks=checks)


def _check(ledger: Ledger, old: Ledger, progress: Progress) -> Iterator[tuple[str, bool]]:
    """Give what was found, each with whether it is a problem."""
    seam = read_seam(ledger)
    if seam is None:
        yield "this ledger does not follow on another: its first batch is not a rollover", True
        return
    audit = verify(old, progress=progress)
    for check in audit.checks:
        for text in _first_of(check.problems):
            yield f"{old.path.name}: {check.name}: {text}", True
    for field in ("decimals", "timezone", "negative"):
        before, now = getattr(old.settings, field), getattr(ledger.settings, field)
        if before != now:
            yield f"{field} is {now} here, but {before} in {old.path.name}", True
    name, place = old.path.name, find_place(old, seam.anchor)
    if place is None:
        text = (
            f"the head that the rollover names, {str(seam.anchor)[:24]}…, is not on the chain of "
            f"{name}: it was rewritten or cut off, or is another ledger"
        )
        yield text, True
    elif audit.head.position > place.position:
        ends = f"its log ends at {audit.head.position}, the rollover names {place.position}"
        yield f"{name} has gone on since: {ends}", True
    elif audit.head.batch > place.batch:
        yield f"{name} has recorded snapshots since, but no events", False
    if seam.cut not in (closing.as_of for closing in read_closings(old)):
        end = show_cut(seam.cut, ledger.zone)
        yield f"{name} has no period that was closed up to {end}", True
        if place is None:
            return  # There is nothing of it here to compare with.
    for text in _check_contents(ledger, old, seam):
        yield text, True


def _first_of(problems: list[str]) -> list[str]:
    rest = len(problems) - MOST_OF_EACH
    return problems[:MOST_OF_EACH] + ([f"and {rest} more"] if rest > 0 else [])


def _check_contents(ledger: Ledger, old: Ledger, seam: Seam) -> Iterator[str]:
    """Give a problem for each stream that is not opened with what the old log replays to, and for
    what takes effect later and is not carried.
    """
    head = seam.anchor.position
    states = replay_log(old, head, seam.cut)
    batches = [header for number in (2, 3) if (header := _rolled_over(ledger, number))]
    # Where nothing is to be opened, there is no batch that opens it.
    opening = batches.pop(0) if states and batches else None
    if differences := list(_compare_openings(ledger, opening, _by_days(states, old), seam)):
        yield from differences
    else:
        wanted = openings(states, seam.cut, standing_openings(old, head, seam.cut), old)
        yield from _check_openings(wanted, _events_of(ledger, opening))
    yield from _check_carried(ledger, batches[0] if batches else None, old, seam)


def _rolled_over(ledger: Ledger, number: int) -> Batch | None:
    header, first = read_batch(ledger, number), read_batch(ledger, 1)
    if header is None or first is None or header.command != COMMAND:
        return None
    return header if header.source == first.source else None


def _check_openings(wanted: Iterable[Draft], found: Iterable[Event]) -> Iterator[str]:
    """Give the first event that is not as a rollover makes it, where the stock alone agrees."""
    for draft, event in zip_longest(wanted, found):
        if event is None:
            yield f"the openings end before {draft.kind} {draft.sku} at {draft.location}"
        elif draft != event[2:]:
            why = f": another {_differing(draft, event)}" if draft else ""
            yield f"{_in_words(event)} is not as a rollover opens it{why}"
        else:
            continue
        return


def _compare_openings(
    ledger: Ledger, opening: Batch | None, expected: Mapping[Stream, State], seam: Seam
) -> Iterator[str]:
    # Nothing was recorded before it but the closing.
    last = (opening and opening.last_position) or 0
    found = _by_days(replay_log(ledger, last), ledger)
    for difference in compare(expected, found):
        (sku, location), wanted, stands = difference
        if wanted and stands:
            yield f"opened otherwise: {describe(difference, ledger.decimals, ledger.zone)}"
        elif wanted:
            quantity = format_quantity(wanted.on_hand, ledger.decimals)
            yield f"{sku} at {location} is not opened, but {quantity} on hand in {seam.name}"
        elif stands:
            quantity = format_quantity(stands.on_hand, ledger.decimals)
            yield f"{sku} at {location} is opened with {quantity}, but is not in {seam.name}"


def _by_days(states: Mapping[Stream, State], ledger: Ledger) -> dict[Stream, State]:
    """Return states with all that an opening balance can say of them."""

    def day(moment: str | None) -> str | None:
        return moment and show_day(moment, ledger.zone)

    return {
        stream: State(state.on_hand, day(state.last_incoming), day(state.last_outgoing))
        for stream, state in states.items()
    }


def _check_carried(ledger: Ledger, batch: Batch | None, old: Ledger, seam: Seam) -> Iterator[str]:
    first = (batch and batch.first_position) or 0
    # Against what should have been recorded: the events of the old log, under new positions.
    wanted = carried(old, seam.anchor.position, seam.cut, first)
    differ = 0
    for pair, event in zip_longest(wanted, _events_of(ledger, batch)):
        if pair is not None and event is not None and pair[0] == event[2:]:
            continue
        differ += 1
        if differ <= MOST_OF_EACH:
            yield _uncarried(pair, event, seam.name)
    if differ > MOST_OF_EACH:
        yield f"and {count_of(differ - MOST_OF_EACH, 'more event')} not carried as recorded"


def _uncarried(pair: tuple[Draft, Event] | None, event: Event | None, name: str) -> str:
    if pair is None:
        return f"{event and _in_words(event)} was not in {name}"
    draft, before = pair
    there = f"event {before.position} of {name} ({before.kind} {before.sku} at {before.location})"
    if event is None:
        return f"{there} was not carried"
    return f"{there} is not as {_in_words(event)} says: another {_differing(draft, event)}"


def _in_words(event: Event) -> str:
    return f"event {event.position} ({event.kind} {event.sku} at {event.location})"


def _differing(draft: Draft, event: Event) -> str:
    fields = zip(Draft._fields, draft, event[2:], strict=True)
    return ", ".join(name.replace("_", " ") for name, wanted, found in fields if wanted != found)


def _events_of(ledger: Ledger, batch: Batch | None) -> Iterable[Event]:
    if batch is None or batch.first_position is None or batch.last_position is None:
        return ()
    rows = pieces(ledger, EVENT_COLUMNS, batch.last_position, batch.first_position - 1)
    return (Event(*row) for row in chain.from_iterable(rows))

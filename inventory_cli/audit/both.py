"""Knows how two logs are compared across the seam between them, by a way of its own.

Both are replayed, to the cut and to what was carried, as the new one stood when it was made; and
what was carried is read beside what it was. Must never ask the code that makes a seam what it
would make.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, count, islice, takewhile, zip_longest
from typing import NamedTuple

from inventory_cli.audit.carried_costs import Side, carries_any, compare_costs
from inventory_cli.audit.described import check_described, said_at
from inventory_cli.audit.finding import Finding
from inventory_cli.audit.replayed import replayed_at
from inventory_cli.audit.seam import COMMAND, Seam
from inventory_cli.core.dates import END_OF_TIME, shifted, show_day
from inventory_cli.core.differences import Difference, compare, describe, values_of
from inventory_cli.core.events import (
    CARRIED_COSTS,
    OPENING_DETAILS,
    Draft,
    Event,
    Stream,
    is_stock,
    unpack_details,
)
from inventory_cli.core.quantities import format_quantity
from inventory_cli.core.replay import State
from inventory_cli.core.wording import count_of, event_in_words
from inventory_cli.storage.batches import Batch, read_batch, read_end
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.log import (
    events_between,
    last_position,
    read_event,
    reversal_of,
    voided_between,
)

# How many problems of one sort are shown.
MOST_OF_EACH = 5


class _Stretch(NamedTuple):
    """The events that batches of the rollover recorded: the first position, and the last one."""

    first: int
    last: int


class Both:
    """Two ledgers with a seam between them, the new one as it stood when it was made."""

    def __init__(self, new: Ledger, old: Ledger, seam: Seam) -> None:
        self._new, self._old, self._seam = new, old, seam
        self.old_end = min(seam.anchor.position, last_position(old))
        # What differs by now: it does not go on as it should, either.
        self._differing: set[Stream] = set()

    def compare(self) -> Iterator[Finding | str]:
        """Give all in which they differ."""
        end, cut = self.old_end, self._seam.cut
        at_cut, at_end = replayed_at(self._old, end, end, cut)
        known = said_at(self._old, end, cut)
        opening, carrying = self._stretches(bool(at_cut) or any(known.values()))
        opened, gone_on = replayed_at(self._new, carrying.last, opening.last, END_OF_TIME)
        differences = compare(_by_days(at_cut, self._old), _by_days(opened, self._new))
        if differences:
            yield from map(self._opened_otherwise, differences)
        else:
            yield from islice(self._check_openings(opening, at_cut), MOST_OF_EACH)
        positions = range(opening.first, opening.last + 1)
        described = check_described(self._new, positions, cut, known, self._seam.name)
        yield from islice(described, MOST_OF_EACH)
        yield from self._check_costs(opening, at_cut.keys())
        yield from self._check_carried(carrying)
        for difference in compare(_by_days(at_end, self._old), _by_days(gone_on, self._new)):
            if difference.stream not in self._differing:
                yield self._goes_on_otherwise(difference)
        yield from self._check_voided(opening, carrying)

    def _stretches(self, any_opened: bool) -> tuple[_Stretch, _Stretch]:
        """Return what was opened and what was carried; empty where there is no batch for it."""
        batches = [*takewhile(bool, map(self._rolled_over, count(2)))]
        # Where nothing is to be opened, there is no batch that opens it.
        opening = _stretch(batches.pop(0) if any_opened and batches else None, 0)
        carrying = [_stretch(batch, opening.last) for batch in batches]
        if not carrying:
            return opening, _stretch(None, opening.last)
        return opening, _Stretch(carrying[0].first, carrying[-1].last)

    def _rolled_over(self, number: int) -> Batch | None:
        header, first = read_batch(self._new, number), read_batch(self._new, 1)
        if header is None or first is None or header.command != COMMAND:
            return None
        return header if header.source == first.source else None

    def _opened_otherwise(self, difference: Difference) -> Finding:
        (sku, location), wanted, stands = difference
        self._differing.add(difference.stream)
        if wanted and stands:
            text = f"opened otherwise: {describe(difference, self._new.decimals, self._new.zone)}"
        elif wanted:
            text = f"{sku} at {location} is not opened, but {self._on_hand(wanted)}"
        else:
            quantity = format_quantity(stands.on_hand if stands else 0, self._new.decimals)
            text = f"{sku} at {location} is opened with {quantity}, but is not in {self._seam.name}"
        return self._different("opened", text, difference)

    def _goes_on_otherwise(self, difference: Difference) -> Finding:
        (sku, location), wanted, stands = difference
        if wanted and stands:
            text = f"goes on otherwise: {describe(difference, self._new.decimals, self._new.zone)}"
        elif wanted:
            text = f"{sku} at {location} does not go on, but {self._on_hand(wanted)}"
        else:
            text = f"{sku} at {location} goes on, but is not in {self._seam.name}"
        return self._different("goes-on", text, difference)

    def _on_hand(self, state: State) -> str:
        return f"{format_quantity(state.on_hand, self._new.decimals)} on hand in {self._seam.name}"

    def _different(self, rule: str, text: str, difference: Difference) -> Finding:
        values = values_of(difference, self._new.decimals, self._new.zone)
        return Finding(rule, text, *difference.stream, None, *values)

    def _check_openings(
        self, opening: _Stretch, states: Mapping[Stream, State]
    ) -> Iterator[Finding]:
        """Give the first event of each stream that is not as one is opened, though the stock is."""
        later = self._opened_later(states)
        due = {stream: _due(state, stream in later) for stream, state in states.items()}
        begun: Counter[Stream] = Counter()
        first: dict[Stream, int] = {}
        for event in self._events(opening):
            stream = event.stream
            if not is_stock(stream):
                continue
            place = begun[stream]
            begun[stream] += 1
            if stream in self._differing:
                continue
            wanted = due[stream][place] if place < len(due[stream]) else None
            named = first.setdefault(stream, event.position)
            differing = wanted and self._unlike(event, wanted, named)
            if wanted is None or differing:
                self._differing.add(stream)
                why = f": another {', '.join(differing)}" if differing else ""
                text = f"{event_in_words(event)} is not as a rollover opens it{why}"
                yield _of_event("opened", text, event)
        for stream, events in due.items():
            if begun[stream] < len(events) and stream not in self._differing:
                sku, location = stream
                missing = events[begun[stream]][0]
                text = f"{sku} at {location} is not as a rollover opens it: not {missing}"
                yield Finding("opened", text, sku, location)

    def _check_costs(self, opening: _Stretch, streams: Iterable[Stream]) -> Iterator[Finding | str]:
        """Give the first SKUs whose costs do not go on, though their stock does."""
        odd = {sku for sku, _ in self._differing}
        wanted = [stream for stream in streams if stream[0] not in odd]
        old = Side(self._old, self.old_end, self._seam.cut)
        new = Side(self._new, opening.last, END_OF_TIME)
        found = list(compare_costs(old, new, wanted))
        if found and read_end(self._old) is None and not carries_any(new, wanted):
            yield "it was rolled over by an earlier version: what the stock cost was not carried"
            return
        yield from found[:MOST_OF_EACH]
        if (rest := len(found) - MOST_OF_EACH) > 0:
            text = f"and {count_of(rest, 'more SKU')} whose costs are carried otherwise"
            yield Finding("carried-costs", text)

    def _opened_later(self, states: Mapping[Stream, State]) -> set[Stream]:
        """Return the streams whose opening balance took effect after the cut, though they had
        something, voided since, before.
        """
        found = set()
        for event in self._later("opened"):
            voided = reversal_of(self._old, event.position)
            if voided is None or voided > self.old_end:
                found.add(event.stream)
        return found & states.keys()

    def _unlike(self, event: Event, wanted: "_Due", named: int) -> list[str]:
        """Return what of an event is not as it should be, as the names of its columns."""
        kind, quantity = wanted
        at = shifted(self._seam.cut, 1)
        reason = None if kind == "opened" else COMMAND
        reverses = named if kind == "reversed" else None
        details = event.details if kind == "opened" else None
        draft = Draft(event.sku, event.location, kind, quantity, at, 1, reason)
        odd = _differing(draft._replace(reverses=reverses, details=details), event)
        # The days themselves were compared, and the costs will be.
        known = {*OPENING_DETAILS, CARRIED_COSTS}
        if details is not None and not unpack_details(details).keys() <= known:
            odd.append("details")
        return odd

    def _check_carried(self, carrying: _Stretch) -> Iterator[Finding]:
        """Give the first events that were not carried as they are, with all their facts."""
        # What was carried, as positions in the old log: a reversal names what it named there.
        places = array("q")
        differ = 0
        for before, event in zip_longest(self._later(), self._events(carrying)):
            if before is not None:
                places.append(before.position)
            odd = []
            if before is not None and event is not None:
                odd = _differing(before.said._replace(reverses=event.reverses), event)
                if not _same_target(before.reverses, event.reverses, carrying.first, places):
                    odd.append("reverses")
                if not odd:
                    continue
            self._differing.update(found.stream for found in (before, event) if found)
            differ += 1
            if differ <= MOST_OF_EACH:
                yield self._not_carried(before, event, odd)
        if differ > MOST_OF_EACH:
            text = f"and {count_of(differ - MOST_OF_EACH, 'more event')} not carried as recorded"
            yield Finding("carried", text)

    def _not_carried(self, before: Event | None, event: Event | None, odd: list[str]) -> Finding:
        name = self._seam.name
        if before is None:
            assert event is not None
            return _of_event("carried", f"{event_in_words(event)} was not in {name}", event)
        there = (
            f"event {before.position} of {name} ({before.kind} {before.sku} at {before.location})"
        )
        if event is None:
            text = f"{there} was not carried"
            return Finding("carried", text, before.sku, before.location)
        text = f"{there} is not as {event_in_words(event)} says: another {', '.join(odd)}"
        return _of_event("carried", text, event)

    def _check_voided(self, opening: _Stretch, carrying: _Stretch) -> Iterator[Finding | str]:
        """Give what was voided after the new ledger was made: no opening may be."""
        name = self._seam.name
        for event, by in self._voided_since(opening, carrying.last):
            text = f"{event_in_words(event)} was voided by event {by}, but is what {name} ends with"
            yield _of_event("opening-voided", text, event)
        notes = [
            f"{event_in_words(event)}, carried from {name}, was voided by event {by}"
            for event, by in self._voided_since(carrying, carrying.last)
        ]
        yield from notes[:MOST_OF_EACH]
        if len(notes) > MOST_OF_EACH:
            yield f"and {count_of(len(notes) - MOST_OF_EACH, 'more carried event')} voided since"

    def _voided_since(self, stretch: _Stretch, last: int) -> Iterator[tuple[Event, int]]:
        first, end = stretch
        now = voided_between(self._new, first, end, last_position(self._new))
        for position in sorted(now - voided_between(self._new, first, end, last)):
            event, by = read_event(self._new, position), reversal_of(self._new, position)
            if event is not None and by is not None:
                yield event, by

    def _events(self, stretch: _Stretch) -> Iterable[Event]:
        events = events_between(self._new, range(stretch.first, stretch.last + 1))
        return chain.from_iterable(events)

    def _later(self, kind: str | None = None) -> Iterable[Event]:
        """Give what takes effect after the cut in the old log, of one kind if that is asked."""
        positions = range(1, self.old_end + 1)
        return chain.from_iterable(events_between(self._old, positions, kind, self._seam.cut))


def _stretch(batch: Batch | None, before: int) -> _Stretch:
    if batch is None or batch.first_position is None or batch.last_position is None:
        return _Stretch(before + 1, before)
    return _Stretch(batch.first_position, batch.last_position)


# A kind, and the quantity of the event.
_Due = tuple[str, int]


def _due(state: State, opened_later: bool) -> list[_Due]:
    """Return what opens a stream: an opening balance is never negative, and one that the old log
    opens later is opened for no more than to be listed.
    """
    due = [("opened", max(state.on_hand, 0))]
    if state.on_hand < 0:
        due.append(("adjusted", state.on_hand))
    if opened_later:
        due.append(("reversed", 0))
    return due


def _same_target(before: int | None, now: int | None, first: int, places: "array[int]") -> bool:
    """Tell whether a reversal names, by its new position, what it named in the old log."""
    if before is None or now is None:
        return before is now
    return 0 <= now - first < len(places) and places[now - first] == before


def _by_days(states: Mapping[Stream, State], ledger: Ledger) -> dict[Stream, State]:
    """Return states with all that an opening balance can say of them."""

    def day(moment: str | None) -> str | None:
        return moment and show_day(moment, ledger.zone)

    return {
        stream: State(state.on_hand, day(state.last_incoming), day(state.last_outgoing))
        for stream, state in states.items()
    }


def _of_event(rule: str, text: str, event: Event) -> Finding:
    return Finding(rule, text, event.sku, event.location, event.position)


def _differing(draft: Draft, event: Event) -> list[str]:
    fields = zip(Draft._fields, draft, event.said, strict=True)
    return [name.replace("_", " ") for name, wanted, found in fields if wanted != found]

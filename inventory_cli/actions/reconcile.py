"""Knows how a stock list and the ledger differ, and which counts a list stands for.

Must never know how the list is spelled, or how differences are shown.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from inventory_cli.actions.append import Appended, append
from inventory_cli.actions.ask import cut_at, stock_as_of, stock_now, stock_under_lock
from inventory_cli.actions.names import guard_of, newcomers
from inventory_cli.core.dates import (
    END_OF_TIME,
    When,
    inclusive_end,
    parse_cut,
    parse_when,
    utc_text,
)
from inventory_cli.core.events import AT_ONCE, DEFAULT_LOCATION, Draft, Stream
from inventory_cli.core.judging import Forbidden
from inventory_cli.core.names import ANY_NAMES, Guard, NameRefused, NameRules
from inventory_cli.core.notes import Notes
from inventory_cli.core.present import Present, parse_when_recorded, present_at
from inventory_cli.core.quantities import format_quantity
from inventory_cli.core.replay import State
from inventory_cli.core.rules import Facts, movement
from inventory_cli.core.wording import first_of
from inventory_cli.errors import Refused, WrongUsage
from inventory_cli.importing.stock_list import Spot, StockList
from inventory_cli.storage.batches import Origin
from inventory_cli.storage.ledger_file import Clock, Ledger
from inventory_cli.storage.log import locations_of, skus_between


class Scope(NamedTuple):
    """What a list is compared with: what took effect up to `as_of` (UTC text), where.

    `when` is the day or the moment of which that is the end, or None for the stock of now. A
    `partial` list says nothing of what it does not name.
    """

    as_of: str
    when: When | None
    location: str | None
    partial: bool


class Compared(NamedTuple):
    """What the list and the ledger say of a spot, in smallest units.

    `listed` is None where the list does not name it; `change` would make the ledger agree.
    """

    sku: str
    location: str | None
    listed: int | None
    on_hand: int
    change: int
    line: int | None


class Comparison(NamedTuple):
    """All spots that were compared, sorted by SKU and location."""

    spots: list[Compared]

    @property
    def differences(self) -> list[Compared]:
        """Those of which the list and the ledger say different things."""
        return [spot for spot in self.spots if spot.change]


class Counting(NamedTuple):
    """What the counts of a list carry; they are of the `present` day at the latest.

    `usual_location` is where a SKU is that lies nowhere yet, if anybody said. With `rest_is_zero`
    what there is and the list does not name is counted as 0.
    """

    present: Present
    facts: Facts
    allow_negative: bool
    names: NameRules = ANY_NAMES
    usual_location: str | None = None
    rest_is_zero: bool = False


def scope_of(
    ledger: Ledger,
    stock_list: StockList,
    as_of: str | None,
    location: str | None,
    partial: bool,
    now: datetime,
    counting: bool = False,
) -> Scope:
    """Return what a list is compared with.

    What is typed wins over the list where both are of the same day; without either, it is now: the
    stock of today or, for `counting`, that of this moment, at which the counts take effect. Raises
    Refused where they are of different days, and WrongUsage for what is no date.
    """
    listed = stock_list.when
    if as_of is None:
        if listed is not None:
            return Scope(inclusive_end(listed, ledger.zone), listed, location, partial)
        cut = utc_text(now) if counting else _end_of_today(ledger, now)
        return Scope(cut, None, location, partial)
    cut = parse_cut(as_of, now, ledger.zone)
    when = None if cut == END_OF_TIME else parse_when(as_of, now, ledger.zone)
    if listed is not None and (when is None or when.day != listed.day):
        raise Refused(
            f"{stock_list.name} says that it is of {listed.day}, which is not --as-of {as_of}",
            "say which day it is with --set date=DATE alone, which passes over the column",
        )
    return Scope(cut, when, location, partial)


def _end_of_today(ledger: Ledger, now: datetime) -> str:
    return parse_cut("today", now, ledger.zone)


def compare(ledger: Ledger, stock_list: StockList, scope: Scope) -> Comparison:
    """Return how a list differs from the ledger."""
    return _compared(stock_list, _states(ledger, scope), scope)


def new_names(ledger: Ledger, stock_list: StockList) -> Notes:
    """Return a note for each name of a list that no event carries."""
    names, notes = newcomers(ledger), Notes()
    for sku, location in _sorted(stock_list.spots):
        notes.add_new(filter(None, [names.look_at_sku(sku)]))
        if location is not None:
            notes.add_new(filter(None, [names.look_at_location(location)]))
    return notes


def _sorted(spots: Iterable[Spot]) -> list[Spot]:
    return sorted(spots, key=lambda spot: (spot[0], spot[1] or ""))


def _states(ledger: Ledger, scope: Scope) -> dict[Stream, State]:
    if scope.when is None:
        return stock_now(ledger, scope.as_of, ())
    return stock_as_of(ledger, cut_at(ledger, scope.as_of), ())


def _compared(stock_list: StockList, states: Mapping[Stream, State], scope: Scope) -> Comparison:
    listed = stock_list.spots
    on_hand: dict[Spot, int] = defaultdict(int)
    for (sku, location), state in states.items():
        if scope.location in (None, location):
            on_hand[sku, location if stock_list.has_locations else None] += state.on_hand
    if scope.location is not None and not listed and not on_hand:
        raise WrongUsage(
            f"neither the list nor the ledger has anything at {scope.location}",
            "`inventory stock --by-location` shows which locations there are",
        )
    spots = set(listed)
    if not scope.partial:
        spots |= {spot for spot, quantity in on_hand.items() if quantity}
    compared = []
    for spot in _sorted(spots):
        quantity, line = listed.get(spot, (None, None))
        change = (quantity or 0) - on_hand[spot]
        compared.append(Compared(*spot, quantity, on_hand[spot], change, line))
    return Comparison(compared)


def would_count(
    ledger: Ledger, stock_list: StockList, scope: Scope, counting: Counting
) -> list[tuple[Compared, Draft]]:
    """Return which counts a list stands for now, each with what it is compared with.

    Raises Refused when the list cannot stand for counts, and WrongUsage for one of a later day.
    """
    _require_countable(ledger, stock_list, scope, counting)
    found = compare(ledger, stock_list, scope).spots
    drafts = _counts(ledger, stock_list, found, scope.when, counting)
    return list(zip(found, drafts, strict=True))


def record_counts(
    ledger: Ledger,
    origin: Origin,
    stock_list: StockList,
    scope: Scope,
    counting: Counting,
    clock: Clock,
) -> tuple[Comparison, Appended | None]:
    """Record, as one batch, a count of each spot that a list names; return how it compared with the
    ledger until then.

    Nothing is recorded, and None returned with it, where the list names nothing. Raises Refused
    when the list cannot stand for counts, the rules forbid them, or a clock is far behind on which
    their date depends, and WrongUsage for one of a later day.
    """
    _require_countable(ledger, stock_list, scope, counting)
    head = ledger.head().position
    # A replay is done before the lock is taken, and under it only of what is new since then.
    states = {} if scope.when is None else _states(ledger, scope)
    comparison = Comparison([])

    def states_under_lock() -> dict[Stream, State]:
        if scope.when is None:
            now = present_at(clock(), ledger.head().recorded_at).now
            return stock_under_lock(ledger, utc_text(now))
        cut = cut_at(ledger, scope.as_of)
        if new := skus_between(ledger, range(head + 1, cut.head + 1)):
            states.update(stock_as_of(ledger, cut, sorted(new)))
        return states

    def plan() -> list[Draft]:
        nonlocal comparison
        comparison = _compared(stock_list, states_under_lock(), scope)
        drafts = _counts(ledger, stock_list, comparison.spots, scope.when, counting)
        _require_names(guard_of(ledger, counting.names, clock), stock_list, drafts)
        return drafts

    # Without the file's SHA-256: that its stock was counted does not mean that it is imported.
    try:
        appended = append(ledger, origin, plan, clock, counting.allow_negative)
    except Forbidden as error:
        shown = [found.in_words(ledger.zone) for found in error.problems]
        raise _refusal(stock_list, "refused by the rules", shown, error.hint) from None
    return comparison, appended


def _require_countable(
    ledger: Ledger, stock_list: StockList, scope: Scope, counting: Counting
) -> None:
    if scope.as_of > _end_of_today(ledger, counting.present.now):
        raise WrongUsage(
            "nothing can be counted on a later day than today",
            "name the day of the count with --as-of, or leave it out",
        )
    if not stock_list.spots and not scope.partial:
        raise Refused(
            f"{stock_list.name} lists nothing, so all that is there would be counted as 0",
            "--partial says that what a list does not name is left alone",
        )


def _counts(
    ledger: Ledger,
    stock_list: StockList,
    spots: Sequence[Compared],
    when: When | None,
    counting: Counting,
) -> list[Draft]:
    """Return a count of each spot, at the one location of its SKU where none is said."""
    at = when or parse_when_recorded("now", counting.present, ledger.zone)
    drafts, missing, below_zero, unclear = [], [], [], []
    for found in spots:
        locations = [found.location] if found.location else locations_of(ledger, found.sku)
        quantity = found.listed or 0
        if found.listed is None and not counting.rest_is_zero:
            where = f" at {found.location}" if found.location else ""
            shown = format_quantity(found.on_hand, ledger.decimals)
            missing.append(f"{found.sku}{where}: {shown} on hand")
        elif quantity < 0:
            shown = format_quantity(quantity, ledger.decimals)
            below_zero.append(f"line {found.line}: {found.sku} {shown}")
        elif len(locations) > 1:
            unclear.append(f"{found.sku}: {', '.join(locations)}")
        else:
            location = locations[0] if locations else counting.usual_location or DEFAULT_LOCATION
            stream = (found.sku, location)
            count = movement("counted", *stream, quantity, at, ledger.zone, counting.facts)
            drafts.append(count if when else count._replace(effective_at=AT_ONCE))
    if missing:
        hint = "--partial leaves alone what it does not name, --rest-is-zero counts it as 0"
        raise _refusal(stock_list, "it does not name all that is there", missing, hint)
    if below_zero:
        hint = "list it as 0, or leave it out and say --partial"
        raise _refusal(stock_list, "less than nothing cannot be counted", below_zero, hint)
    if unclear:
        hint = "give the list a location column, or say with --location which one it is of"
        raise _refusal(stock_list, "it does not say at which location it counts", unclear, hint)
    return drafts


def _require_names(guard: Guard, stock_list: StockList, drafts: Sequence[Draft]) -> None:
    """Raise Refused where a name, or a place that the list does not say, cannot be recorded."""
    refused, hints = [], []
    for draft in drafts:
        try:
            guard.check(draft, draft.stream not in stock_list.guessed)
        except NameRefused as error:
            refused.append(error.message)
            hints.append(error.hint)
    if refused:
        raise _refusal(stock_list, "it has names that are refused", refused, hints[0])


def _refusal(stock_list: StockList, why: str, spots: Sequence[str], hint: str | None) -> Refused:
    lines = [f"{stock_list.name}: {why}, so nothing was appended", *first_of(spots)]
    return Refused("\n  ".join(lines), hint)

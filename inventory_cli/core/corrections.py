"""Knows what a correction is: the event as it should have been, and how that is put back.

Must never know how events are stored or what a person typed.
"""

from datetime import tzinfo
from typing import Any, NamedTuple

from inventory_cli.core.dates import When, effective_at, local_time
from inventory_cli.core.events import (
    DESCRIBED,
    INTO_CLOSED,
    SIGNED,
    Draft,
    Event,
    pack_details,
    time_of_day,
    unpack_details,
)
from inventory_cli.core.rules import Facts, check_quantity, reversal
from inventory_cli.core.wording import command_about
from inventory_cli.errors import Refused, WrongUsage


class Changes(NamedTuple):
    """What is to be otherwise; None where it stays. Names are clean, `quantity` is in smallest
    units; an empty `unit_cost` or `reference` takes it away.
    """

    quantity: int | None = None
    when: When | None = None
    sku: str | None = None
    location: str | None = None
    unit_cost: str | None = None
    reference: str | None = None


def correction(
    events: list[Event], named: Event, changes: Changes, facts: Facts, zone: tzinfo
) -> list[Draft]:
    """Return the drafts that void some events, one or the two legs of a transfer, and say them as
    they should have been. `changes.location` is that of the `named` event alone.

    Raises Refused where that would change nothing.
    """
    bare = facts._replace(id=None)
    anew = [_replaced(event, changes, event == named, zone) for event in events]
    if anew == [_said(event) for event in events]:
        raise Refused(
            f"event {named.position} says that already, so there is nothing to correct",
            "say what should be otherwise: --quantity, --on, --sku, --location, --cost or --ref",
        )
    if len(anew) == 2 and anew[0].location == anew[1].location:
        raise WrongUsage(
            f"a transfer from {anew[0].location} to itself changes nothing",
            f"`inventory reverse {named.position} --reason TEXT` voids it",
        )
    return [*(reversal(event, bare) for event in events), *anew]


def _said(event: Event) -> Draft:
    """Return what an event says, but for the closed period that it was once meant for."""
    details = unpack_details(event.details)
    details.pop(INTO_CLOSED, None)
    return event.said._replace(details=pack_details(details))


def _replaced(event: Event, changes: Changes, is_named: bool, zone: tzinfo) -> Draft:
    draft = _said(event)
    if (
        event.kind == DESCRIBED
        and (changes.quantity, changes.location, changes.unit_cost) != (None,) * 3
    ):
        raise WrongUsage(
            f"event {event.position} says what {event.sku} is: without quantity, location and cost",
            f"`{command_about(event.sku, 'describe')}`, with --name and its like, says it anew",
        )
    values: dict[str, Any] = {}
    if changes.quantity is not None:
        check_quantity(event.kind, changes.quantity)
        leaves = event.kind == "transferred" and event.quantity < 0
        values["quantity"] = -changes.quantity if leaves else changes.quantity
    if changes.sku is not None:
        values["sku"] = changes.sku
    if changes.location is not None and is_named:
        values["location"] = changes.location
    for field in ("unit_cost", "reference"):
        if (value := getattr(changes, field)) is not None:
            values[field] = value or None
    draft = draft._replace(**values)
    when = changes.when
    turned = event.kind in SIGNED and (draft.quantity < 0) != (event.quantity < 0)
    if when is None and event.date_only and turned:
        # An adjustment that leaves stands at another time of its day than one that arrives.
        when = When(local_time(event.effective_at, zone).date(), None)
    if when is None:
        return draft
    moment, date_only = effective_at(when, time_of_day(draft.kind, draft.quantity), zone)
    return draft._replace(effective_at=moment, date_only=date_only)


def options_that_put_back(before: Event, after: Event, quantity: str, day: str) -> list[str]:
    """Return the options of `correct` that make `after` what `before` was; its quantity and when
    it took effect are given as text.
    """
    words: list[str] = []
    for option, field, text in (
        ("--quantity", "quantity", quantity),
        ("--on", "effective_at", day),
        ("--sku", "sku", before.sku),
        ("--location", "location", before.location),
        ("--cost", "unit_cost", before.unit_cost or ""),
        ("--ref", "reference", before.reference or ""),
    ):
        if getattr(before, field) != getattr(after, field):
            words += [option, text]
    return words

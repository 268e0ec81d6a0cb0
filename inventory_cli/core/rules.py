"""Knows which events may be recorded: request in, drafts or a refusal out.

Must never know how events are stored; the streams it judges are given to it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import tzinfo
from typing import NamedTuple

from inventory_cli.core.dates import Today, When, effective_at, show_day
from inventory_cli.core.events import (
    CARRIED_COSTS,
    INTO_CLOSED,
    KINDS,
    OPENING_DETAILS,
    START_OF_DAY,
    Draft,
    Event,
    pack_details,
    time_of_day,
    unpack_details,
)
from inventory_cli.core.quantities import parse_unit_cost
from inventory_cli.core.text import clean_name, clean_text, optional_name
from inventory_cli.errors import Refused, WrongUsage


class Facts(NamedTuple):
    """What every event may carry beside its quantity, as clean text."""

    reason: str | None = None
    reference: str | None = None
    unit_cost: str | None = None
    id: str | None = None
    details: Mapping[str, str] = {}


def clean_facts(
    reason: str | None,
    reference: str | None,
    unit_cost: str | None,
    id: str | None,
    details: Mapping[str, str],
) -> Facts:
    """Return checked facts from raw text. None or blank text means "not given"; only an id that
    is given must not be blank, because it would not protect from anything.
    """
    if CARRIED_COSTS in details:
        raise WrongUsage(f"detail {CARRIED_COSTS} is what only a rollover records")
    return Facts(
        clean_text(reason, "reason") if reason else None,
        optional_name(reference, "reference") if reference else None,
        parse_unit_cost(unit_cost) if unit_cost and unit_cost.strip() else None,
        clean_name(id, "id") if id is not None else None,
        {
            clean_name(key, "detail key"): cleaned
            for key, value in details.items()
            if (cleaned := clean_text(value, f"detail {key!r}"))
        },
    )


def check_quantity(kind: str, quantity: int) -> None:
    """Raise WrongUsage unless an event of this kind may carry this quantity."""
    least = KINDS[kind].least
    if least is None:
        if quantity == 0:
            raise WrongUsage(
                "an adjustment of 0 changes nothing",
                "that it is right is recorded by `inventory count SKU QTY`",
            )
    elif quantity < least:
        raise WrongUsage(
            f"the quantity of an event {kind!r} is positive: its kind says which way it goes"
            if least
            else f"the quantity of an event {kind!r} is never negative",
            "what comes in is recorded by `receive` or `return`, what leaves by `sell` or "
            "`remove`; `adjust SKU ±QTY` takes either sign"
            if least
            else "say 0 where nothing is there; `adjust SKU ±QTY` takes either sign",
        )


def movement(
    kind: str, sku: str, location: str, quantity: int, when: When, zone: tzinfo, facts: Facts
) -> Draft:
    """Return the draft of a one-sided event. Names must be clean, `quantity` in smallest units."""
    check_quantity(kind, quantity)
    if kind == "adjusted" and facts.reason is None:
        raise WrongUsage("an adjustment needs a reason", "say why, like --reason miscount")
    if facts.details and kind != "opened" and not facts.details.keys().isdisjoint(OPENING_DETAILS):
        raise WrongUsage(
            "only an opening balance carries last_incoming or last_outgoing",
            "leave them out: those dates follow from what comes in and leaves",
        )
    moment, date_only = effective_at(when, time_of_day(kind, quantity), zone)
    return Draft(
        sku,
        location,
        kind,
        quantity,
        moment,
        date_only,
        facts.reason,
        facts.reference,
        facts.unit_cost,
        facts.id,
        None,
        pack_details(facts.details),
    )


def happened_by_now(draft: Draft, today: Today) -> Draft:
    """Return a draft as it stands in a day that is not over.

    What leaves today, and is known by its day, has happened by the time it is recorded: so it takes
    effect before now, and after the day began. `date_only` is 2 where that is not its kind's time.
    """
    if draft.date_only != 1 or not today.begins <= draft.effective_at <= today.ends:
        return draft
    usual = time_of_day(draft.kind, draft.quantity)
    if draft.kind in ("counted", "reversed") or usual == START_OF_DAY:
        return draft
    latest = today.moved if draft.kind == "transferred" else today.left
    moment = max(today.begins, min(draft.effective_at, latest))
    if moment == draft.effective_at:
        return draft
    return draft._replace(effective_at=moment, date_only=2)


def transfer(
    sku: str, source: str, target: str, quantity: int, when: When, zone: tzinfo, facts: Facts
) -> tuple[Draft, Draft]:
    """Return both legs of a transfer, the leaving one first. Only that one carries the id."""
    if source == target:
        raise WrongUsage(
            f"a transfer from {source} to itself changes nothing",
            "name two places: --from A --to B",
        )
    leaving = movement("transferred", sku, source, quantity, when, zone, facts)
    arriving = leaving._replace(location=target, id=None)
    return leaving._replace(quantity=-quantity), arriving


def transfer_partner(event: Event) -> int:
    """Return the position of the other leg of a transfer: the leaving leg comes first."""
    return event.position + 1 if event.quantity < 0 else event.position - 1


def reversal(event: Event, facts: Facts) -> Draft:
    """Return the draft that voids `event`, effective when the event it names was."""
    if event.kind == "reversed":
        raise Refused(
            f"event {event.position} is itself a reversal, and a reversal cannot be reversed",
            f"record what event {event.reverses} said once more",
        )
    return Draft(
        event.sku,
        event.location,
        "reversed",
        0,
        event.effective_at,
        event.date_only,
        facts.reason,
        facts.reference,
        facts.unit_cost,
        facts.id,
        event.position,
        pack_details(facts.details),
    )


def reversals_of(position: int, facts: Facts) -> list[tuple[Draft, ...]]:
    """Return what the command to reverse the event at a position may have said, without looking at
    that event: of it alone, or, where it is a leg of a transfer, of both legs. So they have neither
    stream nor moment, which follow from the event that is named.
    """

    def said(*positions: int) -> tuple[Draft, ...]:
        own = (facts.reason, facts.reference, facts.unit_cost)
        details = pack_details(facts.details)
        ids = (facts.id, None)
        return tuple(
            Draft("", "", "reversed", 0, "", 0, *own, id, number, details)
            for number, id in zip(positions, ids, strict=False)
        )

    return [said(position), said(position, position + 1), said(position - 1, position)]


_MOMENT = ("effective_at", "date_only")
# What of a reversal follows from the event that it names.
_NAMED = ("sku", "location", *_MOMENT)


def same_moment(draft: Draft, effective_at: str, date_only: int, zone: tzinfo) -> bool:
    """Tell whether a draft takes effect at a moment; by day, where both are known by their day."""
    if draft.date_only and date_only:
        return show_day(draft.effective_at, zone) == show_day(effective_at, zone)
    return (draft.effective_at, draft.date_only) == (effective_at, date_only)


def differing_fields(draft: Draft, event: Event, moment_given: bool, zone: tzinfo) -> list[str]:
    """Return in which fields an event says something else than a draft of the same id.

    Without a moment given by the user the draft carries the present one, which says nothing; what
    is known by its day is compared by its day.
    """
    ignored: Sequence[str] = ()
    if draft.kind == "reversed":
        if event.kind != "reversed":
            return ["kind"]
        ignored = _NAMED
    elif not moment_given or same_moment(draft, event.effective_at, event.date_only, zone):
        ignored = _MOMENT
    return [
        field
        for field, wanted, found in zip(Draft._fields, draft, event[2:], strict=True)
        if field not in ignored and _plain(field, wanted) != _plain(field, found)
    ]


def differing_in(
    drafts: Sequence[Draft], known: Sequence[Event], moment_given: bool, zone: tzinfo
) -> str:
    """Return, as text, in what the events recorded under an id differ from the drafts; or ""."""
    if len(drafts) != len(known):
        return "kind"
    pairs = zip(drafts, known, strict=True)
    fields = [
        f for draft, event in pairs for f in differing_fields(draft, event, moment_given, zone)
    ]
    return ", ".join(field.replace("_", " ") for field in dict.fromkeys(fields))


def content_of(drafts: Iterable[Draft]) -> str:
    """Return a digest of what the events under one id say, without that and when: it is the same
    where `differing_in` finds no other difference.

    It is the hexadecimal SHA-256 of a JSON array without blanks, non-ASCII characters as
    themselves, that holds for each event the array [sku,location,kind,quantity,reason,reference,
    unit_cost,reverses,details]; `sku` and `location` of a reversal are "", `unit_cost` is without
    zeros at its end, `details` are JSON text.
    """
    from hashlib import sha256  # Few commands need it, and OpenSSL takes a while to be loaded.

    said = [
        [
            "" if draft.kind == "reversed" and f in _NAMED else _plain(f, value)
            for f, value in zip(Draft._fields, draft, strict=True)
            if f in _SAID
        ]
        for draft in drafts
    ]
    text = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()


_SAID = tuple(field for field in Draft._fields if field not in (*_MOMENT, "id"))


def _plain(field: str, value: object) -> object:
    if field == "details" and isinstance(value, str) and INTO_CLOSED in value:
        # Whether the period was closed by then is no part of what happened.
        return pack_details({k: v for k, v in unpack_details(value).items() if k != INTO_CLOSED})
    # 1.5 and 1.50 are the same cost.
    if field == "unit_cost" and isinstance(value, str) and "." in value:
        return value.rstrip("0").rstrip(".")
    return value

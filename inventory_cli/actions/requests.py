"""Knows how a line of JSON becomes drafts. Must never know SQL, or where the line comes from."""

import json
from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

from inventory_cli.actions.record import Request
from inventory_cli.core.dates import parse_when
from inventory_cli.core.descriptions import FACTS, MINIMUM, description
from inventory_cli.core.events import (
    DEFAULT_LOCATION,
    DESCRIBED,
    INTO_CLOSED,
    OPENING_DETAILS,
    RESERVED_DETAILS,
)
from inventory_cli.core.present import Present, parse_when_recorded
from inventory_cli.core.quantities import parse_quantity
from inventory_cli.core.rules import clean_facts, movement, transfer
from inventory_cli.core.text import clean_name, trimmed
from inventory_cli.errors import WrongUsage
from inventory_cli.importing.profile_keys import NATIVE, TRANSFER_SIDES, parse_imported_kind

FIELDS = (*NATIVE, INTO_CLOSED, *FACTS, "details")


def read_request(
    text: str | bytes,
    decimals: int,
    zone: tzinfo,
    present: Present,
    usual_location: str | None = None,
) -> Request:
    """Return what a JSON object says, whose keys are the columns of a movements file.

    Without `date` it happens now; an opening balance, today. Without `location` it happens at the
    usual one. Numbers are read as they are written, never as floats. Raises WrongUsage, which says
    what is wrong with it, and Refused where it depends on a clock that is far behind.
    """
    given = _object(text)
    fields = {key: _text(key, value) for key, value in given.items() if key != "details"}
    kind = parse_imported_kind(_required(fields, "type"))
    if kind in TRANSFER_SIDES:
        raise WrongUsage("both sides of a transfer are one object: transferred, with to_location")
    sku = clean_name(_required(fields, "sku"), "SKU")
    if kind == DESCRIBED:
        return _description(sku, given, fields, decimals, zone, present)
    if odd := fields.keys() & set(FACTS):
        raise WrongUsage(f"{min(odd)} is said of a SKU, in a 'described' event, and not in others")
    said = trimmed(fields.get("location") or "") or usual_location
    location = clean_name(said or DEFAULT_LOCATION, "location")
    figure = _required(fields, "quantity")
    # A number of JSON has a decimal point; text may have been written by a person.
    mark = "." if isinstance(given["quantity"], _Number) else None
    quantity = parse_quantity(figure, decimals, mark)
    date = fields.get("date")
    moment_given = date is not None
    if date is None:
        date = "today" if kind == "opened" else "now"
    when = parse_when_recorded(date, present, zone)
    details = _all_details(given)
    for field in OPENING_DETAILS:
        if day := fields.get(field):
            details[field] = parse_when(day, present.now, zone).day.isoformat()
    facts = clean_facts(
        fields.get("reason"),
        fields.get("reference"),
        fields.get("unit_cost"),
        fields.get("id"),
        details,
    )
    target = fields.get("to_location")
    if kind == "transferred":
        target = clean_name(_required(fields, "to_location"), "location")
        legs = transfer(sku, location, target, quantity, when, zone, facts)
        return Request(legs, moment_given, said is not None)
    if target:
        raise WrongUsage(f"a {kind!r} event goes to no location")
    draft = movement(kind, sku, location, quantity, when, zone, facts)
    return Request((draft,), moment_given, said is not None)


def _description(
    sku: str,
    given: Mapping[str, Any],
    fields: Mapping[str, str | None],
    decimals: int,
    zone: tzinfo,
    present: Present,
) -> Request:
    """Return what describes a SKU: from today on, if no date is given. A fact of null is not said,
    and one of "" is taken away.
    """
    if odd := fields.keys() & {"location", "to_location", "unit_cost", *OPENING_DETAILS}:
        raise WrongUsage(f"a 'described' event has no {min(odd)}")
    if fields.get("quantity") not in (None, "0"):
        raise WrongUsage("a 'described' event has no quantity")
    said = {fact: text for fact in FACTS if (text := fields.get(fact)) is not None}
    mark = "." if isinstance(given.get(MINIMUM), _Number) else None
    date = fields.get("date")
    when = parse_when_recorded("today" if date is None else date, present, zone)
    facts = clean_facts(
        fields.get("reason"), fields.get("reference"), None, fields.get("id"), _all_details(given)
    )
    draft = description(sku, said, decimals, when, zone, facts, mark)
    return Request((draft,), date is not None)


class _Number(str):
    """A number of JSON that is not whole, as it is written: 0.10 stays exactly that."""

    __slots__ = ()


def _object(text: str | bytes) -> Mapping[str, Any]:
    try:
        given = json.loads(text, parse_float=_Number, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise WrongUsage(f"it is not JSON: {error}") from None
    if not isinstance(given, dict):
        raise WrongUsage("it is not a JSON object, like {…}")
    if unknown := given.keys() - set(FIELDS):
        raise WrongUsage(f"{min(unknown)!r} is not known", f"known are {', '.join(FIELDS)}")
    return given


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number")


def _text(key: str, value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise WrongUsage(f"{key} is neither text nor a number")


def _required(fields: Mapping[str, str | None], key: str) -> str:
    value = fields.get(key)
    if value is None or not value.strip():
        raise WrongUsage(f"{key} is missing")
    return value


def _all_details(given: Mapping[str, Any]) -> dict[str, str]:
    """Return the details of an event, and what is kept among them."""
    details = _details(given.get("details"))
    if by := _text("by", given.get("by")):
        details["by"] = clean_name(by, "by")
    if (closed := _text(INTO_CLOSED, given.get(INTO_CLOSED))) is not None:
        details[INTO_CLOSED] = clean_name(closed, INTO_CLOSED)
    return details


def _details(value: object) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise WrongUsage("details are an object of texts")
    details = {key: _text(f"details, {key}", item) for key, item in value.items()}
    if taken := details.keys() & set(RESERVED_DETAILS):
        raise WrongUsage(f"{min(taken)} is a key of its own, not a detail")
    return {key: text for key, text in details.items() if text is not None}

"""Knows how what was said of SKUs is compared across a seam, by a way of its own.

Must never ask the code that makes a seam what it would make.
"""

from collections.abc import Iterator

from inventory_cli.audit.finding import Finding
from inventory_cli.core.dates import shifted
from inventory_cli.core.descriptions import FACTS
from inventory_cli.core.events import DESCRIBED, Draft, is_stock, unpack_details
from inventory_cli.core.wording import event_in_words
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.log import events_between, voided_between

_Facts = dict[str, str]


def said_at(ledger: Ledger, end: int, cut: str) -> dict[str, _Facts]:
    """Return what was known of each SKU at a position and a moment (UTC text)."""
    said: dict[str, list[tuple[str, int, str | None]]] = {}
    for events in events_between(ledger, range(1, end + 1), DESCRIBED):
        voided = voided_between(ledger, events[0].position, events[-1].position, end)
        for event in events:
            if event.position not in voided and event.effective_at <= cut:
                place = event.effective_at, event.position, event.details
                said.setdefault(event.sku, []).append(place)
    known: dict[str, _Facts] = {}
    for sku, of_sku in said.items():
        facts: _Facts = {}
        for _, _, details in sorted(of_sku):
            facts.update(unpack_details(details))
        known[sku] = {key: text for key, text in facts.items() if text}
    return known


def check_described(
    ledger: Ledger, opening: range, cut: str, known: dict[str, _Facts], name: str
) -> Iterator[Finding]:
    """Give in what the events that open a new ledger do not describe SKUs as they were known in the
    old one, of that `name`.
    """
    missing = {sku for sku, facts in known.items() if _told(facts)}
    for events in events_between(ledger, opening):
        for event in events:
            if is_stock(event.stream):
                continue
            anew = Draft(event.sku, "", DESCRIBED, 0, shifted(cut, 1), 1)
            is_said = event.said == anew._replace(details=event.details)
            facts = unpack_details(event.details)
            if event.sku in missing and is_said and facts == _told(known[event.sku]):
                missing.remove(event.sku)
                continue
            missing.discard(event.sku)
            text = f"{event_in_words(event)} does not say of it what was known in {name}"
            yield Finding("opened", text, event.sku, "", event.position)
    for sku in sorted(missing):
        yield Finding("opened", f"{sku} is not described as in {name}", sku, "")


def _told(facts: _Facts) -> _Facts:
    """Return what is taken over; the free details of a description are not."""
    return {key: text for key, text in facts.items() if key in FACTS}

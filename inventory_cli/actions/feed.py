"""Knows how an event is told to other programs: as a CloudEvent 1.0 in its structured form.

An event is always told in the same words, whenever it is read and from whichever replica: what a
later event makes of it, as a reversal does, is told by that one. Must never know where it is sent.
"""

from collections.abc import Iterator
from typing import Any

from inventory_cli.actions.log import positions_asked
from inventory_cli.core.events import Event, unpack_details
from inventory_cli.core.quantities import exact
from inventory_cli.errors import Refused
from inventory_cli.storage.batches import recorded_times
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.search import Wanted, find_linked

# So many figures has the last position that a ledger can hold: as text, all are in their order.
_FIGURES = len(str(2**63 - 1))


def read_feed(
    ledger: Ledger,
    wanted: Wanted = Wanted(),  # noqa: B008 (it cannot be changed)
    after: int = 0,
    batch: int | None = None,
    last: int | None = None,
) -> Iterator[list[dict[str, Any]]]:
    """Give the events behind position `after`, up to `last` or the end, that say what is wanted, as
    CloudEvents, piece by piece.
    """
    for events in find_linked(ledger, positions_asked(ledger, after, batch, last), wanted):
        recorded = recorded_times(ledger, {event.batch for event, _ in events})
        yield [_cloud_event(ledger, event, recorded[event.batch], link) for event, link in events]


def require_position(ledger: Ledger, after: int) -> None:
    """Raise Refused unless the log reaches up to a position that was read before: one that does not
    has lost it, or is another one, and to go on there would leave out what comes up to it.
    """
    if (last := ledger.head().position) < after:
        raise Refused(
            f"there is no event {after}: the log ends at {last}",
            "it is not the log that was read before, or an older copy of it: compare `chainhash`",
        )


def _cloud_event(ledger: Ledger, event: Event, recorded_at: str, link: bytes) -> dict[str, Any]:
    identity = ledger.settings.identity
    return {
        "specversion": "1.0",
        "id": f"{identity}/{event.position}",
        "source": f"urn:uuid:{identity}",
        "type": f"inventory.{event.kind}",
        "subject": event.sku,
        "time": event.effective_at,
        "datacontenttype": "application/json",
        "recordedtime": recorded_at,
        "sequence": f"{event.position:0{_FIGURES}}",
        "chainhash": link.hex(),
        "data": {
            **event._asdict(),
            "quantity": exact(event.quantity, ledger.decimals),
            "details": unpack_details(event.details),
        },
    }

"""Knows how the ids are proved that a ledger takes over from those before it: by the digest in its
first header, and by what the older log holds, read by a way of its own.

Must never ask the code that takes them over.
"""

from collections.abc import Iterator
from heapq import merge
from itertools import islice

from inventory_cli.audit.finding import Finding
from inventory_cli.audit.seam import Seam, read_seam
from inventory_cli.core.events import CARRIED_IDS, Event, unpack_details
from inventory_cli.core.rules import content_of
from inventory_cli.core.wording import count_of
from inventory_cli.storage.batches import forgotten_in, read_batch, read_batches, read_end
from inventory_cli.storage.carried_ids import CarriedId, read_carried
from inventory_cli.storage.chain import digest_carried
from inventory_cli.storage.known import with_ids
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.storage.log import read_event

# How many problems are shown.
_MOST = 5


def check_digest(ledger: Ledger) -> list[Finding]:
    """Return what is wrong with the carried ids, given the digest in the first header."""
    header = read_batch(ledger, 1)
    wanted = unpack_details(header.details).get(CARRIED_IDS) if header else None
    found = digest_carried(read_carried(ledger))
    if wanted == found:
        return []
    if wanted is None:
        text = "ids are carried of which the first header says nothing"
    elif found is None:
        text = "the carried ids, of which the first header has the digest, are missing"
    else:
        text = "the carried ids do not have the digest in the first header"
    return [Finding("carried-ids", text, expected=wanted, found=found)]


def compare_ids(new: Ledger, old: Ledger, seam: Seam, end: int) -> Iterator[Finding | str]:
    """Give in what the ids taken over by a ledger are not those of the old log up to position `end`
    that it does not carry as events.
    """
    before = read_seam(old)
    files = (*(before.files if before else ()), seam.name)
    wanted = merge(read_carried(old), _in_log(old, seam.cut, end, len(files)))
    any_ids = any(True for _ in read_carried(new))
    if not any_ids and not seam.files and read_end(old) is None:
        if next(wanted, None):
            yield (
                f"it was rolled over by an earlier version: ids of {seam.name} whose events were "
                "not carried are not known"
            )
        return
    if seam.files != (named := files if any_ids else ()):
        text = "the first header names other ledgers from which ids are taken over"
        yield Finding("previous-ids", text, expected=", ".join(named), found=", ".join(seam.files))
    differing = _differing(wanted, read_carried(new), seam._replace(files=files))
    yield from islice(differing, _MOST)
    if rest := sum(1 for _ in differing):
        yield Finding("previous-ids", f"and {count_of(rest, 'more id')} not as recorded there")


def _in_log(old: Ledger, cut: str, end: int, number: int) -> Iterator[CarriedId]:
    """Give what the old log, of the ledger of that number, has under ids and took effect up to the
    cut, and every reversal; but for what was forgotten with its import.
    """
    forgotten = {
        (voided, header.batch) for header in read_batches(old) if (voided := forgotten_in(header))
    }
    for event, voided_by, voided_in in with_ids(old, end):
        stays = event.effective_at <= cut or event.reverses is not None
        if stays and (event.batch, voided_in) not in forgotten:
            content = content_of(leg.said for leg in _legs(old, event))
            place = str(event.id), number, event.position
            moment = event.effective_at, event.date_only
            yield CarriedId(*place, *moment, content, voided_by)


def _legs(old: Ledger, event: Event) -> list[Event]:
    """Return an event, and the other leg of the transfer that it is, or that it voids."""
    voids = None if event.reverses is None else read_event(old, event.reverses)
    if "transferred" not in (event.kind, voids and voids.kind):
        return [event]
    other = read_event(old, event.position + 1)
    return [event, other] if other and other.batch == event.batch else [event]


def _differing(
    wanted: Iterator[CarriedId], found: Iterator[CarriedId], seam: Seam
) -> Iterator[Finding]:
    """Walk along both, which are in the same order."""
    due, stands = next(wanted, None), next(found, None)
    while due or stands:
        if due == stands:
            due, stands = next(wanted, None), next(found, None)
        elif due and stands and due[:3] == stands[:3]:
            yield Finding("previous-ids", f"{_name_of(due, seam)} is taken over otherwise")
            due, stands = next(wanted, None), next(found, None)
        elif due and (stands is None or due[:3] < stands[:3]):
            yield Finding("previous-ids", f"{_name_of(due, seam)} is not taken over")
            due = next(wanted, None)
        elif stands:
            text = f"the id {stands.id!r} is taken over, but is not of event {stands.position}"
            yield Finding("previous-ids", f"{text} of {seam.file_of(stands)}")
            stands = next(found, None)


def _name_of(carried: CarriedId, seam: Seam) -> str:
    return f"the id {carried.id!r} of event {carried.position} of {seam.file_of(carried)}"

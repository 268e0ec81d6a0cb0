"""Knows how a batch enters the log: all of it or nothing, in one transaction.

Must never decide what a user meant, or what the rules forbid: the drafts come ready, and
`core.judging` judges them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from shlex import quote
from typing import NamedTuple

from inventory_cli.actions.ask import Cut
from inventory_cli.actions.names import LedgerNames
from inventory_cli.core.dates import Today, today_at, utc_text
from inventory_cli.core.events import Draft, Drafts, Stream, pack_details
from inventory_cli.core.judging import Grounds, Judge
from inventory_cli.core.notes import Notes, clock_in_words
from inventory_cli.core.replay import State
from inventory_cli.errors import Refused, damaged
from inventory_cli.storage.batches import Batch, Origin, close_batch, read_end
from inventory_cli.storage.insert import in_parts, insert_parts
from inventory_cli.storage.ledger_file import Clock, Head, Ledger
from inventory_cli.storage.log import last_position, read_effects
from inventory_cli.storage.snapshots import read_closings
from inventory_cli.storage.stock import store_states, stored_state


class Appended(NamedTuple):
    """What an append did, and on which day: the stored state of each stream that it touched, by how
    much on hand changed in all of them together, and what is worth a word.
    """

    header: Batch
    today: Today
    states: dict[Stream, State]
    net_change: int
    notes: Notes


def append(
    ledger: Ledger,
    origin: Origin,
    plan: Callable[[], Iterable[Draft]],
    clock: Clock,
    allow_negative: bool = False,
    dry_run: bool = False,
    details: Mapping[str, str] = {},
) -> Appended | None:
    """Record a batch, or refuse it whole.

    `plan` is called under the write lock, so that it may look at the log before it says which
    events to record; None is returned when it says none. `clock` is read once, under the lock too:
    what was asked before did not know of the batch. A `dry_run` does all of it but the last step.
    `details` go into the header.

    Raises Forbidden when the rules forbid the batch, Refused when the ledger has ended, and
    LedgerUnusable when the file cannot be written; then nothing was appended.
    """

    def parts() -> Iterable[Drafts]:
        return in_parts(plan())

    return append_parts(ledger, origin, parts, clock, allow_negative, dry_run, details=details)


def append_parts(
    ledger: Ledger,
    origin: Origin,
    plan: Callable[[], Iterable[Drafts]],
    clock: Clock,
    allow_negative: bool = False,
    dry_run: bool = False,
    inspect: Callable[[Iterable[Stream], int, int], None] | None = None,
    details: Mapping[str, str] = {},
    looks_back: bool = False,
) -> Appended | None:
    """Record a batch as `append` does, where `plan` gives its drafts many at a time; where it looks
    in the log for those that it gave before, it `looks_back`.

    `inspect` may look at the streams that were touched, and the first and last position, before the
    batch is judged; when it raises, nothing was appended.
    """
    with ledger.appending():
        refuse_ended(ledger)
        head = _sound_head(ledger)
        says = utc_text(clock())
        now = max(says, head.recorded_at)
        grounds = Grounds(
            head.position + 1,
            today_at(now, ledger.zone, head.recorded_at),
            read_closings(ledger),
            allow_negative or ledger.settings.negative == "allow",
            ledger.decimals,
            ledger.zone,
        )
        last = head.position
        judge = Judge(
            grounds,
            lambda stream: stored_state(ledger, stream),
            lambda stream, start, end: read_effects(ledger, stream, last, end, start),
            LedgerNames(ledger, Cut(grounds.today.ends, head.position)),
        )
        if behind := clock_in_words(says, now):
            judge.notes.add("clock", behind)
        tell = _tell_nobody if dry_run else ledger.inserting
        last, link = insert_parts(ledger, head, plan(), judge.take, tell, looks_back)
        if last == head.position:
            return None
        if inspect is not None:
            inspect(judge.streams, grounds.first, last)
        verdict = judge.settle()
        packed = pack_details(details)
        header = Batch(head.batch + 1, now, *origin, grounds.first, last, None, packed)
        if not dry_run:
            store_states(ledger, verdict.states)
            close_batch(ledger, header, link)
    return Appended(header, grounds.today, *verdict)


def _tell_nobody(batch: int, texts: Sequence[str]) -> None:
    pass


def _sound_head(ledger: Ledger) -> Head:
    """Return where the log ends. Raises LedgerUnusable where its events end elsewhere."""
    head, last = ledger.head(), last_position(ledger)
    if head.position != last:
        raise damaged(f"the log ends at event {last}, but its last header says {head.position}")
    return head


def refuse_ended(ledger: Ledger) -> None:
    """Raise Refused when a ledger has ended: nothing is recorded into it any more."""
    if end := read_end(ledger):
        raise Refused(
            f"{ledger.path} has ended: it goes on in {end.name}",
            f"record into that: `inventory --ledger {quote(end.name)} …`",
        )

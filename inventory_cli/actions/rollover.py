"""Knows how a new ledger begins where a closed period of an older one ends.

Its first batch closes the same period there and names the old head; the next opens every stream
with what the old log replays to; the last carries what takes effect later. Must never leave out
an event of the old log.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from inventory_cli.actions.append import append
from inventory_cli.actions.snapshot import take_snapshot
from inventory_cli.audit.seam import COMMAND
from inventory_cli.core.dates import When, inclusive_end, shifted, show_cut, show_day
from inventory_cli.core.events import Draft, Event, Stream, pack_details
from inventory_cli.core.judging import Forbidden
from inventory_cli.core.periods import Closing
from inventory_cli.core.replay import State
from inventory_cli.errors import LedgerUnusable, Refused, WrongUsage
from inventory_cli.storage.batches import Origin
from inventory_cli.storage.failures import file_failures
from inventory_cli.storage.ledger_file import Clock, Head, Ledger, create_ledger, open_ledger
from inventory_cli.storage.log import events_between, replay_log, standing_openings, voided_between
from inventory_cli.storage.new_file import check_free, new_file
from inventory_cli.storage.snapshots import find_snapshot, read_closings

_ADVICE = "name a file that does not exist yet"
Progress = Callable[[int, int], None]


class RolledOver(NamedTuple):
    """What a rollover made: how many streams it opened, how many events it carried, the head that
    it names, and how the period was closed that ends there.
    """

    closing: Closing
    closed_now: bool
    opened: int
    carried: int
    old_head: Head
    head: Head


def roll_over(
    old: Ledger,
    path: Path,
    origin: Origin,
    last: When,
    clock: Clock,
    progress: Progress = lambda done, total: None,
) -> RolledOver:
    """Make a new ledger that begins after the day `last` with what is there.

    The period up to then is closed in the old one, if it is not yet. Nobody can record into that
    from then until the new file is whole and has its name; `progress` is told how many of the old
    events have been passed. Raises WrongUsage when `last` is a time of day, or not over, and
    Refused when the name is not free, or a later period is closed.
    """
    if last.instant is not None:
        raise WrongUsage(
            "a ledger ends with a whole day, not at a time of day", f"name the day: {last.day}"
        )
    cut = inclusive_end(last, old.zone)
    check_free(path, _ADVICE)
    origin = origin._replace(command=COMMAND)
    closing = _closing_at(old, cut)
    closed_now = closing is None
    if closing is None:
        closing = _close(old, origin, cut, clock)
    with old.writing():
        head = old.head()
        # The name of a file need not be text.
        name = old.path.name.encode(errors="backslashreplace").decode()
        origin = origin._replace(source=f"{name} {head.anchor}")
        states = replay_log(old, head.position, cut)
        with _new_ledger(old, path, clock) as new:
            # It holds no line, because nothing is there before the openings. It keeps the period
            # closed, and says where that ends, even where there is nothing to open.
            take_snapshot(new, origin, closing.name, cut, clock, closes=True)
            later = standing_openings(old, head.position, cut)
            _append(new, origin, openings(states, cut, later, old), clock)
            first = new.head().position + 1
            events = (e for e, _ in carried(old, head.position, cut, first, progress))
            _append(new, origin, events, clock)
            made = new.head()
            old.check_place()
    return RolledOver(closing, closed_now, len(states), made.position + 1 - first, head, made)


def _closing_at(old: Ledger, cut: str) -> Closing | None:
    """Return the last closed period if it ends there. Raises Refused when it ends later."""
    last = next(reversed(read_closings(old)), None)
    if last is not None and last.as_of > cut:
        end = show_cut(last.as_of, old.zone)
        raise Refused(
            f"a later period is closed already, up to {end} ({last.name})",
            f"a new ledger can begin after {end}",
        )
    return last if last is not None and last.as_of == cut else None


def _close(old: Ledger, origin: Origin, cut: str, clock: Clock) -> Closing:
    day = show_day(cut, old.zone)
    name = f"{COMMAND}-{day}"
    if find_snapshot(old, name):
        raise Refused(
            f"there is a snapshot {name!r} already, and it closes nothing",
            f"close the period by another name: `inventory snapshot take NAME --as-of {day} "
            "--close`",
        )
    take_snapshot(old, origin, name, cut, clock, closes=True)
    return Closing(name, cut)


@contextmanager
def _new_ledger(old: Ledger, path: Path, clock: Clock) -> Iterator[Ledger]:
    """Give an empty ledger with the settings of the old one, which gets its name when it is
    whole. Nobody may read it who may not read the old one.
    """
    with new_file(path, _ADVICE) as unfinished:
        try:
            settings = old.settings
            create_ledger(
                unfinished, clock(), settings.decimals, settings.timezone, settings.negative
            )
            with file_failures(path):
                unfinished.chmod(old.path.stat().st_mode & 0o777 | 0o600)
            with open_ledger(unfinished, write=True) as new:
                yield new
        except LedgerUnusable as error:
            # Its temporary name says nothing to anybody.
            text = error.message.replace(str(unfinished), str(path))
            raise LedgerUnusable(f"{text}; {path} was not made", error.hint) from error


def openings(
    states: Mapping[Stream, State], cut: str, later: Set[Stream], old: Ledger
) -> Iterator[Draft]:
    """Give what opens each stream, at the first moment after the cut, from position 1 on.

    An opening balance is never negative, so what is missing is adjusted. A stream that the old
    log opens only `later`, because all before was voided, is opened for no more than to be listed.
    """
    at, position = shifted(cut, 1), 0
    for (sku, location), state in sorted(states.items()):
        days = {
            key: show_day(moment, old.zone)
            for key in ("last_incoming", "last_outgoing")
            if (moment := getattr(state, key))
        }
        opening = Draft(sku, location, "opened", max(state.on_hand, 0), at, 1)
        yield opening._replace(details=pack_details(days))
        position += 1
        if state.on_hand < 0:
            yield opening._replace(kind="adjusted", quantity=state.on_hand, reason=COMMAND)
            position += 1
        if (sku, location) in later:
            yield opening._replace(kind="reversed", reason=COMMAND, reverses=position)
            position += 1


def carried(
    old: Ledger, head: int, cut: str, first: int, progress: Progress = lambda done, total: None
) -> Iterator[tuple[Draft, Event]]:
    """Give what takes effect after the cut, in order, as it is recorded from position `first` on,
    and the event of the old log that it was. Reversals name the new positions.
    """
    moved: dict[int | None, int] = {}
    position = first
    for events in events_between(old, range(1, head + 1), effective_after=cut):
        voided = voided_between(old, events[0].position, events[-1].position, head)
        for event in events:
            if event.position in voided:
                moved[event.position] = position
            # Both take effect at one moment, so the event that it names was carried before.
            reverses = moved.pop(event.reverses, event.reverses)
            yield event.said._replace(reverses=reverses), event
            position += 1
        progress(events[-1].position, head)


def _append(new: Ledger, origin: Origin, drafts: Iterable[Draft], clock: Clock) -> None:
    try:
        # What the old ledger let fall below zero is not refused here.
        append(new, origin, lambda: drafts, clock, allow_negative=True)
    except Forbidden as error:
        found = error.problems[0]
        raise LedgerUnusable(
            f"the old ledger holds what its rules forbid: {found.sku} at {found.location}: "
            f"{found.text}",
            "`inventory verify` says more",
        ) from None

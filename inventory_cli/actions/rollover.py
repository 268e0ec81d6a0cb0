"""Knows how a new ledger begins where a closed period of an older one ends.

Its first batch closes the same period there and names the old head; the next opens every stream
with what the old log replays to; the others carry what takes effect later. Must never leave out
an event of the old log.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain, groupby
from pathlib import Path
from typing import NamedTuple, TypeVar

from inventory_cli.actions.append import append
from inventory_cli.actions.descriptions import described_anew
from inventory_cli.actions.openings import costs_at, openings
from inventory_cli.actions.snapshot import take_snapshot
from inventory_cli.audit.carried_ids import check_digest
from inventory_cli.audit.seam import COMMAND, read_seam
from inventory_cli.core.dates import When, inclusive_end, show_cut, show_day, utc_text
from inventory_cli.core.events import (
    CARRIED_FROM,
    CARRIED_IDS,
    FORGETS,
    Draft,
    Event,
)
from inventory_cli.core.judging import Forbidden
from inventory_cli.core.periods import Closing
from inventory_cli.core.present import present_at
from inventory_cli.core.rules import content_of
from inventory_cli.errors import LedgerUnusable, NotFree, Refused, WrongUsage
from inventory_cli.storage.batches import End, Origin, forgotten_in, read_batches, read_end
from inventory_cli.storage.batches import end as end_ledger
from inventory_cli.storage.carried_ids import CarriedId, read_carried, store_carried
from inventory_cli.storage.failures import file_failures, sqlite_failures
from inventory_cli.storage.known import Forgotten, ids_of, known_under_id
from inventory_cli.storage.ledger_file import Clock, Head, Ledger, open_ledger
from inventory_cli.storage.log import events_between, replay_log, standing_openings, voided_between
from inventory_cli.storage.new_file import Made, check_free, new_file
from inventory_cli.storage.new_ledger import create_ledger
from inventory_cli.storage.snapshots import find_snapshot, read_closings

_ADVICE = "name a file that does not exist yet"
Progress = Callable[[int, int], None]
Rows = TypeVar("Rows")


class RolledOver(NamedTuple):
    """What a rollover made: how many streams it opened, how many events it carried, the head that
    it names, and how the period was closed that ends there. `first` is the file in which the old
    one went on already, if this is a second one.
    """

    closing: Closing
    closed_now: bool
    opened: int
    carried: int
    old_head: Head
    head: Head
    first: str | None


def roll_over(
    old: Ledger,
    path: Path,
    origin: Origin,
    last: When,
    clock: Clock,
    progress: Progress = lambda done, total: None,
) -> RolledOver:
    """Make a new ledger that begins after the day `last` with what is there.

    The period up to then is closed in the old one, if it is not yet, and the old one ends: its last
    batch names the new file, and nothing is recorded into it any more. `progress` is told how many
    of the old events have been passed. Raises WrongUsage when `last` is a time of day, or not over,
    Refused when a later period is closed, NotFree when something has the name, and LedgerUnusable
    when the ids that the old one took over itself are not what its first header says.
    """
    if last.instant is not None:
        raise WrongUsage(
            "a ledger ends with a whole day, not at a time of day", f"name the day: {last.day}"
        )
    cut = inclusive_end(last, old.zone)
    check_free(path, _ADVICE)
    for found in check_digest(old):
        # What is not whole would be taken over with a digest that fits.
        raise LedgerUnusable(f"{old.path} is damaged: {found.text}", "`inventory verify` says more")
    origin = origin._replace(command=COMMAND)
    if end := read_end(old):
        _refuse_another_cut(old, end, cut)
    closing = _closing_at(old, cut)
    closed_now = closing is None
    if closing is None:
        closing = _close(old, origin, cut, clock)
    with _what_stands(old, path, closing if closed_now else None), old.appending():
        end = read_end(old)
        head = end.head if end else old.head()
        with new_file(path, _ADVICE) as unfinished:
            source = f"{_as_text(Path(old.path.name))} {head.anchor}"
            with _begun(old, unfinished, path, clock) as new:
                opened, carried_over = _fill(
                    old, head, new, origin._replace(source=source), closing, clock, progress
                )
                made = new.head()
            # Before the new file has its name: there is never an open old file beside it.
            if end is None:
                recorded_at = max(utc_text(clock()), head.recorded_at)
                end_ledger(old, origin, recorded_at, _as_text(_seen_from(old.path, path)))
            old.check_place()
    return RolledOver(closing, closed_now, opened, carried_over, head, made, end and end.name)


@contextmanager
def _what_stands(old: Ledger, path: Path, closed: Closing | None) -> Iterator[None]:
    """Say of a failure what of the rollover stands all the same in the old ledger: that it has
    ended or, if this rollover `closed` a period, that.
    """
    had_ended = read_end(old) is not None
    try:
        yield
    except Made:
        raise
    except (NotFree, LedgerUnusable) as error:
        if not had_ended and read_end(old) is not None:
            raise LedgerUnusable(
                f"{old.path} has ended, but {path} was not made: {error.message}",
                "roll over once more, to a name that is free: it begins at the same moment",
            ) from error
        if closed is None:
            raise
        end = show_cut(closed.as_of, old.zone)
        raise LedgerUnusable(
            f"{error.message}; {old.path} is closed up to {end} all the same ({closed.name})",
            f"{error.hint or 'mend that'}; then roll over once more: what is closed stays closed",
        ) from error


def _seen_from(old: Path, new: Path) -> Path:
    """Return where a new file is, as seen from the folder of the old one."""
    return Path(os.path.relpath(new.absolute(), old.absolute().parent))


def _as_text(path: Path) -> str:
    """Return the name of a file, which need not be text, as text that can be stored."""
    return str(path).encode(errors="backslashreplace").decode()


def _fill(
    old: Ledger,
    head: Head,
    new: Ledger,
    origin: Origin,
    closing: Closing,
    clock: Clock,
    progress: Progress,
) -> tuple[int, int]:
    """Record into a new ledger all that it takes over; return how many streams it opens, and how
    many events it carries.
    """
    cut = closing.as_of
    with sqlite_failures(old.path):
        states, before = replay_log(old, head.position, cut), read_seam(old)
        later = standing_openings(old, head.position, cut)
        costs = costs_at(old, head.position, cut)
    files = [*(before.files if before else ()), _as_text(Path(old.path.name))]
    digest = store_carried(new, _read(old, ids_before(old, head.position, cut, len(files))))
    # It holds no line, because nothing is there before the openings. It keeps the period closed,
    # and says where that ends, even where there is nothing to open.
    named = {CARRIED_FROM.format(number): file for number, file in enumerate(files, 1)}
    details = {} if digest is None else {CARRIED_IDS: digest, **named}
    take_snapshot(new, origin, closing.name, cut, clock, closes=True, details=details)
    with sqlite_failures(old.path):
        known = described_anew(old, head.position, cut)
    _append(new, origin, chain(openings(states, cut, later, costs, old), known), clock)
    first = new.head().position + 1
    _carry(old, carried(old, head.position, cut, first, progress), new, origin, clock)
    return len(states), new.head().position + 1 - first


def _read(old: Ledger, rows: Iterable[Rows]) -> Iterator[Rows]:
    """Give what is read of the old ledger, so that what fails in it does not name the new one."""
    with sqlite_failures(old.path):
        yield from rows


def _carry(
    old: Ledger,
    events: Iterable[tuple[Draft, Event]],
    new: Ledger,
    origin: Origin,
    clock: Clock,
) -> None:
    """Record what is carried. An import that was voided as a whole, and what voided it, are batches
    of their own, so that it stays forgotten.
    """
    with sqlite_failures(old.path):
        forgets = {h.batch: number for h in read_batches(old) if (number := forgotten_in(h))}
    imports = set(forgets.values())

    def part(one: tuple[Draft, Event]) -> tuple[int, int]:
        batch = one[1].batch
        return (batch if batch in imports else 0, forgets.get(batch, 0))

    new_number: dict[int, int] = {}
    for (imported, forgotten), group in groupby(_read(old, events), part):
        details = {FORGETS: str(new_number[forgotten])} if forgotten in new_number else {}
        _append(new, origin, (draft for draft, _ in group), clock, details)
        if imported:
            new_number[imported] = new.head().batch


def _refuse_another_cut(old: Ledger, end: End, cut: str) -> None:
    """A second new ledger of an ended one begins where the first did, which may have been lost."""
    first = read_closings(old)[-1].as_of
    if cut != first:
        raise Refused(
            f"{old.path} has ended: it goes on in {end.name}",
            "a second new ledger can only begin where that one does: --as-of "
            f"{show_day(first, old.zone)}",
        )


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
def _begun(old: Ledger, unfinished: Path, path: Path, clock: Clock) -> Iterator[Ledger]:
    """Give an empty ledger with the settings of the old one, under a temporary name. Nobody may
    read it who may not read the old one.
    """
    try:
        settings, now = old.settings, present_at(clock(), old.head().recorded_at).now
        create_ledger(unfinished, now, settings.decimals, settings.timezone, settings.negative)
        with file_failures(path):
            unfinished.chmod(old.path.stat().st_mode & 0o777 | 0o600)
        with open_ledger(unfinished, write=True) as new:
            yield new
    except LedgerUnusable as error:
        # Its temporary name says nothing to anybody.
        text = error.message.replace(str(unfinished), str(path))
        if isinstance(error, Made):
            text = error.reason
        raise LedgerUnusable(f"{text}; {path} was not made", error.hint) from error


def ids_before(old: Ledger, head: int, cut: str, number: int) -> Iterator[CarriedId]:
    """Give the ids that stay known though what is under them is not carried: what took effect up
    to the cut, voided or not, and what the old ledger took over itself. That is ledger `number`.

    Reversals are among them even if they are carried: the command names a position of the old log.
    """
    yield from read_carried(old)
    forgotten = Forgotten(old)
    for id in ids_of(old):
        for known in known_under_id(old, id, forgotten):
            first = known.events[0]
            if first.position <= head and (first.effective_at <= cut or first.kind == "reversed"):
                moment = first.effective_at, first.date_only
                content = content_of(event.said for event in known.events)
                yield CarriedId(id, number, first.position, *moment, content, known.voided_by)


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


def _append(
    new: Ledger,
    origin: Origin,
    drafts: Iterable[Draft],
    clock: Clock,
    details: Mapping[str, str] = {},
) -> None:
    try:
        # What the old ledger let fall below zero is not refused here.
        append(new, origin, lambda: drafts, clock, allow_negative=True, details=details)
    except Forbidden as error:
        found = error.problems[0]
        raise LedgerUnusable(
            f"the old ledger holds what its rules forbid: {found.sku} at {found.location}: "
            f"{found.text}",
            "`inventory verify` says more",
        ) from None

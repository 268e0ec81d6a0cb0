"""Knows closed periods: which events may still be recorded into one, and on what condition.

Must never know how a closing is stored.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta, tzinfo
from typing import NamedTuple

from inventory_cli.core.dates import When, day_of, inclusive_end, local_time, show_cut
from inventory_cli.core.events import INTO_CLOSED, Draft, pack_details, unpack_details
from inventory_cli.errors import Refused, WrongUsage

# For so many days of a month the one before is being settled.
_FIRST_DAYS = 10


class Closing(NamedTuple):
    """The end of a period: its name, and the last moment (UTC text) that it includes."""

    name: str
    as_of: str


def check_over(cut: str, now: str, zone: tzinfo) -> None:
    """Raise WrongUsage when a period that ends with a cut is not over by today's end; both are
    moments as UTC text.
    """
    if cut > day_of(now, zone)[1]:
        end = show_cut(cut, zone).removeprefix("the end of ")
        raise WrongUsage(
            f"{end} has not come yet, so nothing can be closed by it",
            "name a day that is over: --as-of yesterday",
        )


def likely_last_day(now: str, closings: Sequence[Closing], zone: tzinfo) -> str | None:
    """Return the day with which, at a moment (UTC text), a period is most likely to be closed next.

    In the first days of a month that is the last day of the month before, else yesterday; None
    where all that is over is closed. `closings` are sorted by date.
    """
    today = local_time(now, zone).date()
    month_end, yesterday = today - timedelta(days=today.day), today - timedelta(days=1)
    closed = closings[-1].as_of if closings else ""
    for day in (month_end if today.day <= _FIRST_DAYS else yesterday, yesterday):
        if inclusive_end(When(day, None), zone) > closed:
            return day.isoformat()
    return None


def find_closing(closings: Iterable[Closing], name: str) -> Closing:
    """Return the closed period of a name. Raises Refused when there is none."""
    for closing in closings:
        if closing.name == name:
            return closing
    raise Refused(f"no period was closed as {name!r}", "`inventory snapshot list` shows which were")


def named_in(details: str | None) -> str | None:
    """Return into which closed period an event was meant to go, as its stored details say."""
    if details is None or INTO_CLOSED not in details:
        return None
    return unpack_details(details).get(INTO_CLOSED)


def meant_for(draft: Draft, closing: Closing | None) -> Draft:
    """Return a draft that says, where it takes effect in this closed period, that this is meant."""
    if closing is None or draft.effective_at > closing.as_of:
        return draft
    details = {**unpack_details(draft.details), INTO_CLOSED: closing.name}
    return draft._replace(details=pack_details(details))


def is_allowed(effective_at: str, details: str | None, closings: Iterable[Closing]) -> bool:
    """Tell whether an event of a closed period names one that includes it."""
    name = named_in(details)
    return any(name == closing.name and effective_at <= closing.as_of for closing in closings)


def what_forbids(draft: Draft, closings: Sequence[Closing], zone: tzinfo) -> tuple[str, str] | None:
    """Return why a draft may not be recorded, and what to do; None where no closing forbids it.

    `closings` are sorted by date.
    """
    name = named_in(draft.details)
    its_own = next((c for c in closings if draft.effective_at <= c.as_of), None)
    if name is None:
        if its_own is None:
            return None
        # A reversal takes effect when the event it names did.
        reverses = draft.kind == "reversed"
        instead = "record the contrary, of a later date" if reverses else "give it a later date"
        return (
            f"the period up to {show_cut(its_own.as_of, zone)} is closed ({its_own.name})",
            f"{instead}, or say --into-closed {its_own.name} and why, with --reason",
        )
    if not is_allowed(draft.effective_at, draft.details, closings):
        return (
            f"it is not in a period that was closed as {name!r}",
            f"its period was closed as {its_own.name!r}" if its_own else "leave out --into-closed",
        )
    if draft.reason is None:
        return (
            "what goes into a closed period needs a reason",
            "say why, with --reason; for the rows of a file with --set reason=TEXT",
        )
    return None

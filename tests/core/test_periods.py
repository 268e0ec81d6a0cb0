"""Which closed period forbids what, in a table of its own."""

from datetime import UTC

import pytest

from inventory_cli.core.events import Draft
from inventory_cli.core.periods import (
    Closing,
    find_closing,
    is_allowed,
    likely_last_day,
    meant_for,
    what_forbids,
)
from inventory_cli.errors import Refused
from tests.core.notation import details, draft, moment

FEBRUARY = Closing("feb", moment("28 Feb 23:59"))
MARCH = Closing("mar", moment("31 Mar 23:59"))
CLOSED = [FEBRUARY, MARCH]
OTHERWISE = "give it a later date, or say --into-closed"
CASES = [
    # what it is, which period it names, whether it says why → what forbids it, what to do
    ("1 Apr sold 1", None, False, None, None),
    ("1 Mar sold 1", None, True, "is closed (mar)", f"{OTHERWISE} mar and why, with --reason"),
    ("1 Feb sold 1", None, True, "is closed (feb)", f"{OTHERWISE} feb and why, with --reason"),
    ("1 Feb sold 1", "feb", True, None, None),
    # A later closing includes the period before it.
    ("1 Feb sold 1", "mar", True, None, None),
    ("1 Mar sold 1", "feb", True, "not in a period that was closed as 'feb'", "closed as 'mar'"),
    ("1 Apr sold 1", "mar", True, "not in a period that was closed", "leave out --into-closed"),
    ("1 Feb sold 1", "feb", False, "needs a reason", "say why, with --reason"),
]


@pytest.mark.parametrize(("line", "named", "why", "forbids", "hint"), CASES)
def test_what_a_closing_forbids(
    line: str, named: str | None, why: bool, forbids: str | None, hint: str | None
) -> None:
    event = draft(line, [])._replace(
        reason="found later" if why else None,
        details=details(into_closed=named) if named else None,
    )
    found = what_forbids(event, CLOSED, UTC)
    if forbids is None or hint is None:
        assert found is None
    else:
        assert found is not None
        assert forbids in found[0]
        assert hint in found[1]


@pytest.mark.parametrize(
    ("now", "closed", "likely"),
    [
        # In the first days of a month that before it, once; then yesterday.
        ("2022-05-03T10:00:00.000Z", None, "2022-04-30"),
        ("2022-05-03T10:00:00.000Z", "2022-04-29T23:59:59.999Z", "2022-04-30"),
        ("2022-05-03T10:00:00.000Z", "2022-04-30T23:59:59.999Z", "2022-05-02"),
        ("2022-05-10T23:00:00.000Z", None, "2022-04-30"),
        ("2022-05-11T00:00:00.000Z", None, "2022-05-10"),
        ("2022-05-01T10:00:00.000Z", None, "2022-04-30"),
        ("2022-01-02T10:00:00.000Z", None, "2021-12-31"),
        # Nothing is over that is not closed.
        ("2022-05-03T10:00:00.000Z", "2022-05-02T23:59:59.999Z", None),
        ("2022-05-03T10:00:00.000Z", "2022-05-03T23:59:59.999Z", None),
    ],
)
def test_which_day_is_likely_the_last_of_a_period(
    now: str, closed: str | None, likely: str | None
) -> None:
    closings = [Closing("last", closed)] if closed else []
    assert likely_last_day(now, closings, UTC) == likely


def test_a_reversal_is_not_told_to_take_a_later_date() -> None:
    reversal = draft("1 Mar sold 1", [])._replace(kind="reversed", quantity=0, reverses=1)
    found = what_forbids(reversal, CLOSED, UTC)
    assert found is not None
    assert found[1].startswith("record the contrary, of a later date")


def test_only_what_takes_effect_in_the_period_says_that_it_is_meant() -> None:
    early, late = draft("1 Mar sold 1", []), draft("1 Apr sold 1", [])
    assert meant_for(late, MARCH) == late
    assert meant_for(early, None) == early
    meant: Draft = meant_for(early, MARCH)
    assert is_allowed(meant.effective_at, meant.details, CLOSED)
    assert not is_allowed(meant.effective_at, meant.details, [FEBRUARY])


def test_a_period_that_nobody_closed_is_not_found() -> None:
    assert find_closing(CLOSED, "mar") == MARCH
    with pytest.raises(Refused, match="no period was closed as 'apr'"):
        find_closing(CLOSED, "apr")

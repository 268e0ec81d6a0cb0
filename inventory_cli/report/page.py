"""Knows how what was gathered becomes one page that needs nothing but itself.

The words of the page stand in its template. Whatever comes from the ledger is text to it: never
markup, and never script. Must never know where a figure comes from.
"""

import json
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from hashlib import sha256
from importlib.resources import files
from operator import sub
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Any, NamedTuple

from inventory_cli.actions.report import Course, Report
from inventory_cli.errors import WrongUsage
from inventory_cli.report.file import MARK
from inventory_cli.report.tables import Written, tables

_LETTERS = ascii_uppercase + ascii_lowercase + digits + "+/"
_BITS, _GOES_ON = 31, 32


class About(NamedTuple):
    """What the page is about, in words: the ledger, the period (`start` "" for the first event),
    as known when, and made when; for how many days stock should last, and how it is valued.
    """

    ledger: str
    identity: str
    timezone: str
    start: str
    end: str
    known: str
    made: str
    version: str
    cover: int
    method: str


def require_templates() -> None:
    """Raise WrongUsage where the package that fills in the page is not installed."""
    try:
        import jinja2  # noqa: F401 (only this command needs it)
    except ImportError:
        raise WrongUsage(
            "a report is written with the package jinja2, which is not installed",
            "`pip install 'inventory-cli[report]'` brings it",
        ) from None


def page(report: Report, about: About, written: Written, commands: Mapping[str, str]) -> str:
    """Return a report as HTML. `commands` repeat its tables, by their names; `history`, with the
    SKU left out at its end, repeats the chart.
    """
    from jinja2 import Environment, FunctionLoader, StrictUndefined
    from markupsafe import Markup

    style, script = _part("page.css"), _part("page.js")
    environment = Environment(
        loader=FunctionLoader(_part),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    shown = {} if report.figures is None else tables(report.figures, written)
    courses = [] if report.figures is None else report.figures.told.courses
    return environment.get_template("page.html").render(
        about=about,
        mark=Markup(MARK).format(about.identity),
        audit=report.audit,
        why_none=report.why_none,
        tables=shown,
        commands=commands,
        style=Markup(style),
        script=Markup(script),
        allowed=f"style-src 'sha256-{_digest(style)}'; script-src 'sha256-{_digest(script)}'",
        data=Markup(_as_script(_data(courses, about, written, commands.get("history", "")))),
    )


def _part(name: str) -> str:
    return (files("inventory_cli.report") / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return b64encode(sha256(text.encode()).digest()).decode()


def _as_script(value: object) -> str:
    """Return a value as JSON that can stand in a script element, whatever text it holds."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _data(
    courses: Sequence[Course], about: About, written: Written, history: str
) -> dict[str, Any]:
    """Return what the script draws: for each SKU its name, and three texts of packed numbers.

    They are the levels, the counts and what was voided: of each the days since the one before (of
    the first, since `first`), and behind these the change of on hand, or the variance, in smallest
    units. They are exact, whatever their size.
    """
    days = [day for course in courses for day in course.days]
    first, last = min(days, default=1), max(days, default=1)
    return {
        "decimals": written.decimals,
        "first": date.fromordinal(first).isoformat(),
        "span": last - first,
        "from": date.fromisoformat(about.start[:10]).toordinal() - first if about.start else 0,
        "history": history,
        "courses": [[course.sku, *_texts(course, first)] for course in courses],
    }


def _texts(course: Course, first: int) -> tuple[str, str, str]:
    days, levels = [day for day, _ in course.levels], [level for _, level in course.levels]
    counted = [day for day, _ in course.counts]
    return (
        _packed(_steps(days, first), _steps(levels, 0)),
        _packed(_steps(counted, first), (variance for _, variance in course.counts)),
        _packed(_steps(course.voided, first)),
    )


def _steps(values: Sequence[int], first: int) -> Iterable[int]:
    """Return by how much each value differs from the one before it."""
    return map(sub, values, (first, *values))


def _packed(*columns: Iterable[int]) -> str:
    """Return the numbers of each row in turn, packed as source maps pack theirs (base64 VLQ): the
    sign is the lowest bit, a letter has five bits, and the lowest come first.

    In figures they would be half of the page of a large shop.
    """
    letters = []
    for row in zip(*columns, strict=True):
        for value in row:
            rest = abs(value) << 1 | (value < 0)
            while rest > _BITS:
                letters.append(_LETTERS[rest & _BITS | _GOES_ON])
                rest >>= 5
            letters.append(_LETTERS[rest])
    return "".join(letters)

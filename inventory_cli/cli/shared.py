"""Knows the options that several commands share, each declared once: the fields of a group.

A command that takes a group as a parameter has its fields as options (see `lazy`); one that is
without some, or has other defaults, says so with `But`. Must never know what the options mean.
"""

from typing import Annotated, NamedTuple

import typer

from inventory_cli.cli.completion import complete_location
from inventory_cli.cli.options import (
    LOCATION_VARIABLE,
    AllowNegative,
    By,
    Format,
    IntoClosed,
    KnownAt,
    KnownOnly,
    Location,
    Reason,
    Skus,
)
from inventory_cli.core.events import DEFAULT_LOCATION

# When an event happened whose date is not given. An opening balance is of the whole day, so that
# whatever else happened today can still be recorded by its date alone.
NOW, TODAY = "now", "today"


class Given(NamedTuple):
    """What was typed for a recording command beside what is its own."""

    on: Annotated[str, typer.Option("--on", metavar="DATE", help="When it happened.")] = NOW
    location: Annotated[
        str | None,
        typer.Option(
            "-l",
            "--location",
            metavar="NAME",
            envvar=LOCATION_VARIABLE,
            show_default=DEFAULT_LOCATION,
            help="Where it happened.",
            autocompletion=complete_location,
        ),
    ] = None
    reason: Reason = None
    reference: Annotated[
        str | None, typer.Option("--ref", metavar="TEXT", help="The number of a document.")
    ] = None
    cost: Annotated[
        str | None, typer.Option("--cost", metavar="AMOUNT", help="What one unit cost, exact.")
    ] = None
    id: Annotated[
        str | None,
        typer.Option("--id", metavar="KEY", help="A key of your own: recording twice is harmless."),
    ] = None
    by: By = None
    detail: Annotated[
        list[str] | None,
        typer.Option("--detail", metavar="K=V", help="Anything else worth keeping; repeatable."),
    ] = None
    into_closed: IntoClosed = None
    allow_negative: AllowNegative = False
    known_only: KnownOnly = False
    format: Format = "table"


class Between(NamedTuple):
    """What was typed for a question about a span of days beside what is its own."""

    skus: Skus = None
    start: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="DATE", help="Only from that date on; a month or a year will do."
        ),
    ] = None
    end: Annotated[
        str | None,
        typer.Option("--to", metavar="DATE", help="Only up to that date, inclusive."),
    ] = None
    location: Location = None
    known_at: KnownAt = None
    format: Format = "table"


class Asked(NamedTuple):
    """What was typed for a question beside what is its own."""

    skus: Skus = None
    location: Location = None
    known_at: KnownAt = None
    format: Format = "table"

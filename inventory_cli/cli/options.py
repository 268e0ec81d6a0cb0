"""Knows how the words of a command are read: options, dates, the clock, the user and the machine.

The only place that reads the clock, the user's name and the machine's time zone. (Of the
environment, Typer reads what stands for an option, and `boundary` and `terminal` how to write.)
Must never know what a command does.
"""

import os
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from inventory_cli.cli.completion import complete_format, complete_location, complete_sku
from inventory_cli.core import dates
from inventory_cli.core.events import BEGUN, INTO_CLOSED, RESERVED_DETAILS, SHARED
from inventory_cli.core.present import (
    NOTEWORTHY,
    Present,
    behind_in_words,
    present_at,
    since_in_words,
)
from inventory_cli.core.text import clean_name
from inventory_cli.errors import WrongUsage
from inventory_cli.render import FORMATS
from inventory_cli.storage.batches import Origin
from inventory_cli.storage.ledger_file import Clock, Ledger
from inventory_cli.storage.stock import has_sku, skus_like
from inventory_cli.terminal import note


def clean_sku(sku: str) -> str:
    """Return a SKU that was typed, cleaned as when it was recorded."""
    return clean_name(sku, "SKU")


def clean_skus(skus: Iterable[str] | None) -> list[str]:
    """Return the SKUs that were typed, cleaned as when they were recorded, each once."""
    return list(dict.fromkeys(map(clean_sku, skus or ())))


def clean_location(location: str | None) -> str | None:
    """Return the location that was typed, cleaned as when it was recorded; None for all."""
    return None if location is None else clean_name(location, "location")


def check_format(format: str) -> str:
    """Return the format that was typed. Raises WrongUsage unless answers come in it."""
    if format not in FORMATS:
        raise WrongUsage(f"--format {format!r} is not one of {', '.join(FORMATS)}")
    return format


Format = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="table|json|jsonl|csv",
        envvar="INVENTORY_FORMAT",
        help="How to show the answer.",
        callback=check_format,
        autocompletion=complete_format,
    ),
]
Skus = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SKU...",
        help="Only these SKUs, as in 'MUG-*'; all if none.",
        callback=clean_skus,
        autocompletion=complete_sku,
    ),
]
Location = Annotated[
    str | None,
    typer.Option(
        "-l",
        "--location",
        metavar="NAME",
        help="Only this location.",
        callback=clean_location,
        autocompletion=complete_location,
    ),
]
By = Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who records it, if not you.")]
KnownAt = Annotated[
    str | None,
    typer.Option(
        "--known-at", metavar="DATE", help="What the ledger knew at that time, and no later."
    ),
]
AllowNegative = Annotated[
    bool, typer.Option("--allow-negative", help="Let on hand fall below zero.")
]
IntoClosed = Annotated[
    str | None,
    typer.Option("--into-closed", metavar="NAME", help="Record it although that period is closed."),
]


def is_yes(given: bool | str) -> bool:
    """Return whether a flag is given, or an environment variable that stands for it says so."""
    if isinstance(given, str):
        return given.strip().casefold() not in ("", "0", "false", "no")
    return given


KnownOnly = Annotated[
    bool,
    typer.Option(
        "--known-only",
        envvar="INVENTORY_KNOWN_ONLY",
        help="Refuse a SKU or a location that is new.",
        callback=is_yes,
    ),
]
# The place that is meant where none is said.
LOCATION_VARIABLE = "INVENTORY_LOCATION"
Reason = Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why it happened.")]


def ledger_path(context: typer.Context) -> Path:
    """Return the ledger file that the command works on."""
    return Path(context.obj)


def now() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


def clock(ledger: Ledger) -> Clock:
    """Return the clock by which is recorded: that of this machine, or of a shared log's server."""
    return ledger.clock(now)


def present(ledger: Ledger) -> Present:
    """Return the present moment of a ledger."""
    return present_at(clock(ledger)(), ledger.head().recorded_at)


def moment_asked(ledger: Ledger) -> datetime:
    """Return the present moment for a question; remarks say where the clock is behind, and how old
    a replica is.
    """
    found = present(ledger)
    if as_of := read_as_of(ledger):
        note(f"a replica as of {as_of}: `inventory sync` brings it up to date")
    if found.behind >= NOTEWORTHY:
        note(behind_in_words(found))
    return found.now


def read_as_of(ledger: Ledger) -> str | None:
    """Return when a replica that is asked was last up to date, and how long ago that is; None where
    the log is in this file, or was brought up to date by this command.
    """
    if ledger.sharing().get(SHARED) != BEGUN or type(ledger) is not Ledger:
        return None
    from inventory_cli.shared.beside import synced_at  # Few logs are shared.

    moment = synced_at(ledger.path)
    if moment is None:
        return "an unknown moment"
    when = dates.show_moment(dates.utc_text(moment), ledger.zone)[: len("2022-03-15T14:30")]
    ago = since_in_words(max(now() - moment, timedelta()))
    return f"{when.replace('T', ' ')} ({ago} ago)"


def usual_location() -> str | None:
    """Return the location that the environment says for what names none; None where it does not."""
    return os.environ.get(LOCATION_VARIABLE) or None


def origin(context: typer.Context, by: str | None, source: str | None = None) -> Origin:
    """Return who records with which command, from which file."""
    actor = _user() if by is None else clean_name(by, "name after --by")
    return Origin(actor, command_name(context), source)


def is_typed(context: typer.Context, name: str) -> bool:
    """Tell whether a parameter was typed, and is not what the environment or the default says."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def command_name(context: typer.Context) -> str:
    """Return the command as typed, without the program: `snapshot take`."""
    return context.command_path.split(" ", 1)[-1]


def machine_zone() -> str:
    """Return the IANA name of this machine's time zone; UTC where it cannot be told."""
    if name := os.environ.get("TZ", "").lstrip(":"):
        try:
            dates.load_zone(name)
        except WrongUsage:
            raise WrongUsage(
                f"the time zone of this machine, TZ={name!r}, has no IANA name",
                "name one: `inventory init --timezone Europe/Berlin`",
            ) from None
        return name
    target = os.path.realpath("/etc/localtime")
    if "/zoneinfo/" in target:
        name = target.split("/zoneinfo/", 1)[1]
        return "UTC" if name.removeprefix("Etc/") in ("UTC", "UCT", "Zulu", "Universal") else name
    try:
        return Path("/etc/timezone").read_text(encoding="utf-8").strip() or "UTC"
    except (OSError, UnicodeDecodeError):
        return "UTC"


def _user() -> str:
    for variable in ("LOGNAME", "USER", "USERNAME"):
        if name := os.environ.get(variable, "").strip():
            return clean_name(name, f"${variable}")
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError):
        return "unknown"


def parse_details(pairs: Iterable[str] | None, into_closed: str | None) -> dict[str, str]:
    """Return `K=V` words as a mapping, with the closed period that an event is meant for."""
    details: dict[str, str] = {}
    for pair in pairs or ():
        key, equals, value = pair.partition("=")
        key = key.strip()
        if not equals or not key:
            raise WrongUsage(
                f"--detail {pair!r} is not like KEY=VALUE", "as in --detail colour=red"
            )
        if key in details:
            raise WrongUsage(
                f"--detail {key} is given twice", "join the values, or use another key"
            )
        if key in RESERVED_DETAILS:
            option = key.replace("_", "-")
            raise WrongUsage(f"--detail {key} has an option of its own: --{option}")
        details[key] = value
    if into_closed is not None:
        details[INTO_CLOSED] = clean_name(into_closed, "the period after --into-closed")
    return details


_NUMBER_HINTS = {
    "position": "`inventory log` and `inventory history SKU` show positions",
    "batch": "`inventory batches` lists them",
    "--last": "write it in figures, like --last 10",
    "--cover": "write it in figures, like --cover 30",
    "--decimals": "write it in figures, like --decimals 2",
}


def parse_number(text: str, what: str) -> int:
    """Return a whole number of zero or more, as positions and batches have."""
    if not (text.isascii() and text.isdecimal()) or len(text) > 18:
        raise WrongUsage(f"{what} {text!r} is not a whole number", _NUMBER_HINTS.get(what))
    return int(text)


def is_date(ledger: Ledger, text: str) -> bool:
    """Tell whether a word that stands for something else is a date, in figures or of these days."""
    if not (text[:1].isdigit() or text in (*dates.DAYS, *dates.WEEKDAYS)):
        return False
    try:
        dates.parse_when(text, now(), ledger.zone)
    except WrongUsage:
        return False
    return True


def matching(ledger: Ledger, skus: Iterable[str]) -> list[str]:
    """Return the SKUs that were typed, with those in the place of a pattern that it fits.

    A pattern holds `*` or `?`; one that fits no SKU, or is one itself, stays as it is.
    """
    found: dict[str, None] = {}
    for sku in skus:
        is_pattern = ("*" in sku or "?" in sku) and not has_sku(ledger, sku)
        fitting = skus_like(ledger, sku) if is_pattern else []
        found.update(dict.fromkeys(fitting or [sku]))
    return list(found)


def parse_known(ledger: Ledger, text: str | None, moment: datetime) -> str | None:
    """Return the last moment (UTC text) of what was known at a typed date; None for all."""
    return None if text is None else dates.parse_cut(text, moment, ledger.zone)


def end_of_today(ledger: Ledger, moment: datetime) -> str:
    """Return the last moment of today as UTC text: what "now" includes."""
    return dates.parse_cut("today", moment, ledger.zone)


def note_cut(ledger: Ledger, as_of: str, known_at: str | None, format: str) -> None:
    """Say which cut a table shows; machine formats are for those who know."""
    if format != "table":
        return
    cuts = [dates.show_cut(cut, ledger.zone) for cut in (as_of, known_at) if cut]
    note(f"as of {', as known at '.join(cuts)} ({ledger.settings.timezone})")


def note_between(ledger: Ledger, begins: str, ends: str, known_at: str | None, format: str) -> None:
    """Say which span a table is about, as `note_cut` says the cut."""
    if format != "table":
        return
    start = dates.show_start(begins, ledger.zone) if begins else "the first event"
    known = f", as known at {dates.show_cut(known_at, ledger.zone)}" if known_at else ""
    end = dates.show_cut(ends, ledger.zone)
    note(f"from {start} to {end}{known} ({ledger.settings.timezone})")


def note_nothing(ledger: Ledger, skus: Iterable[str], location: str | None, when: str) -> None:
    """Say that SKUs that were asked for have no event there `when`, and which names are unknown."""
    from inventory_cli.actions.names import newcomers
    from inventory_cli.core.names import there_is

    names = newcomers(ledger)
    if location is not None and (new := names.look_at_location(location)):
        note(f"there is no location {new.in_words()}")
    where = "" if location is None else f" at {location}"
    for sku in skus:
        new = names.look_at_sku(sku)
        note(f"no event of {sku}{where} {when}{there_is(new.alike) if new else ''}")
        if new and is_date(ledger, sku):
            note(f"of a date: `inventory as-of {quote(sku)}`")

"""Knows the command for codes that a scanner types, and how each is answered at once.

Must never know what a code means.
"""

from collections.abc import Iterator
from typing import Annotated, BinaryIO

import typer

from inventory_cli.actions.codes import Codes, read_scanned
from inventory_cli.actions.record import Recording, Request, record
from inventory_cli.cli import options
from inventory_cli.cli.completion import complete_kind
from inventory_cli.cli.files import opened
from inventory_cli.cli.lazy import But
from inventory_cli.cli.movements import facts_of
from inventory_cli.cli.options import ledger_path
from inventory_cli.cli.shared import NOW, Given
from inventory_cli.core.events import COMMAND_KINDS, DEFAULT_LOCATION, KINDS
from inventory_cli.core.lines import NoLine, bounded_lines
from inventory_cli.core.names import NameRules
from inventory_cli.core.present import parse_when_recorded
from inventory_cli.core.quantities import exact, format_quantity
from inventory_cli.core.rules import movement
from inventory_cli.core.text import clean_name
from inventory_cli.core.wording import count_of
from inventory_cli.errors import Refused, WrongUsage
from inventory_cli.render import show_line
from inventory_cli.shared.opening import open_to_record
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.terminal import note, say

# The kinds of which the same code twice means twice as much.
SCANNED = tuple(kind.name for kind in KINDS.values() if kind.opposite is not None)
# No code is longer, with its quantity.
_LONGEST = 1_000


def scan(
    context: typer.Context,
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND",
            help=f"What happens: {', '.join(SCANNED)}.",
            autocompletion=complete_kind,
        ),
    ],
    given: Annotated[Given, But("id", "known_only", "detail", "cost")],
) -> None:
    """Reads standard input, a line a code: CODE, or CODE QTY. Each line is recorded by itself and
    answered at once, as a table or as jsonl; the same code twice is two events. An unknown code is
    refused. Ctrl-D ends.

    Examples:
        inventory scan sold --location shop
        inventory scan received --ref D-4711 < codes.txt
    """
    name = COMMAND_KINDS.get(kind, kind)
    if name not in SCANNED:
        raise WrongUsage(
            f"{kind!r} cannot be scanned; what can is {', '.join(SCANNED)}",
            "`inventory reconcile --sheet` prints a sheet to count with"
            if name == "counted"
            else None,
        )
    if given.format not in ("table", "jsonl"):
        raise WrongUsage("a scanned code is answered at once", "use --format table or jsonl")
    with opened("-") as stream, open_to_record(ledger_path(context)) as ledger:
        _Scanning(context, ledger, name, given).run(stream)


class _Scanning:
    """One run of the command: what was recorded so far, and what refused."""

    def __init__(self, context: typer.Context, ledger: Ledger, kind: str, given: Given) -> None:
        self._ledger, self._kind, self._given = ledger, kind, given
        self._codes = Codes(ledger)
        self._origin = options.origin(context, given.by)
        self._facts = facts_of(given)
        place = DEFAULT_LOCATION if given.location is None else given.location
        self._location = clean_name(place, "location")
        self._total = 0
        self._skus: set[str] = set()
        self._refused: list[str] = []

    def run(self, stream: BinaryIO) -> None:
        """Record each line of a stream. Exits with 3 where one was refused."""
        for number, text in enumerate(_lines(stream), start=1):
            if not (code := text.strip()):
                continue
            try:
                self._answer(number, code, self._record(code))
            except (Refused, WrongUsage) as error:
                self._refuse(number, code, error)
        self._sum_up()
        if self._refused:
            raise typer.Exit(Refused.exit_code)

    def _record(self, code: str) -> Recording:
        ledger, given = self._ledger, self._given
        sku, quantity = read_scanned(ledger, self._codes, code)
        when = parse_when_recorded(given.on, options.present(ledger), ledger.zone)
        draft = movement(self._kind, sku, self._location, quantity, when, ledger.zone, self._facts)
        request = Request((draft,), given.on != NOW, given.location is not None)
        return record(
            ledger, self._origin, request, options.clock(ledger), given.allow_negative, NameRules()
        )

    def _answer(self, number: int, code: str, recording: Recording) -> None:
        ((event, on_hand),) = recording.events
        assert on_hand is not None  # What is scanned lies somewhere.
        self._total += event.quantity
        self._skus.add(event.sku)
        if self._given.format == "table":
            much, there = (
                format_quantity(quantity, self._ledger.decimals)
                for quantity in (event.quantity, on_hand)
            )
            say(f"{event.kind} {much} of {event.sku} at {event.location}; on hand {there}")
            for text in recording.notes.one_by_one():
                note(text)
        else:
            show_line(
                {
                    "line": number,
                    "code": code,
                    "ok": True,
                    "position": event.position,
                    "sku": event.sku,
                    "location": event.location,
                    "quantity": exact(event.quantity, self._ledger.decimals),
                    "on_hand": exact(on_hand, self._ledger.decimals),
                    "notes": recording.notes.one_by_one(),
                }
            )

    def _refuse(self, number: int, code: str, error: Refused | WrongUsage) -> None:
        self._refused.append(code)
        if self._given.format == "table":
            say(f"refused {code}: {error.message}")
            if error.hint:
                note(f"hint: {error.hint}")
        else:
            answer = {"line": number, "code": code, "ok": False}
            show_line({**answer, "error": error.message, "hint": error.hint})

    def _sum_up(self) -> None:
        total = format_quantity(self._total, self._ledger.decimals)
        note(f"{self._kind} {total} of {count_of(len(self._skus), 'SKU')}")
        if self._refused:
            note(f"refused {count_of(len(self._refused), 'code')}: {', '.join(self._refused)}")


def _lines(stream: BinaryIO) -> Iterator[str]:
    try:
        for text in bounded_lines(stream, _LONGEST):
            # A byte that is not UTF-8 becomes what no name may hold.
            yield text.decode(errors="surrogateescape")
    except NoLine as error:
        raise Refused(
            f"this is no line of a scanner: {error}", "a line is CODE, or CODE QTY"
        ) from None

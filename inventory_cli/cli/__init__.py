"""Knows the commands by name: which module holds each, and in which panel of the help it stands.

A command's module is imported when that command is run, so that a short command starts quickly.
"""

from typing import Annotated, Any

import typer

from inventory_cli.cli.boundary import Boundary
from inventory_cli.cli.lazy import LazyCommands, Place

SET_UP, RECORD, ASK, AUDIT, MOVE = "Set up", "Record", "Ask", "Audit", "Move"
READ = "Read"

# In the order in which the help shows them. To show it, no module of a command is imported: a test
# holds the summaries against what the commands say of themselves.
COMMANDS = {
    "init": Place("init", SET_UP, "Make a new ledger."),
    "migrate": Place(
        "init",
        SET_UP,
        "Bring a ledger that an older version wrote up to date; its log stays as it is.",
    ),
    "open": Place(
        "movements",
        RECORD,
        "Record an opening balance: nothing of that SKU and location takes effect before it.",
    ),
    "receive": Place("movements", RECORD, "Record stock that came in."),
    "return": Place("movements", RECORD, "Record stock that a customer brought back."),
    "sell": Place("movements", RECORD, "Record stock that was sold."),
    "remove": Place(
        "movements", RECORD, "Record stock that left otherwise: to the supplier, used up, scrapped."
    ),
    "count": Place(
        "movements",
        RECORD,
        "Record what was counted: on hand becomes it, and history shows the variance.",
    ),
    "adjust": Place(
        "movements",
        RECORD,
        "Record a correction by a signed quantity, and why: `adjust XYZ-1 -20 --reason miscount`.",
    ),
    "transfer": Place(
        "movements", RECORD, "Record a transfer between two locations: both legs in one batch."
    ),
    "reverse": Place(
        "reverse",
        RECORD,
        "Void an event, or a whole batch, as if it had never happened; both stay in the log.",
    ),
    "import": Place(
        "import_", RECORD, "Record the movements of a CSV file as one batch: all of them, or none."
    ),
    "record": Place(
        "record",
        RECORD,
        "Record events that a script writes as JSON Lines, and answer each with a line of JSON.",
    ),
    "stock": Place(
        "ask", ASK, "Show what is on hand now, with the days of the last arrival and departure."
    ),
    "as-of": Place("ask", ASK, "Show what was on hand at a date, inclusive, by replaying the log."),
    "history": Place(
        "history",
        ASK,
        "Show the timeline of a SKU: every event, what it changed, what was on hand after it, why.",
    ),
    "log": Place(
        "history", ASK, "Show the events as they were recorded, in the order of their positions."
    ),
    "batches": Place("history", ASK, "Show who recorded what, when, from which file."),
    "snapshot": Place(
        "snapshot", AUDIT, "Store what is on hand, to be checked against the log later."
    ),
    "verify": Place(
        "verify",
        AUDIT,
        "Check that the file, the log, the snapshots and the stock all agree; exit 1 if not.",
    ),
    "head": Place(
        "verify",
        AUDIT,
        "Print the anchor of the present end of the log, POSITION:HASH, to be kept elsewhere.",
    ),
    "rebuild": Place(
        "rebuild",
        AUDIT,
        "Make anew everything that is not the log, by replaying it, and say what had differed.",
    ),
    "reconcile": Place(
        "reconcile",
        AUDIT,
        "Show where a stock list and the ledger differ, as of a date; exit 1 if they do.",
    ),
    "export": Place(
        "export",
        MOVE,
        "Write the whole log to standard output: settings, events, batches, snapshots, hashes.",
    ),
    "restore": Place(
        "export", MOVE, "Make a new ledger from an export, every hash checked as it is written."
    ),
    "backup": Place(
        "export",
        MOVE,
        "Copy the ledger, as it is at this moment, to a new file, while others go on recording.",
    ),
    "rollover": Place(
        "rollover", MOVE, "Make a new ledger that begins with what was there at the end of a day."
    ),
    "guide": Place("guide", READ, "Show the manual, page by page."),
}


class Inventory(Boundary):
    """The `inventory` command."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = LazyCommands(COMMANDS)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands of plain help, panel by panel; on a terminal rich draws them."""
        for panel in dict.fromkeys(place.panel for place in COMMANDS.values()):
            with formatter.section(panel):
                formatter.write_dl(
                    [(n, place.summary) for n, place in COMMANDS.items() if place.panel == panel]
                )


app = typer.Typer(
    cls=Inventory,
    no_args_is_help=True,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        from inventory_cli import __version__

        typer.echo(f"inventory {__version__}")
        raise typer.Exit


@app.callback()
def inventory(
    context: typer.Context,
    ledger: Annotated[
        str,
        typer.Option(
            "--ledger", metavar="FILE", envvar="INVENTORY_LEDGER", help="The ledger to work on."
        ),
    ] = "inventory.db",
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """A stock ledger in which every movement is an event that never changes.

    Stock now, or as of any date, is computed by replaying them; `inventory guide` is the manual.
    """
    context.obj = ledger

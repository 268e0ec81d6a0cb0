"""Knows the commands by name: the panel of the help in which each stands, and its summary.

A command is one row here and one function in the module that is named for it, or in the `file`
of its row. The function has the name of the command, with `_` for what parts its words, and one
behind a word that Python has for itself: `as_of`, `snapshot_take`, `import_`. The command of a
kind that has no options of its own needs no function, only its row here and its kind's in `KINDS`.
The rest of a command's help, and its examples, are the docstring of its function; its module is
imported when the command is wanted, so that a short command starts quickly. Must never know what
a command does.
"""

from typing import Annotated, Any

import typer

from inventory_cli.cli.boundary import Boundary
from inventory_cli.cli.lazy import Command
from inventory_cli.errors import WrongUsage

SET_UP, RECORD, ASK, LEARN, AUDIT = "Set up", "Record", "Ask", "Learn", "Audit"
MOVE, SHARE, READ = "Move", "Share", "Read"
# The panel of a group within the group of all.
PARTS = "Commands"

# In the order in which the help shows them.
COMMANDS = {
    "init": Command(SET_UP, "Make a new ledger."),
    "migrate": Command(
        SET_UP,
        "Bring a ledger that an older version wrote up to date; its log stays as it is.",
        "init",
    ),
    "open": Command(
        RECORD,
        "Record an opening balance: nothing of that SKU and location takes effect before it.",
        "movements",
    ),
    "receive": Command(RECORD, "Record stock that came in.", "movements"),
    "return": Command(RECORD, "Record stock that a customer brought back.", "movements"),
    "sell": Command(RECORD, "Record stock that was sold.", "movements"),
    "remove": Command(
        RECORD, "Record stock that left otherwise: to the supplier, used up, scrapped.", "movements"
    ),
    "count": Command(
        RECORD,
        "Record what was counted: on hand becomes it, and history shows the variance.",
        "movements",
    ),
    "adjust": Command(
        RECORD,
        "Record a correction by a signed quantity, and why: `adjust XYZ-1 -20 --reason miscount`.",
        "movements",
    ),
    "transfer": Command(
        RECORD, "Record a transfer between two locations: both legs in one batch.", "movements"
    ),
    "reverse": Command(
        RECORD,
        "Void an event, or a whole batch, as if it had never happened; both stay in the log.",
    ),
    "correct": Command(
        RECORD, "Record an event as it should have been, and void what was recorded, in one step."
    ),
    "describe": Command(
        RECORD, "Say what a SKU is, from a date on: its name, unit, category, minimum, barcodes."
    ),
    "import": Command(
        RECORD, "Record the movements of a CSV file as one batch: all of them, or none."
    ),
    "record": Command(
        RECORD,
        "Record events that a script writes as JSON Lines, and answer each with a line of JSON.",
    ),
    "scan": Command(
        RECORD, "Record the codes that a scanner types, one a line, and answer each at once."
    ),
    "status": Command(
        ASK,
        "Say which ledger this is, how much is in it, and what to type next.",
    ),
    "stock": Command(
        ASK, "Show what is on hand now, with the days of the last arrival and departure.", "ask"
    ),
    "as-of": Command(
        ASK, "Show what was on hand at a date, inclusive, by replaying the log.", "ask"
    ),
    "history": Command(
        ASK,
        "Show the timeline of a SKU: every event, what it changed, what was on hand after it, why.",
    ),
    "log": Command(ASK, "Show the events as they were recorded, in the order of their positions."),
    "show": Command(ASK, "Show one event with all that is known of it."),
    "batches": Command(ASK, "Show who recorded what, when, from which file.", "log"),
    "movements": Command(
        LEARN,
        "Show what a period did to each SKU: opening, what came and went, closing.",
        "rollforward",
    ),
    "restated": Command(
        LEARN,
        "Show what is said of a date now and was not said then, and because of which events.",
    ),
    "insights": Command(
        LEARN,
        "Show how each SKU sells: how much, how often, for how long it lasts, what was lost.",
    ),
    "reorder": Command(
        LEARN, "Show what to buy, and how much, to keep the minimum and to last for some days."
    ),
    "value": Command(
        LEARN,
        "Show what stock is worth: what it cost, and over a span what was sold did cost.",
    ),
    "report": Command(
        LEARN,
        "Write all of it on one page for a manager or an auditor; exit 1 if its audit fails.",
    ),
    "snapshot": Command(
        AUDIT,
        "Store what is on hand, to be checked against the log later.",
        parts={
            "take": Command(PARTS, "Store the state at the present end of the log, as of a date."),
            "list": Command(PARTS, "Show which snapshots there are."),
            "show": Command(PARTS, "Show what a snapshot stored of each SKU and location."),
        },
    ),
    "verify": Command(
        AUDIT,
        "Check that the file, the log, the snapshots and the stock all agree; exit 1 if not.",
    ),
    "head": Command(
        AUDIT,
        "Print the anchor of the present end of the log, POSITION:HASH, to be kept elsewhere.",
    ),
    "rebuild": Command(
        AUDIT,
        "Make anew everything that is not the log, by replaying it, and say what had differed.",
    ),
    "reconcile": Command(
        AUDIT,
        "Show where a stock list and the ledger differ, as of a date; exit 1 if they do.",
    ),
    "export": Command(
        MOVE,
        "Write the whole log to standard output: settings, events, batches, snapshots, hashes.",
    ),
    "restore": Command(
        MOVE, "Make a new ledger from an export, every hash checked as it is written.", "export"
    ),
    "backup": Command(
        MOVE,
        "Copy the ledger, as it is at this moment, to a new file, while others go on recording.",
        "export",
    ),
    "rollover": Command(
        MOVE, "Make a new ledger that begins with what was there at the end of a day."
    ),
    "share": Command(
        SHARE, "Put the log into a PostgreSQL database, for several machines; or share no more."
    ),
    "clone": Command(SHARE, "Make a replica of a shared ledger, or show which there are.", "share"),
    "sync": Command(SHARE, "Bring a replica of a shared ledger up to date, once or for good."),
    "guide": Command(READ, "Show the manual, page by page."),
}


class Inventory(Boundary):
    """The `inventory` command."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(COMMANDS, **attributes)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command that is meant, and the words that are left for it."""
        name, *rest = args
        if name == "help":
            if not rest:
                typer.echo(ctx.get_help())
                ctx.exit()
            args = [*rest, "--help"]
        elif name == "version":
            _version(asked=True)
        elif name not in COMMANDS:
            from inventory_cli.cli.words import INSTEAD  # Whoever knows the commands needs none.

            if advice := INSTEAD.get(name.casefold()):
                raise WrongUsage(f"there is no command {name!r}", advice)
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=Inventory,
    invoke_without_command=True,
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
        typer.Option("--version", "-V", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """A stock ledger in which every movement is an event that never changes.

    Stock now, or as of any date, is computed by replaying them; `inventory guide` is the manual.
    """
    context.obj = ledger
    if context.invoked_subcommand is None:
        from inventory_cli.cli.status import begin  # Every other command is one of the table.

        begin(context)

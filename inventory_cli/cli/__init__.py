"""Knows the commands by name: which module holds each, and in which panel of the help it stands.

A command's module is imported when that command is run, so that a short command starts quickly.
"""

from typing import Annotated, Any

import typer

from inventory_cli.cli.boundary import Boundary
from inventory_cli.cli.lazy import LazyCommands

SET_UP, RECORD, ASK, AUDIT, MOVE = "Set up", "Record", "Ask", "Audit", "Move"
READ = "Read"

# name → (module, panel), in the order in which the help shows them.
COMMANDS = {
    "init": ("setup", SET_UP),
    "migrate": ("setup", SET_UP),
    "open": ("record", RECORD),
    "receive": ("record", RECORD),
    "return": ("record", RECORD),
    "sell": ("record", RECORD),
    "remove": ("record", RECORD),
    "count": ("record", RECORD),
    "adjust": ("record", RECORD),
    "transfer": ("record", RECORD),
    "reverse": ("reverse", RECORD),
    "import": ("load", RECORD),
    "record": ("stream", RECORD),
    "stock": ("ask", ASK),
    "as-of": ("ask", ASK),
    "history": ("timeline", ASK),
    "log": ("timeline", ASK),
    "batches": ("timeline", ASK),
    "snapshot": ("audit", AUDIT),
    "verify": ("audit", AUDIT),
    "head": ("audit", AUDIT),
    "rebuild": ("audit", AUDIT),
    "reconcile": ("reconcile", AUDIT),
    "export": ("move", MOVE),
    "restore": ("move", MOVE),
    "backup": ("move", MOVE),
    "rollover": ("move", MOVE),
    "guide": ("setup", READ),
}


class Inventory(Boundary):
    """The `inventory` command."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = LazyCommands(COMMANDS)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands of plain help, panel by panel; on a terminal rich draws them."""
        for panel in dict.fromkeys(panel for _, panel in COMMANDS.values()):
            names = [name for name, (_, its) in COMMANDS.items() if its == panel]
            with formatter.section(panel):
                formatter.write_dl(
                    [(name, self.commands[name].get_short_help_str(200)) for name in names]
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

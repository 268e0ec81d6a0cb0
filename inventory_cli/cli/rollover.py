"""Knows the command that begins a new file. Must never know how one is begun."""

from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from inventory_cli.cli import options
from inventory_cli.cli.options import By, ledger_path
from inventory_cli.core.dates import show_cut
from inventory_cli.core.present import parse_when_recorded
from inventory_cli.core.wording import count_of
from inventory_cli.errors import WrongUsage
from inventory_cli.shared.opening import open_to_record
from inventory_cli.terminal import line, note, progress


def rollover(
    context: typer.Context,
    file: Annotated[
        str, typer.Argument(metavar="NEW", help="The ledger to make; it must not exist yet.")
    ],
    as_of: Annotated[
        str, typer.Option("--as-of", metavar="DATE", help="The last day that stays in the old one.")
    ],
    by: By = None,
) -> None:
    """
    Examples:
        inventory rollover inventory-2023.db --as-of 2022-12-31
    """
    from inventory_cli.actions.rollover import roll_over

    if file == "-":
        raise WrongUsage(
            "a ledger is a file, not standard output", "name one that does not exist yet"
        )
    path = Path(file)
    with (
        open_to_record(ledger_path(context)) as old,
        progress("rolling over") as advance,
    ):
        last = parse_when_recorded(as_of, options.present(old), old.zone)
        done = roll_over(old, path, options.origin(context, by), last, options.clock(old), advance)
        end = show_cut(done.closing.as_of, old.zone)
    if done.closed_now:
        line(f"closed {old.path} up to {end} ({done.closing.name})")
    line(
        f"made {path}: {count_of(done.opened, 'stream')} opened after {end}, "
        f"{count_of(done.carried, 'later event')} carried"
    )
    line(f"{old.path} has ended at {done.old_head.anchor}")
    if done.first is not None:
        note(
            f"{old.path} went on in {done.first} already; this second file begins at the same "
            "moment: record into one of them only"
        )
    words = (quote(str(path)), quote(str(old.path)))
    note(
        f"record into {path} from now on; before {old.path} is put away, check the seam with "
        "`inventory --ledger {} verify --previous {}`".format(*words)
    )

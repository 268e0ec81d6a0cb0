"""Knows the command that begins a new file. Must never know how one is begun."""

from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from inventory_cli.cli import options
from inventory_cli.cli.options import By, ledger_path
from inventory_cli.core.dates import inclusive_end, parse_when
from inventory_cli.core.wording import count_of
from inventory_cli.errors import WrongUsage
from inventory_cli.storage.ledger_file import open_ledger
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
    """Make a new ledger that begins with what was there at the end of a day."""
    from inventory_cli.actions.rollover import roll_over

    if file == "-":
        raise WrongUsage("a ledger is a file, not standard output")
    path, moment = Path(file), options.now()
    with (
        open_ledger(ledger_path(context), write=True) as old,
        progress("rolling over") as advance,
    ):
        when = parse_when(as_of, moment, old.zone)
        if when.instant is not None:
            raise WrongUsage(
                f"--as-of {as_of} is a time of day, but a ledger ends with a whole day"
            )
        cut = inclusive_end(when, old.zone)
        options.check_over(old, cut, as_of, moment)
        origin = options.origin(context, by)
        done = roll_over(old, path, origin, cut, options.now, advance)
        end = options.show_cut(old, cut)
    if done.closed_now:
        line(f"closed {old.path} up to {end} ({done.closing.name})")
    line(
        f"made {path}: {count_of(done.opened, 'stream')} opened after {end}, "
        f"{count_of(done.carried, 'later event')} carried"
    )
    line(f"{old.path} ends at {done.old_head.anchor}")
    words = (quote(str(path)), quote(str(old.path)))
    note(
        f"record into {path} from now on; before {old.path} is put away, check the seam with "
        "`inventory --ledger {} verify --previous {}`".format(*words)
    )


COMMANDS = {"rollover": rollover}

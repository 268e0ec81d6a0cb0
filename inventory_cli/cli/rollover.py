"""Knows the command that begins a new file. Must never know how one is begun."""

from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from inventory_cli.cli import options
from inventory_cli.cli.options import By, ledger_path
from inventory_cli.core.dates import show_cut
from inventory_cli.core.events import BEGUN, SHARED
from inventory_cli.core.present import parse_when_recorded
from inventory_cli.core.wording import count_of
from inventory_cli.errors import InventoryError, LedgerUnusable, WrongUsage
from inventory_cli.shared.opening import open_to_record
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.terminal import line, note, progress


def rollover(
    context: typer.Context,
    file: Annotated[
        str, typer.Argument(metavar="NEW", help="The ledger to make; it must not exist yet.")
    ],
    as_of: Annotated[
        str, typer.Option("--as-of", metavar="DATE", help="The last day that stays in the old one.")
    ],
    shared: Annotated[
        bool | None,
        typer.Option("--shared/--alone", help="Of a shared ledger: whether the new one is, too."),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="What a shared one is called.")
    ] = None,
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
        _say_where(old, shared, name)
        if shared:
            _require_may_share(old, name)
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
    if shared:
        _share(context, ledger_path(context), path, name, by)
    words = (quote(str(path)), quote(str(old.path)))
    note(
        f"record into {path} from now on; before {old.path} is put away, check the seam with "
        "`inventory --ledger {} verify --previous {}`".format(*words)
    )


def _say_where(old: Ledger, shared: bool | None, name: str | None) -> None:
    """Raise WrongUsage where it was not said whether the new ledger of a shared one is shared."""
    is_shared = old.sharing().get(SHARED) == BEGUN
    if is_shared and shared is None:
        raise WrongUsage(
            f"{old.path} is shared: say whether the new ledger is, too", "--shared or --alone"
        )
    if not is_shared and shared:
        raise WrongUsage(
            f"{old.path} is not shared", "make the new ledger, then `inventory share URL` there"
        )
    if name is not None and not shared:
        raise WrongUsage("--name is of use only with --shared")


def _require_may_share(old: Ledger, name: str | None) -> None:
    """Raise LedgerUnusable where the new ledger could not be shared: the old one need not end."""
    from inventory_cli.shared.ledger import SharedLedger
    from inventory_cli.shared.share import require_may_share

    assert isinstance(old, SharedLedger)
    try:
        require_may_share(old.server, name)
    except LedgerUnusable as error:
        raise LedgerUnusable(f"{error.message}; nothing was appended", error.hint) from error


def _share(context: typer.Context, old: Path, new: Path, name: str | None, by: str | None) -> None:
    """Share a new ledger in the database of the old one."""
    from inventory_cli.actions.share import share
    from inventory_cli.shared.beside import read_beside

    beside = read_beside(old)
    assert beside is not None  # It was opened to record.
    try:
        head, _ = share(new, beside.url, name, options.origin(context, by))
    except InventoryError as error:
        raise LedgerUnusable(
            f"{new} was made, but is not shared: {error.message}",
            f"`inventory --ledger {quote(str(new))} share URL`, as a role that owns the tables",
        ) from error
    line(f"shared {new}: {head.anchor} is in {beside.url}")

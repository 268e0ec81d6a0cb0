"""Knows the commands that make a ledger and bring one up to date. Must never open one."""

from typing import Annotated

import typer

from inventory_cli.cli import options
from inventory_cli.cli.options import ledger_path
from inventory_cli.core.quantities import MOST_DECIMALS
from inventory_cli.core.wording import count_of
from inventory_cli.errors import WrongUsage
from inventory_cli.storage.new_ledger import create_ledger
from inventory_cli.terminal import line


def init(
    context: typer.Context,
    decimals: Annotated[
        str, typer.Option("--decimals", metavar="N", help="Decimals of a quantity, 0 to 9.")
    ] = "0",
    timezone: Annotated[
        str | None,
        typer.Option("--timezone", metavar="ZONE", help="An IANA name; this machine's if none."),
    ] = None,
    negative: Annotated[
        str,
        typer.Option(
            "--negative", metavar="refuse|allow", help="What to do when on hand falls below zero."
        ),
    ] = "refuse",
) -> None:
    """What is set here is fixed for good.

    Examples:
        inventory init
        inventory init --timezone Europe/Berlin
        inventory --ledger grain.db init --decimals 3 --negative allow
    """
    number = options.parse_number(decimals, "--decimals")
    if number > MOST_DECIMALS:
        raise WrongUsage(
            f"--decimals {decimals} is more than {MOST_DECIMALS}",
            "`inventory init --decimals 3` keeps grams of what is counted in kilograms",
        )
    if negative not in ("refuse", "allow"):
        raise WrongUsage(f"--negative {negative!r} is neither refuse nor allow")
    path = ledger_path(context)
    zone = timezone or options.machine_zone()
    settings = create_ledger(path, options.now(), number, zone, negative)
    line(
        f"made {path}: {count_of(number, 'decimal')}, time zone {settings.timezone}, "
        f"stock below zero: {negative}; fixed for good"
    )


def migrate(
    context: typer.Context,
    no_copy: Annotated[
        bool, typer.Option("--no-copy", help="Do not keep a copy of the file as it was.")
    ] = False,
) -> None:
    """
    Examples:
        inventory migrate
        inventory migrate --no-copy
    """
    from inventory_cli.actions.move import migrate as migrate_ledger

    path = ledger_path(context)
    done = migrate_ledger(path, keep_copy=not no_copy)
    if not done.steps:
        line(f"{path} is up to date")
        return
    if done.copy:
        line(f"kept a copy in {done.copy}")
    line(f"brought {path} up to date: {', '.join(done.steps)}")

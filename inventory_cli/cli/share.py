"""Knows the commands by which a log comes into a database and out of it: share, clone.

Must never know how.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from inventory_cli.cli import options
from inventory_cli.cli.options import By, ledger_path
from inventory_cli.errors import Refused, WrongUsage
from inventory_cli.shared.failures import require_driver
from inventory_cli.terminal import agreed, line, note

Url = Annotated[
    str | None,
    typer.Argument(metavar="URL", help="The database: postgresql://ROLE@HOST/DATABASE."),
]


def share(
    context: typer.Context,
    url: Url = None,
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="What it is called there.")
    ] = None,
    sql: Annotated[
        bool, typer.Option("--sql", help="Print the SQL of tables and roles, for their owner.")
    ] = False,
    stop: Annotated[
        bool, typer.Option("--stop", help="Share no more: this file goes on alone.")
    ] = False,
    lost: Annotated[
        bool,
        typer.Option(
            "--lost", help="With --stop: the database is gone for good, and is not asked."
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    by: By = None,
) -> None:
    """The log goes into PostgreSQL, and this file becomes a replica of it; `inventory clone` makes
    others. The role needs the right to make a schema there. `inventory guide sharing` says more.

    Examples:
        inventory share postgresql://owner@db.example.com/stock --name shop-1
        inventory share --sql
        inventory share --stop
    """
    if [url is not None, sql, stop].count(True) != 1:
        raise WrongUsage("give either the URL of a database, --sql or --stop")
    if lost and not stop:
        raise WrongUsage("--lost is of use only with --stop")
    origin = options.origin(context, by)
    path = ledger_path(context)
    if sql:
        from inventory_cli.shared.sql_files import roles_sql, schema_sql

        sys.stdout.write(f"{schema_sql()}\n{roles_sql()}")
    elif stop:
        _stop(context, path, lost, yes, by)
    elif url is not None:
        from inventory_cli.actions.share import share as share_ledger

        head, has_rights = share_ledger(path, url, name, origin)
        line(f"shared {path}: {head.anchor} is in {url}")
        if not has_rights:
            from inventory_cli.shared.sql_files import roles_sql

            note("there is no role inventory_app yet; its owner, or who may make roles, runs:")
            note(roles_sql().rstrip("\n"))


def _stop(context: typer.Context, path: Path, lost: bool, yes: bool, by: str | None) -> None:
    from inventory_cli.actions.share import go_on_alone, stop_sharing

    shown = [f"{path} goes on alone; every other replica records nothing any more"]
    if lost:
        shown = [f"{path} goes on alone; what only the database or another replica holds is lost"]
    if not yes and not agreed(shown, "stop sharing?"):
        raise Refused("not confirmed; nothing was changed")
    end = go_on_alone if lost else stop_sharing
    head = end(path, options.origin(context, by), options.now)
    line(f"{path} is shared no more, and goes on from {head.anchor}")


def clone(
    context: typer.Context,
    url: Annotated[
        str, typer.Argument(metavar="URL", help="The database: postgresql://ROLE@HOST/DATABASE.")
    ],
    file: Annotated[
        str | None, typer.Argument(metavar="FILE", help="The ledger to make, if not --ledger.")
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="Which ledger, of several.")
    ] = None,
    listed: Annotated[
        bool, typer.Option("--list", help="Only show which ledgers are there.")
    ] = False,
    format: options.Format = "table",
) -> None:
    """
    Examples:
        inventory clone postgresql://till@db.example.com/stock
        inventory clone postgresql://till@db.example.com/stock shop.db --name shop-1
        inventory clone postgresql://till@db.example.com/stock --list
    """
    require_driver()
    from inventory_cli.render import Answer, Column, show
    from inventory_cli.shared.clone import Listed, ledgers_in
    from inventory_cli.shared.clone import clone as make_replica

    if listed:
        numbers = ("batches", "events")
        columns = [Column(n, "number") if n in numbers else Column(n) for n in Listed._fields]
        show(Answer(columns, [tuple(one) for one in ledgers_in(url)]), format)
        return
    path = ledger_path(context) if file is None else Path(file)
    head = make_replica(url, path, name)
    line(f"made {path}, a replica: {head.anchor}")

"""Knows the command that brings a replica up to date. Must never know how."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from inventory_cli.cli.options import ledger_path
from inventory_cli.core.dates import show_moment
from inventory_cli.core.wording import count_of
from inventory_cli.errors import Refused, WrongUsage
from inventory_cli.render import show_lines
from inventory_cli.shared.attached import open_replica
from inventory_cli.shared.beside import write_beside
from inventory_cli.storage.batches import Batch
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.terminal import agreed, line, note, say


def sync(
    context: typer.Context,
    follow: Annotated[
        bool, typer.Option("--follow", help="Stay up to date, and say what comes. Ctrl-C ends.")
    ] = False,
    url: Annotated[
        str | None,
        typer.Option("--url", metavar="URL", help="Where the database is from now on."),
    ] = None,
    replay: Annotated[
        bool,
        typer.Option("--replay", help="Take the server as it is; record again what it lacks."),
    ] = False,
    reset: Annotated[
        bool,
        typer.Option("--reset", help="Set this file aside, and make it anew from the database."),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Where a server was lost and another one took over, --replay records again what is only here;
    if others have recorded there since, --reset prints it as lines for `inventory record`.

    Examples:
        inventory sync
        inventory sync --follow
        inventory sync --url postgresql://till@db.example.com/stock
        inventory sync --replay
        inventory sync --reset > lost.jsonl
    """
    if [follow, replay, reset].count(True) > 1:
        raise WrongUsage("give either --follow, --replay or --reset")
    if reset:
        _reset(ledger_path(context), url, yes)
        return
    with open_replica(ledger_path(context), url) as ledger:
        if follow:
            for came in following(ledger):
                _tell(ledger, came)
        if replay:
            from inventory_cli.shared.lost import replay as record_again

            _tell(ledger, record_again(ledger), ", recorded again")
        taken = ledger.pull()
        if url is not None and not replay:
            # On which server it was used last stays known: one that was left behind is found.
            timeline = ledger.beside.timeline or ledger.look()[1]
            write_beside(ledger.path, ledger.beside._replace(timeline=timeline))
        _tell(ledger, taken)
        line(f"{ledger.path} is up to date: {ledger.head().anchor}")


def following(ledger: Ledger) -> Iterator[list[Batch]]:
    """Give the headers of the batches that come into a replica, now and then none, without end; say
    when the database is lost, and when it is there again.
    """
    from inventory_cli.shared.follow import follow
    from inventory_cli.shared.ledger import SharedLedger

    assert isinstance(ledger, SharedLedger)
    for came in follow(ledger):
        if came is None:
            note("the database is reached again")
        elif not isinstance(came, list):
            note(f"{came.message}; trying again")
        yield came if isinstance(came, list) else []


def _tell(ledger: Ledger, batches: list[Batch], more: str = "") -> None:
    for header in batches:
        say(_in_words(ledger, header) + more)


def _in_words(ledger: Ledger, header: Batch) -> str:
    when = show_moment(header.recorded_at, ledger.zone)[: len("2022-03-15T14:30")]
    what = count_of(len(header.positions), "event") if header.positions else header.command
    return f"batch {header.batch}: {what} by {header.actor}, {when.replace('T', ' ')}"


def _reset(path: Path, url: str | None, yes: bool) -> None:
    from inventory_cli.shared.lost import aside_path, find_lost, set_aside, take_server

    with open_replica(path, url) as ledger:
        lost, aside = find_lost(ledger), aside_path(ledger)
        for header in lost.batches:  # The answer is the lines for `record` alone.
            note(f"{_in_words(ledger, header)}, only in this file")
        shown = [f"{path} becomes {aside}, and is made anew from {ledger.server.place}"]
        if lost.is_end:
            shown.append("nothing else was recorded there since: --replay records all of it again")
        if not yes and not agreed(shown, "set it aside?"):
            raise Refused("not confirmed; nothing was changed")
        database, identity = ledger.beside.url, ledger.settings.identity
    head = set_aside(path, database, identity, aside)
    show_lines(lost.lines)
    for command in lost.commands:
        note(f"voided there, and not here: `{command}`")
    note(f"{path} was made anew: {head.anchor}; what it was is {aside}")
    with open_replica(path) as ledger:
        take_server(ledger)
    note("what was printed is recorded by `inventory record`, as far as it still holds")

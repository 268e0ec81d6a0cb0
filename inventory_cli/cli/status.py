"""Knows the command that says which ledger this is, and what `inventory` alone says.

Must never know how the facts are found.
"""

import os
from pathlib import Path
from shlex import quote
from typing import Any

import typer

from inventory_cli.actions.status import Status, status_of
from inventory_cli.cli.options import Format, ledger_path, read_as_of
from inventory_cli.core.dates import show_moment, utc_text
from inventory_cli.core.events import BEGUN, GOES_ON_IN, SHARED, STOPPED
from inventory_cli.core.wording import command_about, count_of, recorded_in_words
from inventory_cli.render import Answer, Column, show
from inventory_cli.storage.anchors import Anchor
from inventory_cli.storage.ledger_file import Ledger, open_ledger
from inventory_cli.terminal import line

# The file of anchors that `verify --anchor` keeps.
ANCHOR_VARIABLE = "INVENTORY_ANCHOR"

_BEGIN = """there is no ledger at {path} yet; to begin:

  inventory init                    make one here
  inventory receive MUG-BLUE 12     record what comes in
  inventory stock                   see what is there

`inventory guide` is the manual, `inventory --help` lists the commands"""


def begin(context: typer.Context) -> None:
    """Say what is there, or how to begin where nothing is: what `inventory` alone does."""
    path = ledger_path(context)
    if path.exists():
        status(context)
    else:
        for text in _BEGIN.format(path=path).split("\n"):
            line(text)


def status(context: typer.Context, format: Format = "table") -> None:
    """$INVENTORY_ANCHOR may name the file of anchors that `verify --anchor` keeps.

    Examples:
        inventory status
        inventory status --format json
    """
    with open_ledger(ledger_path(context)) as ledger:
        anchor_file = os.environ.get(ANCHOR_VARIABLE) or None
        found = status_of(ledger, _last_anchor(anchor_file))
        facts = _facts(ledger, found)
        if format == "table":
            _tell(ledger, found, facts, anchor_file)
        else:
            show(Answer([Column(name) for name in facts], [list(facts.values())]), format)


def _last_anchor(file: str | None) -> Anchor | None:
    if file is None:
        return None
    from inventory_cli.audit.anchor_file import read_anchors  # Few keep one.

    return next(reversed(read_anchors(Path(file))), None)


def _facts(ledger: Ledger, found: Status) -> dict[str, Any]:
    settings, last = ledger.settings, found.last
    return {
        "ledger": str(ledger.path),
        "identity": settings.identity,
        "timezone": settings.timezone,
        "decimals": settings.decimals,
        "negative": settings.negative,
        "events": found.head.position,
        "batches": found.head.batch,
        "skus": found.skus,
        "locations": found.locations,
        "last_position": last and last.position,
        "last_event": last and recorded_in_words(last, ledger.decimals, ledger.zone),
        "last_recorded_at": found.batch and show_moment(found.batch.recorded_at, ledger.zone),
        "last_actor": found.batch and found.batch.actor,
        "head": found.head.anchor,
        "last_audit": found.audited and str(found.audited.anchor),
        "ended_by": found.end and found.end.name,
        **_shared(ledger),
    }


def _shared(ledger: Ledger) -> dict[str, Any]:
    """Return where the log of a ledger is, if it is shared, and how old this replica is."""
    said = ledger.sharing()
    if said.get(SHARED) == STOPPED:
        return {"shared": None, "as_of": None, "goes_on_in": said.get(GOES_ON_IN)}
    if said.get(SHARED) != BEGUN:
        return {"shared": None, "as_of": None, "goes_on_in": None}
    from inventory_cli.shared.beside import read_beside, synced_at  # Few logs are shared.

    beside, moment = read_beside(ledger.path), synced_at(ledger.path)
    as_of = moment and show_moment(utc_text(moment), ledger.zone)
    return {"shared": beside.url if beside else "unknown", "as_of": as_of, "goes_on_in": None}


def _tell(ledger: Ledger, found: Status, facts: dict[str, Any], anchor_file: str | None) -> None:
    decimals = count_of(ledger.decimals, "decimal")
    line(
        f"ledger      {ledger.path}: {facts['timezone']}, {decimals}, stock below zero: "
        f"{facts['negative']}"
    )
    line(
        f"log         {count_of(found.head.position, 'event')} in "
        f"{found.head.batch} {'batch' if found.head.batch == 1 else 'batches'}: "
        f"{count_of(found.skus, 'SKU')}, {count_of(found.locations, 'location')}"
    )
    if found.last:
        line(f"last event  {found.last.position}: {facts['last_event']}")
        when = facts["last_recorded_at"][: len("2022-03-15T14:30")].replace("T", " ")
        line(f"recorded    {when} by {facts['last_actor']}")
    if found.end:
        line(f"ended       it goes on in {found.end.name}")
    if facts["shared"]:
        line(f"shared      {facts['shared']}; a replica as of {read_as_of(ledger)}")
    if facts["goes_on_in"]:
        line(f"shared      no more: it goes on in {facts['goes_on_in']}")
    line(f"last audit  {_audited(found, anchor_file)}")
    line(f"next        {_next(found, anchor_file)}")


def _audited(found: Status, anchor_file: str | None) -> str:
    if anchor_file is None:
        return f"not known here: ${ANCHOR_VARIABLE} may name the file of `verify --anchor`"
    if found.audited is None:
        return f"none yet in {anchor_file}"
    position = found.audited.anchor.position
    if not found.audited.is_on_chain:
        return f"NOT of this log: the last anchor of {anchor_file}, at event {position}"
    since = found.head.position - position
    return f"up to event {position} ({anchor_file}), {count_of(since, 'event')} since"


def _next(found: Status, anchor_file: str | None) -> str:
    """Return what a person may want to type."""
    if found.end:
        return f"inventory --ledger {quote(found.end.name)} status"
    if found.last is None:
        return "inventory receive SKU QTY · inventory open SKU QTY · inventory import FILE"
    verify = "inventory verify"
    if anchor_file is not None:
        verify += f" --anchor {quote(anchor_file)}"
    if found.audited and not found.audited.is_on_chain:
        return verify
    return f"inventory stock · {command_about(found.last.sku, 'history')} · {verify}"

"""Knows how a new replica is made, and which ledgers a database holds.

Must never trust what it reads before the chain is proved.
"""

from pathlib import Path
from typing import NamedTuple

from inventory_cli.core.dates import load_zone
from inventory_cli.core.events import CARRIED_IDS, unpack_details
from inventory_cli.errors import LedgerUnusable, WrongUsage
from inventory_cli.shared.beside import Beside, beside_path, new_machine, write_beside
from inventory_cli.shared.failures import does_not_fit
from inventory_cli.shared.replica import apply
from inventory_cli.shared.server import Server
from inventory_cli.storage.batches import read_batch
from inventory_cli.storage.carried_ids import INSERT_CARRIED, read_carried
from inventory_cli.storage.chain import digest_carried, genesis
from inventory_cli.storage.ledger_file import Head, Ledger
from inventory_cli.storage.new_ledger import new_ledger
from inventory_cli.storage.offsets import store_offsets
from inventory_cli.storage.settings import Settings, are_sound


class Listed(NamedTuple):
    """A ledger of a database: its label, if it has one, and where its log ends."""

    identity: str
    name: str | None
    batches: int
    events: int
    recorded_at: str


def ledgers_in(url: str) -> list[Listed]:
    """Return the ledgers of a database that this role may see, by name."""
    server = Server(url)
    try:
        rows = server.ask(
            "SELECT ledger::text, name, batch, position, recorded_at FROM inventory.ledgers"
            " JOIN inventory.heads USING (ledger) ORDER BY name NULLS LAST, ledger"
        )
    finally:
        server.close()
    return [Listed(*row) for row in rows]


def clone(url: str, path: Path, name: str | None) -> Head:
    """Make a new replica, of the ledger of that name where a database holds several; return its
    head. Raises NotFree when there is a file of that name already.
    """
    identity = _chosen(ledgers_in(url), name).identity
    server = Server(url)
    try:
        with new_ledger(path) as connection:
            connection.execute("BEGIN IMMEDIATE")
            settings, start, timeline, to = _settings(server, identity)
            connection.execute(
                "INSERT INTO ledger VALUES (1, ?, ?, ?, ?, ?, ?)", (*settings, start)
            )
            zone = load_zone(settings.timezone)
            store_offsets(connection, zone)
            made = Ledger(path, connection, settings, zone)
            _take_carried(made, server)
            apply(made, server, to)
            _check_carried(made, server)
            head = made.head()
            connection.execute("COMMIT")
            write_beside(path, Beside(url, new_machine(), timeline))
    except BaseException:
        if not path.exists():
            beside_path(path).unlink(missing_ok=True)
        raise
    finally:
        server.close()
    return head


def _chosen(listed: list[Listed], name: str | None) -> Listed:
    shown = ", ".join(one.name or one.identity for one in listed) or "none"
    found = [one for one in listed if name in (None, one.name, one.identity)]
    if len(found) == 1:
        return found[0]
    if name is None and found:
        raise WrongUsage(
            f"the database holds several ledgers: {shown}", "name one with --name NAME"
        )
    what = "no ledger that this role may see" if name is None else f"no ledger of the name {name!r}"
    raise LedgerUnusable(f"the database holds {what}", f"there is: {shown}")


def _settings(server: Server, identity: str) -> tuple[Settings, bytes, str, Head]:
    """Return the settings of a ledger, their hash, the timeline and the head."""
    ((*fields, start, timeline, position, batch, recorded_at, link),) = server.ask(
        "SELECT ledger::text, created_at, decimals, l.timezone, negative, l.hash, timeline,"
        " position, batch, recorded_at, h.hash FROM inventory.ledgers l"
        " JOIN inventory.heads h USING (ledger) WHERE ledger = %s",
        (identity,),
    )
    settings = Settings(*fields)
    if genesis(settings) != start or not are_sound(settings):
        raise does_not_fit(server.place, "settings")
    return settings, start, timeline, Head(position, batch, recorded_at, link)


def _take_carried(made: Ledger, server: Server) -> None:
    rows = server.ask(
        "SELECT id, before, position, effective_at, date_only, content_sha256, voided_by"
        " FROM inventory.carried_ids WHERE ledger = %s",
        (made.settings.identity,),
    )
    made.connection.executemany(INSERT_CARRIED, rows)


def _check_carried(made: Ledger, server: Server) -> None:
    first = read_batch(made, 1)
    said = unpack_details(first.details).get(CARRIED_IDS) if first else None
    if digest_carried(read_carried(made)) != said:
        raise does_not_fit(server.place, "carried ids")

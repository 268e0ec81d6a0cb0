"""Knows when a log may be shared, and when that may end. Must never know how it is done."""

from pathlib import Path
from typing import TYPE_CHECKING

from inventory_cli.actions.append import refuse_ended
from inventory_cli.core.events import BEGUN, GOES_ON_IN, SHARED, STOPPED
from inventory_cli.errors import Refused
from inventory_cli.shared.beside import read_beside
from inventory_cli.shared.failures import require_driver, require_shared
from inventory_cli.storage.batches import Origin
from inventory_cli.storage.ledger_file import Clock, Head, open_ledger

if TYPE_CHECKING:
    from inventory_cli.storage.ledger_file import Ledger


def share(path: Path, url: str, name: str | None, origin: Origin) -> tuple[Head, bool]:
    """Put the log of a ledger into a database; return its head, and whether the role of the
    machines has its rights there.

    Raises Refused when the ledger has ended, or is shared already.
    """
    require_driver()
    from inventory_cli.shared.share import share as share_log

    with open_ledger(path, write=True) as ledger:
        has_rights = share_log(ledger, url, name, origin, lambda: _refuse(ledger, url))
        return ledger.head(), has_rights


def _refuse(ledger: "Ledger", url: str) -> None:
    refuse_ended(ledger)
    said = ledger.sharing()
    if said.get(SHARED) == STOPPED:
        raise Refused(f"{ledger.path} is shared no more: it goes on in {said.get(GOES_ON_IN)}")
    if said.get(SHARED) == BEGUN:
        beside = read_beside(ledger.path)
        # What was broken off is shared once more, into the same database and into no other.
        if beside is None or beside.url != url:
            where = f", in {beside.url}" if beside else ""
            raise Refused(
                f"{ledger.path} is shared already{where}",
                "`inventory sync --url URL` says where its database is now",
            )


def go_on_alone(path: Path, origin: Origin, clock: Clock) -> Head:
    """Record into a file that it goes on alone, without asking its database, which is lost for
    good; return its head. Raises WrongUsage where the log is not shared.
    """
    from inventory_cli.core.dates import utc_text
    from inventory_cli.shared.share import finish_stop

    with open_ledger(path, write=True) as ledger:
        require_shared(ledger)
        return finish_stop(ledger, origin, utc_text(clock()))


def stop_sharing(path: Path, origin: Origin, clock: Clock) -> Head:
    """End that a log is shared: the database takes no more, and this file goes on alone. Return its
    head. What was broken off is completed.

    Raises Refused where another file goes on, WrongUsage where the log is not shared.
    """
    require_driver()
    from inventory_cli.core.dates import utc_text
    from inventory_cli.shared.opening import open_to_record
    from inventory_cli.shared.share import finish_stop, goes_on_here, stop

    with open_ledger(path) as ledger:
        require_shared(ledger)
        state = ledger.sharing().get(SHARED)
    if state == BEGUN:
        with open_to_record(path) as ledger:
            # What came in meanwhile may say that another file goes on.
            if ledger.sharing().get(SHARED) == BEGUN:
                stop(ledger, origin)
    with open_ledger(path, write=True) as ledger:
        if not goes_on_here(ledger):
            where = ledger.sharing().get(GOES_ON_IN)
            raise Refused(f"{path} is shared no more: it goes on in {where}")
        return finish_stop(ledger, origin, utc_text(clock()))

"""Knows the ids that a ledger takes over from those before it, of what it does not hold itself.

They are written before its first batch, whose details have their digest. Must never know what an
event said: only the digest of that is kept.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from inventory_cli.storage.failures import DatabaseError
from inventory_cli.storage.ledger_file import Ledger, Written
from inventory_cli.storage.log import PIECE


class CarriedId(NamedTuple):
    """An id that was recorded in a ledger before this one: in the how many-eth of those that the
    first header names, at which position there, when what it stands for took effect (UTC text), the
    digest of what that says, and the position of the reversal that voided it there, if one did.
    """

    id: str
    ledger: int
    position: int
    effective_at: str
    date_only: int
    content_sha256: str
    voided_by: int | None


_COLUMNS = ", ".join(CarriedId._fields)
INSERT_CARRIED = "INSERT INTO carried_ids VALUES (?, ?, ?, ?, ?, ?, ?)"


def store_carried(ledger: Ledger, carried: Iterable[CarriedId]) -> str | None:
    """Write what a new ledger takes over; return its digest, None where it is nothing."""
    from inventory_cli.storage.chain import digest_carried  # A question needs no hashes.

    with ledger.writing():
        ledger.connection.executemany(INSERT_CARRIED, carried)
        digest = digest_carried(read_carried(ledger))

        def is_there() -> bool:
            return digest_carried(read_carried(ledger)) == digest

        ledger.commit(Written(is_there, "what it takes over", "roll over once more"))
    return digest


def read_carried(ledger: Ledger) -> Iterator[CarriedId]:
    """Give all carried ids, by id, ledger and position, read in pieces."""
    after: tuple[str, int, int] | None = None
    while True:
        where, values = ("(id, ledger, position) > (?, ?, ?)", after) if after else ("1", ())
        rows = ledger.connection.execute(
            f"SELECT {_COLUMNS} FROM carried_ids WHERE {where}"
            f" ORDER BY id, ledger, position LIMIT {PIECE}",
            values,
        ).fetchall()
        yield from (CarriedId(*row) for row in rows)
        if len(rows) < PIECE:
            return
        if after is not None and rows[-1][:3] <= after:
            raise DatabaseError("carried ids are out of order")
        after = rows[-1][:3]


def any_carried(ledger: Ledger, ids: Sequence[str]) -> bool:
    """Tell whether ledgers before this one recorded anything under any of some ids."""
    query = (
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM carried_ids) AND EXISTS (SELECT 1"
        " FROM json_each(?) AS one CROSS JOIN carried_ids ON carried_ids.id = one.value)"
    )
    return ledger.connection.execute(query, (json.dumps(ids),)).fetchone() is not None


def carried_under(ledger: Ledger, id: str) -> list[CarriedId]:
    """Return what ledgers before this one recorded under an id, in the order of recording."""
    rows = ledger.connection.execute(
        f"SELECT {_COLUMNS} FROM carried_ids WHERE id = ? ORDER BY ledger, position", (id,)
    ).fetchall()
    return [CarriedId(*row) for row in rows]

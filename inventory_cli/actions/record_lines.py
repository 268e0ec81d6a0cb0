"""Knows how requests that wait together are recorded: each as a batch of its own, all of them made
lasting at once, because that is what takes the time.

Must never know how a request is written, or that others wait.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

from inventory_cli.actions.record import Recording, Request, record
from inventory_cli.core.names import NameRules
from inventory_cli.errors import Refused, WrongUsage
from inventory_cli.storage.batches import Origin
from inventory_cli.storage.ledger_file import Clock, Ledger

Line = TypeVar("Line")


def record_waiting(
    ledger: Ledger,
    origin: Origin,
    lines: Iterable[Line],
    read: Callable[[Line], Request],
    clock: Clock,
    allow_negative: bool,
    rules: NameRules,
) -> list[tuple[Line, Recording | Refused | WrongUsage]]:
    """Record the request of each line as a batch of its own; return what became of each, in order.

    Each is read when its turn comes, under the write lock: what it says may depend on the moment
    and on those before it. One that is refused is left out. All others are recorded when this
    returns; when it raises, as it does where the file fails, none of them is.
    """
    became: list[tuple[Line, Recording | Refused | WrongUsage]] = []
    with ledger.together():
        for line in lines:
            try:
                request = read(line)
                done = record(ledger, origin, request, clock, allow_negative, rules)
            except (Refused, WrongUsage) as error:
                became.append((line, error))
            else:
                became.append((line, done))
    return became

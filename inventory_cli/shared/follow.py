"""Knows how a replica stays up to date: it is called when a batch was appended, and looks now and
then all the same. Must never end because a connection was lost.
"""

import time
from collections.abc import Iterator

from inventory_cli.errors import LedgerUnusable
from inventory_cli.shared.failures import ServerUnusable
from inventory_cli.shared.ledger import SharedLedger
from inventory_cli.storage.batches import Batch
from inventory_cli.storage.failures import is_busy

# How often it looks, in seconds, where no call comes: a call may be lost, a batch may not.
LOOK_EVERY = 5.0
# How long it waits before it connects anew; longer each time, up to this.
LONGEST_PAUSE = 10.0


def follow(ledger: SharedLedger) -> Iterator[list[Batch] | ServerUnusable | None]:
    """Take over batches as they come, without end. Give the headers of those that came, now and
    then none; a failure when the connection is lost, once, and None when it is there again.
    """
    pause = 0.0
    listens_on: object = None
    while True:
        try:
            if listens_on is not ledger.server.connection:
                ledger.server.listen(ledger.channel)
                listens_on = ledger.server.connection
            taken = ledger.pull()
            if pause:
                pause = 0.0
                yield None
            yield taken
            ledger.server.wait_for_call(LOOK_EVERY)
        except LedgerUnusable as error:
            if is_busy(error):
                continue  # Somebody on this machine records much; what is missing stays there.
            if not isinstance(error, ServerUnusable) or not error.is_lost:
                raise
            if not pause:
                yield error
            pause = min(2 * pause or 0.2, LONGEST_PAUSE)
            time.sleep(pause)

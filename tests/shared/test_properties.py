"""A shared ledger is told random lives, and keeps the rules of one machine to the letter."""

import tempfile
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from inventory_cli.actions.share import share
from inventory_cli.audit.verify import verify
from inventory_cli.shared.opening import open_to_record
from inventory_cli.storage.ledger_file import Clock, open_ledger
from inventory_cli.storage.new_ledger import create_ledger
from inventory_cli.storage.stock import stored_states
from tests.properties.lives import NOW, ORIGIN, Both, Deed, live, lives, seen, zones
from tests.shared.server import Server

few = settings(
    deadline=None,
    max_examples=max(1, settings().max_examples // 10),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


class BothShared(Both):
    """A ledger that is recorded into through its database, and the slow one beside it."""

    def clock(self, now: datetime) -> Clock:
        return self.ledger.clock(super().clock(now))


@pytest.fixture(scope="module")
def many_ledgers(server: Server) -> str:
    """The address of a database in which each example has a ledger of its own."""
    server.run("CREATE DATABASE many_ledgers")
    return server.url("many_ledgers")


@pytest.mark.slow
@few
@given(lives, lives, zones)
def test_two_machines_live_as_the_model_does(
    many_ledgers: str, life: list[Deed], later: list[Deed], zone: str
) -> None:
    from inventory_cli.shared.clone import clone

    with tempfile.TemporaryDirectory() as folder:
        first, second = Path(folder) / "first.db", Path(folder) / "second.db"
        create_ledger(first, NOW, 0, zone, "refuse")
        share(first, many_ledgers, None, ORIGIN)
        with open_to_record(first) as ledger:
            identity = ledger.settings.identity
            both = BothShared(ledger)
            # The batch that says that it is shared has no events.
            both.batches.append((range(0), NOW))
            live(both, life, [0])
        clone(many_ledgers, second, identity)
        # Another machine goes on, and the first takes that over.
        with open_to_record(second) as ledger:
            both.ledger = ledger
            live(both, later, [0])
        heads = []
        with open_to_record(first):
            pass
        for path in (first, second):
            with open_ledger(path) as ledger:
                heads.append(ledger.head())
                assert seen(ledger, stored_states(ledger)) == both.slow.stock()
                audit = verify(ledger)
                assert [check.problems for check in audit.checks if not check.ok] == []
        assert heads[0] == heads[1]
        assert both.unsaid == []

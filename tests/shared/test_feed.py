"""The feed of a shared ledger, read from a replica that nobody else keeps up to date."""

from pathlib import Path

import pytest

from tests.cli.second_service import Service, agree, life
from tests.shared.machines import Machine, first_machine, head
from tests.shared.proxy import Proxy


def position(shop_head: str) -> int:
    return int(shop_head.partition(":")[0])


@pytest.mark.slow
def test_a_service_follows_a_shared_ledger_through_lost_connections(
    database: str, proxy: Proxy, tmp_path: Path
) -> None:
    recording = first_machine(tmp_path / "first", database)
    recording.ok("record", "-", "--allow-negative", input=life(1, 60))
    replica = Machine(tmp_path / "replica", proxy.url(database))
    service = Service(tmp_path)
    with service.following(replica):
        service.wait_for(position(head(recording)))
        # What is recorded elsewhere comes by itself, also when the connection was lost meanwhile.
        recording.ok("record", "-", "--allow-negative", input=life(2, 20))
        service.wait_for(position(head(recording)))
        proxy.close_all()
        recording.ok("record", "-", "--allow-negative", input=life(3, 20))
        service.wait_for(position(head(recording)))
    recording.ok("reverse", 5, "--reason", "never was", "--allow-negative")
    with service.following(replica):
        service.wait_for(position(head(recording)))
    agree(service, recording)
    assert head(replica) == head(recording)

"""Of a large batch the first parts are in the database before the last is made: with it they are
recorded, and without it they never were.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from inventory_cli.actions.append import Appended, append_parts
from inventory_cli.core.events import AT_ONCE, Draft, Drafts
from inventory_cli.core.judging import Forbidden
from inventory_cli.errors import LedgerUnusable
from inventory_cli.storage.batches import Origin
from inventory_cli.storage.ledger_file import Ledger
from tests.conftest import Shop
from tests.shared.machines import Machine, first_machine, head
from tests.shared.proxy import Proxy

psycopg: Any = pytest.importorskip("psycopg")

BACKENDS = "SELECT pid FROM pg_stat_activity WHERE state = 'idle in transaction' AND pid <> {}"


@pytest.fixture
def first(database: str, tmp_path: Path) -> Shop:
    return first_machine(tmp_path / "first", database)


class Sent(list[Sequence[str]]):
    """Parts that the database has taken, each after some seconds."""

    seconds = 0.0


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    from inventory_cli.shared import publish

    taken = Sent()

    def spy(server: Any, of: str, batch: int, texts: Sequence[str]) -> None:
        time.sleep(taken.seconds)
        publish.publish_part(server, of, batch, texts)
        taken.append(texts)

    monkeypatch.setattr("inventory_cli.shared.ledger.publish_part", spy)
    return taken


@pytest.fixture
def ledger(first: Shop) -> Iterator[Ledger]:
    from inventory_cli.shared.opening import open_to_record

    with open_to_record(first.path) as ledger:
        yield ledger


def part(number: int, kind: str = "received") -> Drafts:
    """Return a part of three events, which differs from that of another number."""
    move = f"S-{number}", 'th"ere', kind, number + 1, AT_ONCE, 0
    return Drafts.of([Draft(*move, f"é {number}", *(None,) * 5)] * 3)


def record(ledger: Ledger, plan: Callable[[], Iterator[Drafts]], **more: Any) -> Appended | None:
    return append_parts(ledger, Origin("me", "import"), plan, ledger.clock(_no_clock), **more)


def fails(ledger: Ledger, first: Shop, plan: Callable[[], Iterator[Drafts]], said: str) -> None:
    """Record what must fail with these words: nothing is there, and what comes next is recorded."""
    before = head(first)
    with pytest.raises(LedgerUnusable, match=said):
        record(ledger, plan)
    assert head(first) == before
    assert record(ledger, lambda: map(part, range(4))) is not None
    assert first.failed_checks("--shared") == {}


def _no_clock() -> Any:
    raise AssertionError("what is shared has the server's clock")


def wait_for(many: int, sent: Sent) -> None:
    deadline = time.monotonic() + 30
    while len(sent) < many:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_parts_are_there_before_the_last_is_made(
    ledger: Ledger, first: Shop, database: str, sent: Sent, tmp_path: Path
) -> None:
    def plan() -> Iterator[Drafts]:
        for number in range(20):
            # The one that was made last waits for the next, or for the header.
            wait_for(number - 1, sent)
            yield part(number)

    appended = record(ledger, plan)
    assert appended
    assert (appended.header.batch, appended.header.last_position) == (2, 60)
    assert [len(texts) for texts in sent] == [3] * 19
    assert first.failed_checks("--shared") == {}
    other = Machine(tmp_path / "other", database)
    assert other.ok("log", "--format", "csv").out == first.ok("log", "--format", "csv").out


@pytest.mark.parametrize("many", [0, 1])
def test_what_is_one_part_goes_with_its_header(
    ledger: Ledger, first: Shop, sent: Sent, many: int
) -> None:
    assert (record(ledger, lambda: iter([part(0)] * many)) is not None) == bool(many)
    assert sent == []
    assert first.failed_checks("--shared") == {}


def test_what_the_rules_forbid_at_last_leaves_nothing(
    ledger: Ledger, first: Shop, sent: Sent
) -> None:
    before = head(first)

    def plan() -> Iterator[Drafts]:
        yield from (part(0), part(1))
        wait_for(1, sent)
        yield part(7, "sold")

    with pytest.raises(Forbidden):
        record(ledger, plan)
    assert sent
    assert head(first) == before
    # The same connection goes on, with a batch of the same number.
    assert record(ledger, lambda: iter([part(3), part(4), part(5)])) is not None
    assert first.on_hand("S-4") == 15
    assert first.failed_checks("--shared") == {}


def test_what_is_only_tried_is_not_sent(ledger: Ledger, first: Shop, sent: Sent) -> None:
    before = head(first)
    tried = record(ledger, lambda: map(part, range(5)), dry_run=True)
    assert tried
    assert tried.header.last_position == 15
    assert (sent, head(first)) == ([], before)


def test_whoever_fails_while_parts_wait_sends_none_of_them_later(
    ledger: Ledger, first: Shop, sent: Sent
) -> None:
    sent.seconds = 0.3

    def plan() -> Iterator[Drafts]:
        yield from map(part, range(3))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        record(ledger, plan)
    assert len(sent) < 2
    appended = record(ledger, lambda: map(part, range(5, 9)))
    assert appended
    assert appended.header.last_position == 12
    assert first.on_hand("S-1") is None
    assert first.failed_checks("--shared") == {}


def test_whoever_interrupts_does_not_wait_for_a_way_that_hangs(
    database: str, proxy: Proxy, tmp_path: Path
) -> None:
    from inventory_cli.shared.opening import open_to_record
    from inventory_cli.shared.server import ANSWER_WITHIN

    shop = first_machine(tmp_path / "first", proxy.url(database))

    def plan() -> Iterator[Drafts]:
        yield part(0)
        proxy.freeze()
        yield from (part(1), part(2))
        time.sleep(0.2)
        raise KeyboardInterrupt

    with open_to_record(shop.path) as ledger:
        began = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            record(ledger, plan)
        assert time.monotonic() - began < ANSWER_WITHIN / 4
        proxy.thaw()
        assert record(ledger, lambda: map(part, range(4))) is not None
    assert shop.failed_checks("--shared") == {}


@pytest.mark.parametrize("after", [1, 2])
def test_a_connection_that_is_lost_on_the_way_has_appended_nothing(
    ledger: Ledger, first: Shop, database: str, sent: Sent, after: int
) -> None:
    def plan() -> Iterator[Drafts]:
        for number in range(after + 1):
            yield part(number)
        wait_for(after, sent)
        with psycopg.connect(database, autocommit=True) as owner:
            for (pid,) in owner.execute(BACKENDS.format("pg_backend_pid()")).fetchall():
                owner.execute("SELECT pg_terminate_backend(%s)", (pid,))
        for number in range(9):
            yield part(number)

    fails(ledger, first, plan, r"cannot be reached .*; nothing was appended")


def test_a_part_that_the_database_refuses_ends_the_batch(
    ledger: Ledger, first: Shop, sent: Sent
) -> None:
    nul = Drafts.of([Draft("S", "main", "received", 1, AT_ONCE, 0, "\0", *(None,) * 5)])

    def plan() -> Iterator[Drafts]:
        yield from (part(0), nul)
        for number in range(50):
            yield part(number)

    fails(ledger, first, plan, r"cannot hold a NUL.*; nothing was appended")

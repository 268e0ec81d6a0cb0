"""What a client that was altered says to the two functions: a batch whose hash is right, and which
no program of ours would have made. Nothing gets in by which other machines are stopped, or the log
goes on in two places.
"""

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from inventory_cli.storage.chain import canonical
from tests.conftest import Shop
from tests.shared.machines import first_machine

psycopg: Any = pytest.importorskip("psycopg")

AT = "2022-01-01T10:00:00.000Z"
EVENT = ("MUG", "main", "received", 1, AT, 0, *[None] * 6)
AS_OF = "2022-01-31T22:59:59.999Z"
LINE = ("MUG", "main", 5, None, None, None)


def event(place: int, value: object) -> Sequence[Any]:
    return (*EVENT[:place], value, *EVENT[place + 1 :])


def as_json(value: object) -> str | None:
    return None if value is None else json.dumps(value)


def forge(
    url: str,
    shop: Shop,
    events: Sequence[Sequence[Any]] = (EVENT,),
    lines: object = None,
    snapshot: object = None,
    details: str | None = None,
    digest: str | None = None,
    say_time: Callable[[str], str] = lambda now: now,
    text_of: Callable[[list[Any]], str] = canonical,
) -> None:
    """Append a batch of these rows by hand, with the hash that belongs to them."""
    identity = shop.json("status")[0]["identity"]
    with psycopg.connect(url) as client:
        ((number, position, link, now),) = client.execute(
            "SELECT batch + 1, position, hash, now FROM inventory.hold(%s, 0, '')", (identity,)
        ).fetchall()
        time.sleep(0.05)
        said = say_time(now)
        whole = [["event", last, number, *row] for last, row in enumerate(events, position + 1)]
        for event in whole:
            link = hashlib.sha256(link + text_of(event).encode()).digest()
        ends = (position + 1, position + len(events)) if events else (None, None)
        header: list[Any] = ["batch", number, said, "me", "receive", None, None, *ends, digest]
        header += [] if details is None else [details]
        link = hashlib.sha256(link + canonical(header).encode()).hexdigest()
        client.execute(
            "SELECT inventory.append(%s, %s, %s, %s::jsonb, %s::jsonb, %s::jsonb)",
            (
                *(identity, number, as_json(whole or None), as_json(snapshot), as_json(lines)),
                as_json((said, "me", "receive", None, None, details, link)),
            ),
        )


@pytest.fixture
def first(database: str, tmp_path: Path) -> Shop:
    shop = first_machine(tmp_path / "first", database)
    shop.ok("receive", "MUG", 5)
    return shop


def test_one_that_is_made_by_hand_is_one_like_any_other(first: Shop, database: str) -> None:
    forge(database, first)
    first.ok("sync")
    assert first.on_hand("MUG") == 6
    assert first.failed_checks("--shared") == {}


@pytest.mark.parametrize(
    "forged",
    [
        # Between two moments by the order of text, and no moment.
        pytest.param({"say_time": lambda now: f"{now[:-1]}5 rubbish"}, id="time-with-more"),
        pytest.param({"say_time": lambda now: f"{now[:-1]}zz"}, id="time-in-letters"),
        pytest.param({"say_time": lambda now: f"{now[:-1]}"}, id="time-without-zone"),
        pytest.param({"say_time": lambda now: f"{now[:17]}75.000Z"}, id="time-of-75-seconds"),
        pytest.param({"snapshot": [None, "soon", 1, None, None]}, id="snapshot-of-no-moment"),
        pytest.param({"snapshot": [None, AS_OF, 9, None, None]}, id="snapshot-of-what-is-not-yet"),
        pytest.param({"snapshot": [None, AS_OF, None, None, None]}, id="snapshot-of-no-position"),
        pytest.param({"snapshot": [None, AS_OF, 1, 1, 7]}, id="snapshot-that-closes-seven-times"),
        pytest.param({"lines": [LINE]}, id="lines-of-no-snapshot"),
        pytest.param({"lines": [LINE], "events": (), "details": "{}"}, id="lines-alone"),
        pytest.param({"details": '["ended_by"]'}, id="details-in-a-list"),
        pytest.param({"details": '{"a":{"shared":"alone"}}'}, id="details-in-details"),
        pytest.param({"details": '{"shared" :"stopped"}'}, id="details-with-blanks"),
        pytest.param({"details": '{"b":"","a":""}'}, id="details-out-of-order"),
        pytest.param({"details": "{}"}, id="details-of-nothing"),
        pytest.param({"details": "7"}, id="details-that-are-a-number"),
        pytest.param({"details": "no JSON"}, id="details-that-are-no-json"),
        pytest.param({"details": '{"shared":"alone"}'}, id="alone"),
        pytest.param({"details": '{"shared":"begun"}'}, id="begun-again"),
        pytest.param({"events": [event(4, "soon")]}, id="effective-at-no-moment"),
        pytest.param({"events": [event(4, "2022-01-01")]}, id="effective-at-a-day"),
        pytest.param({"events": [event(11, "[1]")]}, id="details-of-an-event-in-a-list"),
        pytest.param({"events": [event(11, "no JSON")]}, id="details-of-an-event-no-json"),
        pytest.param({"events": [event(0, None)]}, id="no-sku"),
        pytest.param({"events": [event(4, AT * 2), event(4, "")]}, id="two-moments-in-one"),
        pytest.param({"events": [event(4, AT[:9]), event(4, AT[9:])]}, id="a-moment-in-two"),
    ],
)
def test_what_would_stop_other_machines_is_refused(
    first: Shop, database: str, forged: dict[str, Any]
) -> None:
    with pytest.raises(psycopg.Error) as refused:
        forge(database, first, **forged)
    # By a rule of the log, or because it is no value of its type.
    assert refused.value.sqlstate[:2] in ("IV", "22", "23")
    first.ok("sell", "MUG", 1)
    first.ok("snapshot", "take", "now")
    assert first.on_hand("MUG") == 4
    assert first.failed_checks("--shared") == {}


def test_what_the_file_does_not_take_is_not_blamed_on_the_file(first: Shop, database: str) -> None:
    with psycopg.connect(database) as owner:
        owner.execute("ALTER TABLE inventory.snapshots DROP CONSTRAINT snapshots_closes_check")
    snapshot = [None, AS_OF, 1, 1, 7]
    line = canonical(["snapshot", 1, 3, *snapshot]) + "\n"
    digest = hashlib.sha256(line.encode()).hexdigest()
    forge(database, first, (), snapshot=snapshot, digest=digest)
    refused = first("sync")
    assert (refused.code, "holds batch 3, which does not fit the chain" in refused.err) == (4, True)
    assert "; nothing was taken over" in refused.err
    assert first.on_hand("MUG") == 5


def test_more_than_can_be_on_hand_stops_a_replica_with_words(first: Shop, database: str) -> None:
    forge(database, first, [event(3, 2**63 - 1)])
    refused = first("sell", "MUG", 1)
    assert (refused.code, "more on hand than a ledger can hold" in refused.err) == (4, True)
    assert first.on_hand("MUG") == 5


@pytest.mark.parametrize("place", [0, 1, 6, 7, 9])
@pytest.mark.parametrize("value", ['["a"]', '{"a": 1}', '[["a"], {}]', '["a", 1]'])
def test_what_is_no_text_is_not_hashed_as_if_it_had_no_quotes(
    first: Shop, database: str, place: int, value: str
) -> None:
    def text_of(row: list[Any]) -> str:
        return canonical([*row[: place + 3], "HERE", *row[place + 4 :]]).replace("HERE", value)

    with pytest.raises(psycopg.Error) as refused:
        forge(database, first, [event(place, json.loads(value))], text_of=text_of)
    assert refused.value.sqlstate == "IV007"
    first.ok("sell", "MUG", 1)
    assert first.failed_checks("--shared") == {}

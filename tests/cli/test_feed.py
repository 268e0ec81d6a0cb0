"""The feed of CloudEvents says what the log holds, to the letter, and carries a second service."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.second_service import Service, agree, life
from tests.conftest import Shop


def no_float(text: str) -> float:
    raise AssertionError(f"{text} is a float")


def feed(shop: Shop, *words: object) -> list[Any]:
    """Return what `log` writes as the feed, each line read on its own."""
    return [json.loads(line, parse_float=no_float) for line in lines(shop, *words)]


def lines(shop: Shop, *words: object) -> list[str]:
    """Return the lines of the feed."""
    *told, end = shop.ok("log", "--format", "cloudevents", *words).out.split("\n")
    assert end == ""
    return told


@pytest.fixture
def full(tmp_path: Path) -> Shop:
    """A ledger with an event of every kind, with awkward text, and with decimals."""
    shop = Shop(tmp_path, "--decimals", "2")
    for words in (
        ["open", "A", "100", "--on", "2022-01-01", "--last-incoming", "2021-12-01"],
        ["receive", "A", "1.25", "--on", "2022-02-01", "--cost", "2.50", "--id", "k/1"],
        ["return", "A", "3", "--on", "2022-02-02", "--ref", "R 'ü\" \\ 1"],
        ["sell", "A", "2", "--on", "2022-02-03T10:00", "--detail", "till=2"],
        ["remove", "A", "1", "--on", "2022-02-04", "--reason", "broken \u2028 glass"],
        ["adjust", "A", "-0.5", "--on", "2022-02-05", "--reason", "miscount"],
        ["transfer", "A", "5", "--from", "main", "--to", "depot", "--on", "2022-02-06"],
        ["count", "A", "90", "--on", "2022-02-07"],
        ["reverse", "2", "--reason", "never came"],
        ["describe", "A", "--name", "Apple"],
    ):
        shop.ok(*words)
    return shop


def test_the_feed_says_what_an_export_says(full: Shop) -> None:
    exported = [
        json.loads(line)["event"]
        for line in full.ok("export").out.split("\n")
        if line.startswith('{"event"')
    ]
    identity = json.loads(full.ok("export").out.splitlines()[0])["ledger"]["identity"]
    told = feed(full)
    assert len(told) == len(exported) == 11
    assert {event["type"].removeprefix("inventory.") for event in told} == {
        *("opened", "received", "returned", "sold", "removed", "adjusted", "transferred"),
        *("counted", "reversed", "described"),
    }
    for event, stored in zip(told, exported, strict=True):
        assert event["specversion"] == "1.0"
        assert event["id"] == f"{identity}/{stored['position']}"
        assert event["source"] == f"urn:uuid:{identity}"
        assert event["type"] == f"inventory.{stored['kind']}"
        assert event["subject"] == stored["sku"]
        assert event["time"] == stored["effective_at"]
        assert event["chainhash"] == stored.pop("hash")
        assert int(event["sequence"]) == stored["position"]
        quantity, details = event["data"].pop("quantity"), event["data"].pop("details")
        assert isinstance(quantity, str)
        assert int(quantity.replace(".", "")) == stored.pop("quantity")
        assert details == json.loads(stored.pop("details") or "{}")
        assert event["data"] == stored
    assert [event["sequence"] for event in told] == sorted(event["sequence"] for event in told)
    headers = full.json("batches")
    assert {e["recordedtime"][:16] for e in told} <= {
        moment_in_utc(header["recorded_at"])[:16] for header in headers
    }


def moment_in_utc(text: str) -> str:
    from datetime import UTC, datetime

    return datetime.fromisoformat(text).astimezone(UTC).isoformat()


def test_the_feed_is_valid_for_the_sdk(full: Shop) -> None:
    formats = pytest.importorskip("cloudevents.core.formats.json", reason="cloudevents is missing")
    told = lines(full)
    # Its reader raises at what the specification does not allow.
    events = [formats.JSONFormat().read(None, line) for line in told]
    assert [type(event).__module__ for event in events] == ["cloudevents.core.v1.event"] * 11
    assert [event.get_subject() for event in events] == ["A"] * 11
    assert all(event.get_time().tzinfo for event in events)
    assert len({event.get_id() for event in events}) == 11
    assert [event.get_extension("sequence") for event in events] == [
        f"{position:019}" for position in range(1, 12)
    ]
    again = [json.loads(formats.JSONFormat().write(event)) for event in events]
    assert [event["data"] for event in again] == [json.loads(line)["data"] for line in told]


def test_whole_units_are_whole_numbers_and_filters_apply(story: Shop) -> None:
    story.ok("receive", "OTHER", 5, "--location", "depot", "--on", "2022-03-01")
    assert [event["data"]["quantity"] for event in feed(story)] == [100, 100, 20, 50, 20, -20, 5]
    assert [event["subject"] for event in feed(story, "--location", "depot")] == ["OTHER"]
    assert [event["data"]["position"] for event in feed(story, "--kind", "sold")] == [3, 5]
    assert [event["data"]["position"] for event in feed(story, "--after", 4)] == [5, 6, 7]
    assert feed(story, "--after", 7) == []


def test_what_a_feed_cannot_be_is_said(story: Shop) -> None:
    behind = story("log", "--after", 7, "--format", "cloudevents")
    assert behind.code == 3
    assert behind.err.startswith("error: there is no event 7: the log ends at 6\n")
    for word in (["--last", "2"], ["--reverse"]):
        ran = story("log", *word, "--format", "cloudevents")
        assert ran.code == 2
        assert "--format cloudevents goes on in the order of positions" in ran.err
    other = story("stock", "--format", "cloudevents")
    assert (other.code, other.err.splitlines()[0]) == (
        2,
        "error: --format 'cloudevents' is not one of table, json, jsonl, csv",
    )


@pytest.mark.slow
def test_a_second_service_keeps_its_own_state_from_the_feed_alone(in_memory: Path) -> None:
    shop = Shop(in_memory)
    service = Service(in_memory)
    shop.ok("record", "-", "--allow-negative", input=life(1, 200))
    with service.following(shop):
        service.wait_for(50)  # It is killed while it reads.
    stopped = service.seen
    shop.ok("reverse", 5, "--reason", "never was", "--allow-negative")
    shop.ok("record", "-", "--allow-negative", input=life(2, 100))
    with service.following(shop):
        service.wait_for(stopped + 1)
        # What is recorded while it follows reaches it, too.
        shop.ok("record", "-", "--allow-negative", input=life(3, 50))
        last_count = shop.json("log", "--kind", "count", "--last", 1)[0]["position"]
        shop.ok("reverse", last_count, "--reason", "miscounted", "--allow-negative")
        service.wait_for(head(shop))
    assert service.ask("SELECT count(*) FROM seen") == [(head(shop),)]
    agree(service, shop)


def head(shop: Shop) -> int:
    """Return the last position of a ledger."""
    return int(shop.ok("head").out.split(":")[0])

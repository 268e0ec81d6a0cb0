"""`record -`: events that a script writes line by line, and the answers to them."""

import json
import subprocess
from typing import Any

import pytest

from tests.conftest import Shop

RECEIVE: dict[str, Any] = {
    "type": "received", "sku": "A", "quantity": 10, "date": "2022-03-01", "id": "r1",
}  # fmt: skip
SELL: dict[str, Any] = {"type": "sell", "sku": "A", "quantity": 4, "date": "2022-03-02"}


def say(shop: Shop, *objects: object, words: tuple[str, ...] = ()) -> tuple[int, list[Any]]:
    lines = "".join((o if isinstance(o, str) else json.dumps(o)) + "\n" for o in objects)
    ran = shop("record", "-", *words, input=lines)
    return ran.code, [json.loads(line) for line in ran.out.splitlines()]


def test_each_line_is_a_batch_and_has_an_answer(shop: Shop) -> None:
    code, answers = say(shop, RECEIVE, "", SELL)
    assert code == 0
    assert answers == [
        {"line": 1, "ok": True, "batch": 1, "already": False,
         "events": [{"position": 1, "sku": "A", "location": "main", "on_hand": 10}],
         "notes": ["new SKU A"]},
        {"line": 3, "ok": True, "batch": 2, "already": False,
         "events": [{"position": 2, "sku": "A", "location": "main", "on_hand": 6}],
         "notes": []},
    ]  # fmt: skip
    assert {batch["command"] for batch in shop.json("batches")} == {"record"}


def test_a_line_that_is_refused_does_not_stop_the_others(shop: Shop) -> None:
    code, answers = say(shop, RECEIVE, {**SELL, "quantity": 11}, SELL)
    assert (code, [answer["ok"] for answer in answers]) == (3, [True, False, True])
    assert answers[1]["line"] == 2
    assert answers[1]["error"] == (
        "cannot sell 11 of A at main on 2022-03-02: 10 on hand then, 1 missing"
    )
    assert shop.on_hand("A") == 6


def test_an_id_makes_a_repetition_harmless(shop: Shop) -> None:
    now = {"type": "received", "sku": "B", "quantity": 1, "id": "b1"}
    for words in ((), ("--one-batch",)):
        for already in (False, True):
            lines = [{**RECEIVE, "id": f"r{words}"}, {**now, "id": f"b{words}"}]
            code, answers = say(shop, *lines, words=words)
            assert (code, [answer["already"] for answer in answers]) == (0, [already, already])
    assert (shop.on_hand("A"), shop.on_hand("B")) == (20, 2)


def test_one_batch_is_all_or_nothing(shop: Shop) -> None:
    code, answers = say(shop, RECEIVE, {**SELL, "quantity": 11}, words=("--one-batch",))
    assert (code, len(answers), answers[0]["ok"]) == (3, 1, False)
    assert "10 on hand then, 1 missing" in answers[0]["error"]
    code, answers = say(shop, RECEIVE, "{", {**SELL, "colour": 1}, words=("--one-batch",))
    assert (code, [answer["line"] for answer in answers]) == (3, [2, 3])
    assert shop.json("log") == []
    code, answers = say(shop, {**SELL, "date": "2022-03-01"}, RECEIVE, words=("--one-batch",))
    assert (code, [answer["batch"] for answer in answers]) == (0, [1, 1])
    assert [answer["events"][0]["on_hand"] for answer in answers] == [6, 6]
    assert shop.failed_checks() == {}


def test_an_id_that_stands_twice_in_one_batch_is_refused(shop: Shop) -> None:
    code, answers = say(shop, RECEIVE, RECEIVE, words=("--one-batch",))
    assert (code, answers[0]["error"]) == (3, "the id 'r1' is given twice")
    assert shop.json("log") == []


@pytest.mark.parametrize(
    ("kind", "verb", "date", "when"),
    [
        ("counted", "counts", {"date": "2022-03-05"}, "on the same day"),
        ("opened", "opens", {"date": "2022-02-01"}, "on the same day"),
        ("counted", "counts", {"date": "2022-03-05T10:00"}, "at the same moment"),
        ("counted", "counts", {}, "at the same moment"),
    ],
)
def test_what_one_batch_counts_or_opens_twice_is_refused(
    shop: Shop, kind: str, verb: str, date: dict[str, str], when: str
) -> None:
    first = {"type": kind, "sku": "A", "quantity": 3, **date}
    other = {**first, "location": "shop"}
    code, answers = say(shop, first, other, {**first, "quantity": 4}, words=("--one-batch",))
    assert (code, [answer["line"] for answer in answers]) == (3, [3])
    assert answers[0]["error"] == f"line 1 {verb} A at main {when} already"
    assert "add them up" in answers[0]["hint"]
    assert shop.json("log") == []
    code, answers = say(shop, first, other, words=("--one-batch",))
    assert (code, len(answers)) == (0, 2)


def test_a_transfer_and_all_that_an_event_may_carry(shop: Shop) -> None:
    transfer = {
        "type": "transferred", "sku": "A", "quantity": 3, "location": "main",
        "to_location": "shop", "date": "2022-03-02", "by": "anna", "reason": "empty shelf",
        "reference": "T-1", "unit_cost": "2.50", "details": {"van": 7},
    }  # fmt: skip
    opened = {
        "type": "opened", "sku": "B", "quantity": "5", "date": "2022-01-01",
        "last_incoming": "2021-12-01",
    }  # fmt: skip
    code, answers = say(shop, RECEIVE, transfer, opened)
    assert code == 0
    assert [event["on_hand"] for event in answers[1]["events"]] == [7, 3]
    _, left, came, opening = shop.json("log")
    assert (left["location"], came["location"]) == ("main", "shop")
    assert (left["unit_cost"], left["reason"], left["reference"]) == ("2.50", "empty shelf", "T-1")
    assert left["details"] == {"by": "anna", "van": "7"}
    assert opening["details"] == {"last_incoming": "2021-12-01"}


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("[]", "it is not a JSON object, like {…}"),
        ('{"sku": NaN}', "it is not JSON: NaN is no number"),
        ("[" * 100_000, "it is not JSON: "),
        ('{"type": "sold", "quantity": 1}', "sku is missing"),
        ('{"type": "lost", "sku": "A", "quantity": 1}', "'lost' is not a kind of event"),
        ('{"type": "sold", "sku": "A", "quantity": 1.5}', "quantity '1.5' has 1 decimal"),
        ('{"type": "sold", "sku": "A", "quantity": true}', "quantity is neither text nor"),
        ('{"type": "sold", "sku": "A", "quantity": 1, "to_location": "x"}', "goes to no location"),
        ('{"type": "transferred", "sku": "A", "quantity": 1}', "to_location is missing"),
        ('{"type": "sold", "sku": "A", "quantity": 1, "details": 3}', "details are an object"),
        (
            '{"type": "opened", "sku": "A", "quantity": 1, "details": {"last_incoming": "x"}}',
            "last_incoming is a key of its own",
        ),
    ],
)
def test_what_cannot_be_recorded_says_why(shop: Shop, text: str, error: str) -> None:
    code, (answer,) = say(shop, text)
    assert (code, answer["ok"], error in answer["error"]) == (3, False, True), answer
    assert shop.json("log") == []


def test_quantities_are_exact(tmp_path: Any) -> None:
    shop = Shop(tmp_path, "--decimals", "2")
    code, (answer,) = say(shop, '{"type": "received", "sku": "A", "quantity": 0.10}')
    assert (code, answer["events"][0]["on_hand"]) == (0, "0.10")


def test_answers_come_while_the_script_still_writes(shop: Shop) -> None:
    with subprocess.Popen(
        shop.command("record", "-"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for number in (1, 2):
            process.stdin.write(json.dumps({**RECEIVE, "id": f"k{number}"}) + "\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["batch"] == number
            assert shop.on_hand("A") == 10 * number
        process.stdin.close()
    assert process.returncode == 0


def test_a_figure_in_text_may_have_two_readings_but_a_number_of_json_has_one(shop: Shop) -> None:
    code, answers = say(shop, {**RECEIVE, "quantity": "1.000"})
    assert code == 3
    assert answers[0]["error"] == "quantity '1.000' can be read as 1 or as 1000"
    assert answers[0]["hint"].startswith("write 1 or 1000")
    text = json.dumps(RECEIVE).replace("10", "1.000")
    assert shop.ok("record", "-", input=text).out.startswith('{"line": 1, "ok": true')
    assert shop.on_hand("A") == 1


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("x" * 1_000_001, "it has more than 1,000,000 bytes"),
        ("\0", "it is not text: it holds NUL bytes"),
    ],
)
def test_a_line_that_is_none_is_refused_and_what_was_before_it_is_recorded(
    shop: Shop, line: str, why: str
) -> None:
    ran = shop("record", "-", input=f"{json.dumps(RECEIVE)}\n\n{line}\n{json.dumps(SELL)}\n")
    assert (ran.code, f"error: line 3: {why}\n" in ran.err) == (3, True), ran
    assert shop.on_hand("A") == 10

"""What a scanner types is recorded and answered line by line; nothing unknown slips in."""

import json
import subprocess

import pytest

from tests.conftest import Shop


@pytest.fixture
def shelf(shop: Shop) -> Shop:
    shop.ok("receive", "MUG-BLUE", 10, "--location", "shop")
    shop.ok("receive", "TEA POT", 5, "--location", "shop")
    return shop


def test_each_code_is_an_event_and_the_same_code_twice_is_two(shelf: Shop) -> None:
    ran = shelf.ok("scan", "sold", "-l", "shop", input="MUG-BLUE\nMUG-BLUE\n\nTEA POT 3\n")
    assert ran.out.splitlines() == [
        "sold 1 of MUG-BLUE at shop; on hand 9",
        "sold 1 of MUG-BLUE at shop; on hand 8",
        "sold 3 of TEA POT at shop; on hand 2",
    ]
    assert "sold 5 of 2 SKUs" in ran.err
    assert [line["batch"] for line in shelf.json("log", "--kind", "sold")] == [3, 4, 5]


def test_what_is_unknown_or_not_there_is_refused_and_the_rest_recorded(shelf: Shop) -> None:
    ran = shelf("scan", "sell", "-l", "shop", input="MUG-BLEU\nMUG-BLUE 99\nMUG-BLUE\n4711 2\n")
    assert ran.code == 3
    first, second, third, fourth = ran.out.splitlines()
    assert first == "refused MUG-BLEU: there is no SKU with the code MUG-BLEU (there is MUG-BLUE)"
    assert second.startswith("refused MUG-BLUE 99: cannot sell 99 of MUG-BLUE at shop")
    assert third == "sold 1 of MUG-BLUE at shop; on hand 9"
    assert fourth == "refused 4711 2: there is no SKU with the code 4711"
    assert "refused 3 codes: MUG-BLEU, MUG-BLUE 99, 4711 2" in ran.err
    assert shelf.failed_checks() == {}


def test_answers_come_as_lines_of_json_too(shelf: Shop) -> None:
    ran = shelf("scan", "received", "-l", "shop", "--format", "jsonl", input="TEA POT 2\nX\n")
    good, bad = map(json.loads, ran.out.splitlines())
    assert (good["sku"], good["quantity"], good["on_hand"]) == ("TEA POT", 2, 7)
    assert (bad["code"], bad["ok"], "no SKU" in bad["error"]) == ("X", False, True)


def test_a_code_is_answered_before_the_next_is_typed(shelf: Shop) -> None:
    words = shelf.command("scan", "sold", "-l", "shop")
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for left in (9, 8):
            process.stdin.write(b"MUG-BLUE\n")
            process.stdin.flush()
            answer = f"sold 1 of MUG-BLUE at shop; on hand {left}\n"
            assert process.stdout.readline() == answer.encode()
        process.stdin.close()
    assert process.returncode == 0


@pytest.mark.parametrize("kind", ["counted", "adjusted", "transferred", "opened", "stolen"])
def test_what_does_not_add_up_cannot_be_scanned(shelf: Shop, kind: str) -> None:
    ran = shelf("scan", kind, input="MUG-BLUE\n")
    assert (ran.code, "cannot be scanned" in ran.err) == (2, True)


@pytest.mark.parametrize("text", [b"\xff\n", b"x" * 2_000, b"a\0b\n"])
def test_what_no_scanner_types_is_refused(shelf: Shop, text: bytes) -> None:
    assert shelf("scan", "sold", "-l", "shop", input=text).code == 3

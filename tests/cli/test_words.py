"""What people type who mean something else leads to the command that they mean."""

import os
import re
import shlex
import subprocess
import sys

import pytest

from inventory_cli.cli import COMMANDS
from inventory_cli.cli.words import INSTEAD
from tests.conftest import Shop


@pytest.mark.parametrize(
    ("word", "command"),
    [
        ("add", "inventory receive"),
        ("list", "inventory stock"),
        ("ls", "inventory stock"),
        ("undo", "inventory reverse --last"),
        ("delete", "inventory reverse"),
        ("edit", "inventory correct"),
        ("balance", "inventory stock"),
        ("LS", "inventory stock"),
    ],
)
def test_a_word_that_is_no_command_leads_to_one_by_meaning(
    shop: Shop, word: str, command: str
) -> None:
    done = shop(word, "A")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"error: there is no command '{word}'\nhint: ")
    assert f"`{command}" in done.err


def test_no_word_that_leads_to_a_command_is_one_itself() -> None:
    assert not INSTEAD.keys() & COMMANDS.keys()


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["help"], "Usage: inventory [OPTIONS] COMMAND"),
        (["help", "sell"], "Usage: inventory sell"),
        (["help", "snapshot", "take"], "Usage: inventory snapshot take"),
        (["version"], "inventory "),
        (["-V"], "inventory "),
    ],
)
def test_help_and_version_are_words_too(shop: Shop, words: list[str], shown: str) -> None:
    assert shop.process(*words).stdout.lstrip().startswith(shown)


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["sell", "3", "A"], "the SKU comes first: `inventory sell A 3`"),
        (
            ["sell", "A", "2022-03-01"],
            "a date goes behind --on: `inventory sell A QTY --on 2022-03-01`",
        ),
        (
            ["receive", "2022-03-01", "A"],
            "a date goes behind --on: `inventory receive A QTY --on 2022-03-01`",
        ),
        (["as-of", "A"], "the date comes first: `inventory as-of today A`"),
        (["as-of", "A", "2022-03-01"], "the date comes first: `inventory as-of 2022-03-01 A`"),
        (["sell", "A", "1", "B", "2"], "it takes SKU QTY and no more"),
        (["history", "A", "B"], "it takes SKU and no more"),
    ],
)
def test_words_in_another_order_are_put_right(shop: Shop, words: list[str], hint: str) -> None:
    shop.ok("receive", "A", 5)
    done = shop(*words)
    assert done.code == 2
    assert f"hint: {hint}" in done.err


def test_a_date_where_a_sku_belongs_is_noticed(shop: Shop) -> None:
    assert "`inventory as-of 2022-03-01`" in shop.ok("stock", "2022-03-01").err


def test_the_ledger_may_be_named_behind_the_command(shop: Shop) -> None:
    other = shop.folder / "other.db"
    shop.ok("init", "--ledger", other)
    shop.ok("receive", "A", 5, "--ledger", other)
    shop.ok("adjust", "A", -2, "--reason", "x", "--ledger", other)
    shop.ok("snapshot", "--ledger", other, "take")
    assert shop.json("stock", "A", "--ledger", other)[0]["on_hand"] == 3
    assert shop.json("stock") == []


def test_inventory_alone_says_how_to_begin_and_then_what_is_there(shop: Shop) -> None:
    shop.path.unlink()
    said = shop.ok().out
    assert [f"inventory {word}" in said for word in ("init", "receive", "stock")] == [True] * 3
    shop.ok("init")
    assert "inventory import FILE" in shop.ok().out
    shop.ok("receive", "A", 5)
    assert shop.ok().out == shop.ok("status").out


def test_status_tells_the_last_anchor_and_whether_the_log_still_has_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    anchors = shop.folder / "anchors.txt"
    shop.ok("receive", "A", 5)
    monkeypatch.setenv("INVENTORY_ANCHOR", str(anchors))
    assert f"none yet in {anchors}" in shop.ok("status").out
    shop.ok("verify", "--anchor", anchors, "--quiet")
    shop.ok("sell", "A", 1)
    assert f"up to event 1 ({anchors}), 1 event since" in shop.ok("status").out
    (found,) = shop.json("status")
    assert found["events"] == 2
    assert found["last_audit"] == anchors.read_text(encoding="utf-8").strip()
    anchors.write_text("1:" + "0" * 64 + "\n", encoding="utf-8")
    assert "NOT of this log" in shop.ok("status").out


def test_the_format_of_answers_comes_from_the_environment_but_not_of_an_export(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.ok("receive", "A", 5)
    monkeypatch.setenv("INVENTORY_FORMAT", "csv")
    assert shop.ok("stock").out.startswith("sku,on_hand,")
    assert shop.ok("stock", "--format", "jsonl").out.startswith("{")
    assert shop.ok("export").out.startswith("{")


def completed(shop: Shop, line: str) -> list[str]:
    """Return what a shell would offer behind a line."""
    words = line.split(" ")
    done = subprocess.run(
        [sys.executable, "-m", "inventory_cli"],
        env={
            **os.environ,
            "COMP_WORDS": line,
            "COMP_CWORD": str(len(words) - 1),
            "_INVENTORY_COMPLETE": "complete_bash",
        },
        capture_output=True,
        text=True,
        check=True,
        cwd=shop.folder,
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_what_is_in_the_ledger_can_be_completed(shop: Shop) -> None:
    shop.ok("receive", "MUG-BLUE", 5, "--location", "depot")
    shop.ok("receive", "MUG-RED", 5, "--location", "shop")
    ledger = f"--ledger {shop.path}"
    assert completed(shop, f"inventory {ledger} sell MUG-") == ["MUG-BLUE", "MUG-RED"]
    assert completed(shop, f"inventory stock {ledger} MUG-R") == ["MUG-RED"]
    assert completed(shop, f"inventory {ledger} stock -l d") == ["depot"]
    assert completed(shop, f"inventory {ledger} transfer MUG-RED 1 --from s") == ["shop"]
    assert completed(shop, "inventory --ledger nothing.db sell M") == []
    assert "stock" in completed(shop, "inventory st")
    assert completed(shop, "inventory stock --format js") == ["json", "jsonl"]
    assert completed(shop, "inventory guide con") == ["concepts"]
    assert completed(shop, "inventory import --profile ama") == ["amazon-ledger"]


def test_a_command_that_a_message_names_runs_also_for_a_sku_that_begins_like_an_option(
    shop: Shop,
) -> None:
    shop.ok("receive", "--on", "2022-03-01", "-l", "back room", "--", "--x", 5)
    shop.ok("describe", "--on", "2022-03-01", "--name", "Cross", "--", "--x")
    shown = [
        shop("status").out,
        shop("sell", "-l", "back room", "--", "--x", 9).err,
        shop("correct", 2, "--quantity", 1, "--reason", "a slip").err,
    ]
    named = [re.search(r"inventory ((?:history|describe)[^`·\n]*-- --x)", text) for text in shown]
    assert [found and found[1] for found in named] == [
        "history -- --x",
        "history --location 'back room' -- --x",
        "describe -- --x",
    ]
    assert shop.ok(*shlex.split("history --location 'back room' -- --x")).out

"""One more kind that moves stock is one row of KINDS and, for its command, one of COMMANDS.

A kind is made up, and walked through the fold, the projection, the rules, recording, import,
export, restore and verify: in a process of its own, where the tables have the rows from the start.
"""

import json
import subprocess
import sys

import pytest

from tests.conftest import Shop

# Runs commands, a JSON list of words on each line of input, with two more kinds in the tables.
PROGRAM = """
import json, sys
from inventory_cli.core import events

events.KINDS.update(
    produced=events.Kind("produced", "produce", +1, events.START_OF_DAY, "last_incoming", "melted"),
    melted=events.Kind("melted", "melt", -1, events.END_OF_DAY, "last_outgoing", "produced"),
)
events.COMMAND_KINDS.update(produce="produced", melt="melted")

from typer.testing import CliRunner
from inventory_cli.cli import COMMANDS, RECORD, app
from inventory_cli.cli.lazy import Command

COMMANDS["produce"] = Command(RECORD, "Record what was made here.", "movements")
COMMANDS["melt"] = Command(RECORD, "Record what was melted down.", "movements")
for line in sys.stdin:
    words, text = json.loads(line)
    ran = CliRunner().invoke(app, ["--ledger", sys.argv[1], *words], input=text)
    print(json.dumps([ran.exit_code, ran.stdout, ran.stderr]), flush=True)
"""


def run(shop: Shop, *commands: tuple[list[str], str]) -> list[tuple[int, str, str]]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(shop.path)],
        input="".join(json.dumps(command) + "\n" for command in commands),
        capture_output=True,
        text=True,
        check=True,
    )
    return [tuple(json.loads(line)) for line in done.stdout.splitlines()]


ROWS = "date,sku,type,quantity\n2022-03-05,A,produced,5\n2022-03-06,A,melt,1\n"


def test_a_made_up_kind_does_all_that_the_others_do(shop: Shop) -> None:
    other = shop.folder / "other.db"
    file = shop.folder / "moves.csv"
    file.write_text(ROWS)
    line = json.dumps({"type": "produce", "sku": "A", "quantity": 2, "date": "2022-03-04"})
    ended = run(
        shop,
        (["produce", "A", "10", "--on", "2022-03-01"], ""),
        (["melt", "A", "4", "--on", "2022-03-02"], ""),
        (["melt", "A", "20", "--on", "2022-03-03"], ""),
        (["record", "-"], line),
        (["import", str(file)], ""),
        # Late, voided, and back in order: folded, projected, and projected anew.
        (["melt", "A", "1", "--on", "2022-03-01"], ""),
        (["reverse", "2", "--reason", "not melted"], ""),
        (["stock", "A", "--format", "json"], ""),
        (["as-of", "2022-03-04", "A", "--format", "json"], ""),
        (["history", "A", "--format", "json"], ""),
        (["rebuild"], ""),
        (["verify", "--format", "json"], ""),
        (["export"], ""),
        (["head"], ""),
    )
    codes = [code for code, _, _ in ended]
    assert codes == [0, 0, 3] + [0] * 11, ended
    assert "event 1: produced 10 of A at main on 2022-03-01; on hand 10" in ended[0][1]
    assert "cannot melt 20 of A at main on 2022-03-03: 6 on hand then, 14 missing" in ended[2][2]
    assert json.loads(ended[7][1]) == [
        {
            "sku": "A",
            "on_hand": 15,
            "last_incoming": "2022-03-05",
            "last_outgoing": "2022-03-06",
        }
    ]
    assert json.loads(ended[8][1])[0]["on_hand"] == 11
    history = [(row["kind"], row["change"]) for row in json.loads(ended[9][1])]
    assert history == [
        ("produced", 10),
        ("melted", -1),
        ("melted", 0),
        ("reversed", 0),
        ("produced", 2),
        ("produced", 5),
        ("melted", -1),
    ]
    assert "0 differences mended" in ended[10][1]
    assert json.loads(ended[11][1])["ok"] is True
    restored = run(
        shop,
        (["--ledger", str(other), "restore", "-"], ended[12][1]),
        (["--ledger", str(other), "head"], ""),
    )
    assert restored[0][0] == 0, restored
    assert restored[1][1] == ended[13][1]


@pytest.mark.parametrize(("sign", "kind"), [("5", "produced"), ("-5", "melted")])
def test_a_sign_that_contradicts_a_made_up_kind_means_its_opposite(
    shop: Shop, sign: str, kind: str
) -> None:
    file = shop.folder / "moves.csv"
    file.write_text(f"date,sku,type,quantity\n2022-03-05,A,produced,{sign}\n")
    words = ["import", str(file), "--signed", "change", "--allow-negative"]
    ended = run(shop, (words, ""), (["log", "--format", "json"], ""))
    assert ended[0][0] == 0, ended
    assert [row["kind"] for row in json.loads(ended[1][1])] == [kind]


def test_a_program_without_the_row_does_not_pass_it_over(shop: Shop) -> None:
    run(shop, (["produce", "A", "10", "--on", "2022-03-01"], ""))
    assert shop("as-of", "2022-03-02").code == 4
    assert "event 1 is of the unknown kind 'produced'" in shop("as-of", "2022-03-02").err
    assert shop("verify").code == 1

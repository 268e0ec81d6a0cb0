"""The rules of the audit: what each problem says of itself, to people and to programs."""

import csv
import io
import json
import re

import pytest

from inventory_cli.audit import verify
from inventory_cli.audit.finding import REPAIRS
from tests.conftest import Shop
from tests.tampering.altering import alter, alter_schema

VALUES = ["rule", "sku", "location", "position", "expected", "found", "repair"]
REBUILD = "`inventory rebuild` makes anew what is derived from the log"


def test_the_rules_are_numbered_where_the_audit_begins_and_each_has_its_repair() -> None:
    numbered = re.findall(r"^ *(\d+)\. ([a-z-]+):", verify.__doc__ or "", re.MULTILINE)
    assert [int(number) for number, _ in numbered] == list(range(1, len(numbered) + 1))
    assert [name for _, name in numbered] == list(REPAIRS)


def problems_of(shop: Shop, check: str, *words: object) -> list[dict[str, object]]:
    ran = shop("verify", *words, "--format", "json")
    return next(found["problems"] for found in ran.json["checks"] if found["name"] == check)


def test_a_problem_carries_its_values(story: Shop) -> None:
    alter(story, "UPDATE stock SET on_hand = 290")
    assert problems_of(story, "stock") == [
        {
            "text": "XYZ-1 at main: on hand expected 190, found 290",
            "rule": "stock",
            "sku": "XYZ-1",
            "location": "main",
            "position": None,
            "expected": 190,
            "found": 290,
            "repair": REBUILD,
        }
    ]


# What is altered → the check that finds it, its rule, and what that says of where and what.
ALTERED = [
    ("UPDATE stock SET last_incoming = NULL", "stock", "stock", ["XYZ-1", "main", None]),
    ("DELETE FROM stock", "stock", "stock", ["XYZ-1", "main", None, 190, None]),
    ("DROP TABLE stock", "stock", "readable", [None, None, None, None, None]),
    ("CREATE VIEW mine AS SELECT 1", "schema", "schema", [None]),
    (
        "UPDATE events SET reason = 'x' WHERE position = 2",
        "chain",
        "event-hash",
        ["XYZ-1", "main", 2],
    ),
    ("UPDATE batches SET actor = 'x' WHERE batch = 2", "chain", "batch-hash", [None, None, None]),
    ("UPDATE ledger SET negative = 'allow'", "chain", "settings", [None]),
    (
        "DELETE FROM events WHERE position = 2",
        "positions",
        "position",
        [None, None, 2, 2, None],
    ),
    ("DELETE FROM batches WHERE batch = 2", "positions", "claim", [None, None, 2]),
    (
        "UPDATE events SET kind = 'stolen' WHERE position = 2",
        "stock",
        "kind",
        ["XYZ-1", "main", 2, None, "stolen"],
    ),
    (
        "UPDATE events SET kind = 'transferred' WHERE position = 2",
        "transfers",
        "transfer",
        ["XYZ-1", "main", 2],
    ),
    (
        "UPDATE events SET reverses = 1 WHERE position = 2",
        "reversals",
        "reversal",
        ["XYZ-1", "main", 2],
    ),
]


@pytest.mark.parametrize(("statement", "check", "rule", "values"), ALTERED)
def test_a_problem_names_its_rule_and_place(
    story: Shop, statement: str, check: str, rule: str, values: list[object]
) -> None:
    alter(story, statement)
    found = [problem for problem in problems_of(story, check) if problem["rule"] == rule]
    assert found, problems_of(story, check)
    assert list(found[0]) == ["text", *VALUES]
    assert [found[0][name] for name in VALUES[1:]][: len(values)] == values
    assert found[0]["repair"] == REPAIRS[rule]


def test_a_snapshot_and_an_anchor_that_do_not_fit_carry_theirs(story: Shop) -> None:
    story.ok("snapshot", "take", "now")
    alter(story, "UPDATE snapshot_lines SET on_hand = 7")
    digest, state = problems_of(story, "snapshots")
    assert (digest["rule"], len(str(digest["expected"]))) == ("snapshot-digest", 64)
    assert [state[name] for name in VALUES[:-1]] == [
        "snapshot-state",
        "XYZ-1",
        "main",
        None,
        190,
        7,
    ]
    (anchor,) = problems_of(story, "anchor", "--expect", "9:" + "0" * 64)
    assert (anchor["rule"], anchor["position"], anchor["expected"]) == ("anchor", 9, "0" * 64)


def test_quantities_with_decimals_are_exact_text(story: Shop) -> None:
    exact = Shop.__new__(Shop)
    exact.folder, exact.path = story.folder, story.folder / "exact.db"
    exact.ok("init", "--decimals", 2, "--timezone", "UTC")
    exact.ok("receive", "A", "1.5")
    alter(exact, "UPDATE stock SET on_hand = 151")
    (problem,) = problems_of(exact, "stock")
    assert (problem["expected"], problem["found"]) == ("1.50", "1.51")


def test_late_arrivals_are_problems_of_a_strict_audit_only(story: Shop) -> None:
    story.ok("snapshot", "take", "march", "--as-of", "2022-03-31")
    story.ok("receive", "XYZ-1", 1, "--on", "2022-03-20")
    check = next(c for c in story.json("verify")["checks"] if c["name"] == "snapshots")
    assert (check["problems"], len(check["notes"])) == ([], 1)
    (late,) = problems_of(story, "snapshots", "--strict")
    assert (late["rule"], late["repair"], late["text"]) == ("late", None, check["notes"][0])


def test_tables_for_programs_have_a_row_for_each_problem_and_note(story: Shop) -> None:
    story.ok("snapshot", "take", "march", "--as-of", "2022-03-31")
    story.ok("receive", "XYZ-1", 1, "--on", "2022-03-20")
    alter(story, "UPDATE stock SET on_hand = 290")
    columns = ["name", "ok", "problem", "note", *VALUES, "head"]
    ran = story("verify", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(ran.out)))
    assert list(rows[0]) == columns
    assert [(row["name"], row["ok"]) for row in rows] == [
        ("file", "true"),
        ("schema", "true"),
        ("positions", "true"),
        ("chain", "true"),
        ("snapshots", "true"),
        ("stock", "false"),
        ("transfers", "true"),
        ("reversals", "true"),
    ]
    assert rows[4]["note"].startswith("snapshot 1 (march): recorded since")
    assert [rows[5][name] for name in ("problem", "rule", "sku", "expected", "found")] == [
        "XYZ-1 at main: on hand expected 191, found 290",
        "stock",
        "XYZ-1",
        "191",
        "290",
    ]
    head = story.ok("head").out.strip()
    assert {row["head"] for row in rows} == {head}
    lines = [json.loads(text) for text in story("verify", "--format", "jsonl").out.splitlines()]
    assert {found["head"] for found in lines} == {head}
    assert [list(found) for found in lines] == [columns] * len(rows)
    assert [found["ok"] for found in lines] == [row["ok"] == "true" for row in rows]


def test_what_mends_several_problems_is_said_once(story: Shop) -> None:
    story.ok("receive", "ABC-2", 1)
    alter(story, "UPDATE stock SET on_hand = 290")
    ran = story("verify")
    assert ran.out.count("on hand expected") == 2
    assert ran.out.count(f"    hint: {REBUILD}\n") == 1


def test_a_table_that_is_gone_is_said_once(story: Shop) -> None:
    alter(story, "DROP TABLE stock")
    ran = story("verify")
    assert ran.code == 1
    assert ran.out.count("no such table: stock") == 1
    assert "stock      FAILED\n    cannot be read to the end: no such table: stock\n" in ran.out


def test_a_head_that_cannot_be_read_is_told_in_a_whole_report(story: Shop) -> None:
    alter_schema(story, "DROP TABLE batches")
    ran = story("verify", "--format", "json")
    assert (ran.code, ran.json["head"], len(ran.json["checks"])) == (1, None, 8)
    failed = story.failed_checks()
    once = ["cannot be read to the end: no such table: batches"]
    assert failed["positions"] == failed["chain"] == once
    assert story("verify").out.endswith("head       cannot be read\n")

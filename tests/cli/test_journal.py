"""The journal for hledger: its balances are those of the ledger, whatever names there are.

What only hledger itself can tell is asked of it where it is installed; elsewhere these tests say
that they did not run.
"""

import csv
import re
import shutil
import subprocess
from datetime import UTC, date, timedelta
from urllib.parse import unquote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from inventory_cli.core.events import Event
from inventory_cli.core.journal import journal_begins, transaction
from inventory_cli.core.replay import Step
from inventory_cli.core.text import clean_name
from inventory_cli.errors import WrongUsage
from tests.conftest import Shop
from tests.transcript import ROOT

HLEDGER = shutil.which("hledger")
by_hledger = pytest.mark.skipif(
    HLEDGER is None, reason="hledger is not installed: what it makes of the journal is not tested"
)


def balances(journal: str, before: str | None = None) -> dict[tuple[str, str], str]:
    """Return what hledger says is in each account of stock, by location and SKU, before a day."""
    assert HLEDGER is not None
    words = ["bal", "^stock:", "--flat", "--no-total", "--layout", "bare", "-O", "csv"]
    if before is not None:
        words += ["-e", before]
    done = subprocess.run(
        [HLEDGER, "-f", "-", *words], input=journal, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return {
        (unquote(row["account"].removeprefix("stock:")), unquote(row["commodity"])): row["balance"]
        for row in csv.DictReader(done.stdout.splitlines())
    }


def on_hand(shop: Shop, day: str) -> dict[tuple[str, str], str]:
    """Return what the ledger says, without what is nowhere: hledger shows no zero."""
    rows = shop.json("as-of", day, "--by-location")
    return {
        (row["location"], row["sku"]): str(row["on_hand"])
        for row in rows
        if float(row["on_hand"]) != 0
    }


def journal_of(shop: Shop) -> str:
    return shop.ok("export", "--format", "hledger").out


def test_a_journal_of_every_sort_of_event(story: Shop) -> None:
    story.ok(
        "count", "XYZ-1", 185, "--on", "2022-04-30", "--reason", "stock;take\n1", "--ref", "7)"
    )
    story.ok("transfer", "XYZ-1", 5, "--from", "main", "--to", "a:b", "--on", "2022-05-01")
    story.ok("sell", "XYZ-1", 1, "--on", "2022-05-02")
    story.ok("reverse", "--last", "--reason", "never")
    head = story.ok("head").out.strip()
    text = journal_of(story)
    assert text.startswith(f"; the log up to {head}; days in Europe/Berlin\ndecimal-mark .\n\n")
    assert text.split("\n\n", 1)[1] == (
        "2022-05-01 transferred  ; position:9\n"
        '    stock:a%3Ab  5 "XYZ-1"\n'
        '    kind:transferred  -5 "XYZ-1"\n'
        "\n"
        "2022-02-01 opened  ; position:1\n"
        '    stock:main  100 "XYZ-1"\n'
        '    kind:opened  -100 "XYZ-1"\n'
        "\n"
        "2022-03-01 received  ; position:2\n"
        '    stock:main  100 "XYZ-1"\n'
        '    kind:received  -100 "XYZ-1"\n'
        "\n"
        "2022-03-15 received  ; position:4\n"
        '    stock:main  50 "XYZ-1"\n'
        '    kind:received  -50 "XYZ-1"\n'
        "\n"
        "2022-03-15 sold  ; position:3\n"
        '    stock:main  -20 "XYZ-1"\n'
        '    kind:sold  20 "XYZ-1"\n'
        "\n"
        "2022-04-01 sold  ; position:5\n"
        '    stock:main  -20 "XYZ-1"\n'
        '    kind:sold  20 "XYZ-1"\n'
        "\n"
        "2022-04-01 adjusted: miscount  ; position:6\n"
        '    stock:main  -20 "XYZ-1"\n'
        '    kind:adjusted  20 "XYZ-1"\n'
        "\n"
        "2022-04-30 (7%29) counted: stock,take 1  ; position:7\n"
        '    stock:main  -5 "XYZ-1" = 185 "XYZ-1"\n'
        '    kind:counted  5 "XYZ-1"\n'
        "\n"
        "2022-05-01 transferred  ; position:8\n"
        '    stock:main  -5 "XYZ-1"\n'
        '    kind:transferred  5 "XYZ-1"\n'
    )


def test_an_empty_ledger_is_an_empty_journal(shop: Shop) -> None:
    assert re.fullmatch("; the log up to 0:.*\ndecimal-mark .\n", journal_of(shop))


def test_no_other_format_is_known(shop: Shop) -> None:
    ran = shop("export", "--format", "ledger")
    assert (ran.code, ran.err) == (
        2,
        "error: --format 'ledger' is not one of jsonl, csv, hledger\n",
    )


@by_hledger
def test_balances_agree_at_every_month_end_and_every_other_day(shop: Shop) -> None:
    shop.ok("import", ROOT / "sample_data" / "movements.csv")
    shop.ok("correct", 50, "--quantity", 7, "--reason", "typo")
    journal = journal_of(shop)
    assert balances(journal) == on_hand(shop, "9999-12-31")
    last = date(2022, 5, 31)
    days = [last - timedelta(days=number) for number in range(0, 160, 9)]
    month_ends = [date(2022, month, 1) - timedelta(days=1) for month in range(1, 6)]
    for day in [*month_ends, *days]:
        after = day + timedelta(days=1)
        assert balances(journal, after.isoformat()) == on_hand(shop, day.isoformat())


@by_hledger
def test_exact_quantities_and_moments_near_midnight_agree(shop: Shop) -> None:
    folder = shop.folder / "exact"
    folder.mkdir()
    exact = Shop(folder, "--decimals", "9", "--timezone", "America/New_York")
    exact.ok("receive", "00417", "123456789.000000001", "--on", "2022-03-31T23:59:59")
    exact.ok("receive", "0.5", "1.100", "--on", "2022-04-01T00:00")
    exact.ok("sell", "00417", "0.000000002", "--on", "2022-03-31T22:00", "--allow-negative")
    exact.ok("count", "00417", "0.1", "--on", "2022-04-30")
    exact.ok("sell", "00417", "0.1", "--on", "2022-05-01")
    journal = journal_of(exact)
    for day, after in [
        ("2022-03-31", "2022-04-01"),
        ("2022-04-30", "2022-05-01"),
        ("2022-05-31", "2022-06-01"),
    ]:
        assert balances(journal, after) == on_hand(exact, day)
    assert balances(journal, "2022-04-01") == {("main", "00417"): "123456788.999999999"}


@by_hledger
def test_hledger_itself_checks_what_was_counted(story: Shop) -> None:
    story.ok("count", "XYZ-1", 185, "--on", "2022-04-30")
    journal = journal_of(story)
    assert balances(journal)["main", "XYZ-1"] == "185"
    assert HLEDGER is not None
    altered = journal.replace('-20 "XYZ-1"', '-21 "XYZ-1"', 1).replace(' 20 "', ' 21 "', 1)
    done = subprocess.run(
        [HLEDGER, "-f", "-", "bal"], input=altered, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "assertion" in done.stderr


def is_name(text: str) -> bool:
    try:
        return clean_name(text, "SKU") == text
    except WrongUsage:
        return False


names = st.one_of(
    st.text("ab%:;\"'()[]{}=*!@|,.-+#&~ \u00a0\u3000\u2003\u2028é東0", min_size=1, max_size=8),
    st.text(min_size=1, max_size=8),
).filter(is_name)


# Names that are told apart by what hledger does not take, or by what stands for it.
ALIKE = ["a b", "a  b", "a\u00a0b", "a \u00a0b", "a:b", "a%3Ab", 'a"b', "a%22b", "a;b", "a ;b", "%"]


@by_hledger
@example([(name, name, f"{name}\n) ; x:y") for name in ALIKE])
@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(names, names, st.text(max_size=9)), min_size=1, max_size=40))
def test_any_name_and_any_reason_stays_what_it_is(lines: list[tuple[str, str, str]]) -> None:
    journal = journal_begins("0:", "UTC")
    expected: dict[tuple[str, str], int] = {}
    for number, (sku, location, text) in enumerate(lines, start=1):
        on_hand = expected.get((location, sku), 0) + number
        at = ("2022-03-01T00:00:00.000Z", 1, text, text)
        event = Event(number, 1, sku, location, "counted", on_hand, *at, None, None, None, None)
        journal += transaction(Step(event, number, on_hand, None), 0, UTC)
        expected[location, sku] = on_hand
    assert balances(journal) == {stream: str(there) for stream, there in expected.items()}

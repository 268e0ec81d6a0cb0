"""Another system's stock list: every difference is found, and `--count` closes it."""

import csv
import io
import subprocess
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory_cli.actions.append import append
from inventory_cli.actions.reconcile import Counting, Scope, compare, record_counts
from inventory_cli.cli import options
from inventory_cli.cli.sheet import show_sheet
from inventory_cli.core.dates import inclusive_end, parse_when, utc_text
from inventory_cli.core.events import DEFAULT_LOCATION, Draft
from inventory_cli.core.present import Present
from inventory_cli.core.rules import Facts
from inventory_cli.errors import Refused
from inventory_cli.importing.movements import Measures
from inventory_cli.importing.profile import Profile
from inventory_cli.importing.stock_list import Spot, StockList, read_stock_list
from inventory_cli.storage.batches import Origin
from inventory_cli.storage.ledger_file import Ledger, open_ledger
from tests.conftest import Ran, Shop
from tests.properties.lives import (
    LOCATIONS,
    NOW,
    ORIGIN,
    SKUS,
    Both,
    Deed,
    clock_ticks,
    days,
    live,
    lives,
    moments,
    new_ledger,
    on_file,
    zones,
)
from tests.properties.slow_model import Fact, SlowLedger

WHY = ("--count", "--reason", "stock-take")
# sku, location, listed, on_hand, difference, line
Row = tuple[str, str | None, int | str | None, int | str, int | str, int | None]


def reconcile(shop: Shop, text: str, *words: object, name: str = "list.csv") -> Ran:
    file = shop.folder / name
    file.write_text(text, encoding="utf-8", newline="")
    return shop("reconcile", file, *words)


def differences(shop: Shop, text: str, *words: object) -> list[Row]:
    ran = reconcile(shop, text, *words, "--format", "json")
    rows = [tuple(row.values()) for row in ran.json]
    assert ran.code == (1 if rows else 0), ran
    return rows


STOCKED = (
    "receive A 10 --on 2022-03-01",
    "receive A 5 --on 2022-03-01 --location shop",
    "receive B 3 --on 2022-03-02 --location shop",
    "receive GONE 1 --on 2022-03-02",
    "sell GONE 1 --on 2022-03-03",
    "sell A 4 --on 2022-04-05",
)


@pytest.fixture(scope="module")
def stocked_ledger(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of the ledger `stocked`."""
    shop = Shop(tmp_path_factory.mktemp("stocked"))
    return shop.after(words.split() for words in STOCKED)


@pytest.fixture
def stocked(stocked_ledger: bytes, tmp_path: Path) -> Shop:
    """A: 10 at main and 5 at shop; B: 3 at shop; GONE: none left. In April A loses 4 at main."""
    return Shop.holding(stocked_ledger, tmp_path)


MARCH = ("--as-of", "2022-03-31")


@pytest.mark.parametrize(
    ("text", "words", "found"),
    [
        ("sku,quantity\nA,15\nB,3\n", MARCH, []),
        ("sku,quantity\nA,11\nB,3\n", (), []),
        ("sku,quantity\nB,3\nA,11\n", MARCH, [("A", None, 11, 15, -4, 3)]),
        # What only one of the two knows is a difference, unless it is nothing.
        ("sku,quantity\nA,15\n", MARCH, [("B", None, None, 3, -3, None)]),
        ("sku,quantity\nA,15\nB,3\nNEW,2\nNONE,0\n", MARCH, [("NEW", None, 2, 0, 2, 4)]),
        ("sku,quantity\n", MARCH, [("A", None, None, 15, -15, None),
                                    ("B", None, None, 3, -3, None)]),
        ("sku,quantity\nGONE,-1\n", (*MARCH, "--partial"), [("GONE", None, -1, 0, -1, 2)]),
        ("sku,quantity\nA,15\n", (*MARCH, "--partial"), []),
        # By location, where the list says one.
        (
            "sku,location,quantity\nA,main,10\nA,shop,6\nB,main,3\n",
            MARCH,
            [("A", "shop", 6, 5, 1, 3), ("B", "main", 3, 0, 3, 4),
             ("B", "shop", None, 3, -3, None)],
        ),
        ("sku,location,quantity\nA,,9\n", (*MARCH, "--partial"), [("A", "main", 9, 10, -1, 2)]),
        ("sku,quantity\nA,5\nB,3\n", (*MARCH, "--set", "location=shop", "--partial"), []),
        # At one location only.
        ("sku,quantity\nA,5\nB,2\n", (*MARCH, "-l", "shop"), [("B", "shop", 2, 3, -1, 3)]),
        (
            "sku,location,quantity\nA,main,1\nA,shop,5\nA,main,1\n",
            (*MARCH, "-l", "shop"),
            [("B", "shop", None, 3, -3, None)],
        ),
        # `stock` says `on_hand`; `quantity` goes before it.
        ("SKU;On hand;Price\nA;14;9,90\nB;3;1\n", MARCH, [("A", None, 14, 15, -1, 2)]),
        ("sku,on_hand,quantity\nA,1,15\nB,1,3\n", MARCH, []),
        # Nothing else in the list matters, whatever it is called.
        ("sku,quantity,last_incoming,type,reason\nA,15,03/04/22,x,\nB,3,?,,\n", MARCH, []),
        # The list says of when it is.
        ("sku,quantity,date\nA,15,2022-03-31\nB,3,2022-03-31\n", (), []),
        ("sku,quantity,date\nA,15,31/03/2022\nB,3,31/03/2022\n", (), []),
        ("sku,quantity,date\nA,10,2022-03-01T23:00\n", ("-l", "main"), []),
        ("sku,quantity,date\nA,6,2022-04-05T09:00\nB,0,2022-04-05T10:00\n", ("-l", "main"), []),
        ("sku,quantity,date\nA,10,2022-04-05T09:00\n", ("-l", "main"), []),
        ("sku,quantity,date\nA,15,2022-03-31\nB,3,2022-03-31\n", MARCH, []),
        ("sku,quantity,date\nA,15,1\nB,3,2\n", (*MARCH, "--set", "date=2022-03-31"), []),
        ("sku,quantity\nA,15\nB,3\n", ("--set", "date=2022-03-31"), []),
        # Spelled otherwise.
        ("Item|Qty\n[a] thing|15\n[b] thing|3\n", (*MARCH, "--profile", "odd.toml"), []),
        ("skip\nA;15\nB;3\n", (*MARCH, "--no-header", "--skip-lines", 1, "--column", "sku=1",
                               "--column", "quantity=2"), []),
    ],
)  # fmt: skip
def test_what_differs(
    stocked: Shop,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    words: tuple[object, ...],
    found: list[Row],
) -> None:
    monkeypatch.chdir(stocked.folder)
    Path("odd.toml").write_text(
        'fold_case = true\n[columns]\nsku = "Item"\nquantity = "Qty"\n'
        "[extract]\nsku = '\\[(.*)\\]'\n"
    )
    assert differences(stocked, text, *words) == found


def test_rows_that_a_rule_leaves_out_are_not_listed(stocked: Shop) -> None:
    text = (
        "Title,SKU,Location,On hand (current)\n"
        "A,A,main,10\nA,A,shop,4\nA,A,depot,not stocked\nB,B,shop,3\n"
    )
    ran = reconcile(stocked, text, *MARCH, "--profile", "shopify-inventory")
    assert ran.out.splitlines() == [
        "sku  location  listed  on_hand  difference  line",
        "A    shop           4        5          -1     3",
    ]
    assert ran.err.splitlines() == [
        "as of the end of 2022-03-31 (Europe/Berlin)",
        "1 row left out by the rules of the profile",
        "compared 3 streams: 1 differs",
    ]
    assert ran.code == 1


def test_the_answer_in_each_format(stocked: Shop) -> None:
    text = "sku,quantity\nA,17\n"
    ran = reconcile(stocked, text, *MARCH)
    assert ran.out.splitlines() == [
        "sku  location  listed  on_hand  difference  line",
        "A                  17       15          +2     2",
        "B                            3          -3",
    ]
    ran = reconcile(stocked, text, *MARCH, "--format", "csv")
    assert ran.out == "sku,location,listed,on_hand,difference,line\nA,,17,15,2,2\nB,,,3,-3,\n"
    assert ran.err == "compared 2 SKUs: 2 differ\n"
    ran = reconcile(stocked, "sku,quantity\nA,15\nB,3\n", *MARCH, "--format", "json")
    assert (ran.code, ran.out, ran.err) == (0, "[]\n", "compared 2 SKUs: none differ\n")


@pytest.mark.parametrize(
    "question", ["stock", "stock --by-location", "as-of 2022-03-01", "as-of 2022-03-01 -l shop"]
)
def test_an_answer_of_the_ledger_does_not_differ_from_it(stocked: Shop, question: str) -> None:
    words = question.split()
    answer = stocked.ok(*words, "--format", "csv").out
    options = ["--as-of", words[1]] if words[0] == "as-of" else []
    options += words[words.index("-l") :] if "-l" in words else []
    assert differences(stocked, answer, *options) == []


def test_exact_quantities_where_there_are_decimals(tmp_path: Path) -> None:
    shop = Shop(tmp_path, "--decimals", "3")
    shop.ok("receive", "OIL", "1.5", "--on", "2022-03-01")
    text = "sku;quantity\nOIL;1,250\n"
    found = differences(shop, text, "--decimal-mark", ",")
    assert found == [("OIL", None, "1.250", "1.500", "-0.250", 2)]
    assert reconcile(shop, text, "--decimal-mark", ",", *WHY).code == 0
    assert shop.on_hand("OIL") == "1.250"
    assert differences(shop, "sku,quantity\nOIL,1.25\n") == []


@pytest.mark.parametrize(
    ("text", "words", "code", "said"),
    [
        ("sku,quantity\nA,x\n", (), 3, "line 2, quantity 'x': quantity 'x' is not a decimal"),
        ("sku,quantity\nA,\n", (), 3, "line 2, quantity '': nothing is given"),
        ("sku,quantity\n,1\n", (), 3, "line 2, sku '': SKU is empty"),
        ("sku,quantity\nA,1,2\n", (), 3, "line 2: the row has 3 fields, the header 2"),
        ("sku,on hand\nA,1.5\n", (), 3, "line 2, on hand '1.5': quantity '1.5' has 1 decimal"),
        ("sku,quantity\nA,1\nB,1\nA,1\n", (), 3,
         "line 4, sku 'A': line 2 lists A already; --add-up adds them up"),
        ("sku,location,quantity\nA,x,1\n A,x,2\n", (), 3, "line 2 lists A at x already"),
        ("sku,quantity\n" + "A,x\n" * 25, (), 3, "  and 5 more\nhint: mend them"),
        ("sku,amount\nA,1\n", (), 3, "no column quantity; the header is: sku, amount"),
        ("", (), 3, "list.csv is empty"),
        ("sku,quantity,date\nA,1,2022-03-01\nB,1,2022-03-02\n", (), 3,
         "line 2 is of 2022-03-01, line 3 of 2022-03-02, but a list is of one day"),
        ("sku,quantity,date\nA,1,2022-03-01\n", MARCH, 3,
         "says that it is of 2022-03-01, which is not --as-of 2022-03-31"),
        ("sku,quantity,date\nA,1,2022-03-01\n", ("--as-of", "9999-12-31"), 3, "is of 2022-03-01"),
        ("sku,quantity,date\nA,1,\n", (), 3, "line 2, date '': nothing is given"),
        ("sku,quantity,date\nA,1,01/02/2022\n", (), 3, "can be read as"),
        ("sku,location,quantity\nA,main,1\n", ("-l", "Main"), 2,
         "neither the list nor the ledger has anything at Main"),
        ("sku,quantity\n", ("--as-of", "03/04/2022"), 2, "can be read as"),
        ("sku,quantity\n", ("--count",), 2, "--count needs a reason"),
        ("sku,quantity\n", ("--count", "--reason", " "), 2, "--count needs a reason"),
        ("sku,quantity\n", ("--reason", "x"), 2, "--reason is of use only with --count"),
        ("sku,quantity\n", ("--known-only",), 2, "--known-only is of use only with --count"),
        ("sku,quantity\n", ("--by", "x"), 2, "--by is of use only with --count"),
        ("sku,quantity\n", ("--allow-negative",), 2, "--allow-negative is of use only"),
        ("sku,quantity\n", ("--yes",), 2, "--yes is of use only with --count"),
        ("sku,quantity\n", ("--rest-is-zero",), 2, "--rest-is-zero is of use only with --count"),
        ("sku,quantity\n", ("--partial", "--rest-is-zero", *WHY), 2, "say one of them"),
        ("sku,quantity\n", ("--blind",), 2, "--blind is of use only with --sheet"),
        ("sku,quantity\n", ("--sheet",), 2, "a FILE is of no use with --sheet"),
        ("sku,quantity\n", ("--format", "xml"), 2, "--format 'xml' is not one of"),
        ("sku,quantity\n", ("--profile", "none"), 2, "there is no profile 'none'"),
        # What can be compared, and not be counted.
        ("sku,quantity\n", WHY, 3, "lists nothing, so all that is there would be counted as 0"),
        ("sku,quantity\nA,-1\n", ("-l", "main", *WHY), 3,
         "less than nothing cannot be counted, so nothing was appended\n  line 2: A -1"),
        ("sku,quantity\n" + "".join(f"S{n:02},-1\n" for n in range(25)), ("--partial", *WHY), 3,
         "  line 21: S19 -1\n  and 5 more\nhint: list it as 0"),
        ("sku,quantity\nA,16\nB,9\n", WHY, 3,
         "it does not say at which location it counts, so nothing was appended\n  A: main, shop\n"),
        ("sku,quantity\nA,1\n", (*WHY, "--as-of", "2190-01-01"), 2, "on a later day than today"),
        ("sku,quantity\nA,1\n", (*WHY, "--as-of", "9999-12-31"), 2, "on a later day than today"),
        ("sku,quantity\nA,1\n", (*WHY, "--set", "date=2190-01-01"), 2, "on a later day than"),
        ("sku,quantity\nA,3\n", (*WHY, *MARCH, "-l", "main"), 3,
         "refused by the rules, so nothing was appended\n"
         "  A at main on 2022-04-05: 6 on hand then, 1 missing\n"),
    ],
)  # fmt: skip
def test_what_is_refused(
    stocked: Shop, text: str, words: tuple[object, ...], code: int, said: str
) -> None:
    ran = reconcile(stocked, text, *words)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err
    assert len(stocked.json("batches")) == 6


def test_files_that_cannot_be_read(stocked: Shop) -> None:
    ran = stocked("reconcile")
    assert (ran.code, "missing argument 'FILE'" in ran.err) == (2, True)
    for words in (("--partial",), ("--as-of", "today"), ("--column", "sku=Item"), ("--count",)):
        ran = stocked("reconcile", "--sheet", *words)
        assert (ran.code, f"{words[0]} is of no use with --sheet" in ran.err) == (2, True)
    assert stocked("reconcile", "no-such.csv").code == 2
    assert stocked("reconcile", stocked.folder).code == 2
    assert stocked("reconcile", "-", input=b"PK\x03\x04").code == 3
    assert stocked("reconcile", "-", input=b"sku,quantity\n\xff,1\n").code == 3
    stocked.path.unlink()
    assert reconcile(stocked, "sku,quantity\n").code == 4


# --- counts -------------------------------------------------------------------------------------


def test_a_count_closes_the_day_that_the_list_is_of(stocked: Shop) -> None:
    text = "sku,location,quantity\nA,main,12\nA,shop,5\nNEW,shop,2\n"
    ran = reconcile(stocked, text, *MARCH, *WHY, "--by", "anna", "--rest-is-zero")
    assert ran.out.splitlines() == [
        "sku  location  listed  on_hand  difference  line",
        "A    main          12       10          +2     2",
        "B    shop                    3          -3",
        "NEW  shop           2        0          +2     4",
    ]
    assert ran.err.splitlines() == [
        "as of the end of 2022-03-31 (Europe/Berlin)",
        "compared 4 streams: 3 differ",
        "batch 7: events 7 to 10",
        "new SKU NEW",
    ]
    assert ran.code == 0
    (*_, batch) = stocked.json("batches")
    assert (batch["actor"], batch["command"], batch["source"]) == ("anna", "reconcile", "list.csv")
    counts = stocked.json("log", "--batch", 7)
    assert [(e["sku"], e["location"], e["quantity"]) for e in counts] == [
        ("A", "main", 12),
        ("A", "shop", 5),
        ("B", "shop", 0),
        ("NEW", "shop", 2),
    ]
    for event in counts:
        assert (event["kind"], event["reason"]) == ("counted", "stock-take")
        assert event["effective_at"] == "2022-03-31"
    assert differences(stocked, text, *MARCH) == []
    # What was sold in April still was.
    assert stocked.on_hand("A") == 12 + 5 - 4
    assert stocked.failed_checks() == {}


def test_what_was_counted_is_recorded_also_where_nothing_differs(stocked: Shop) -> None:
    ran = reconcile(stocked, "sku,quantity\nGONE,0\nB,3\n", *WHY, "--partial", "--format", "json")
    assert (ran.code, ran.json) == (0, [])
    assert ran.err == "compared 2 SKUs: none differ\nbatch 7: events 7 to 8\n"
    counts = stocked.json("log", "--kind", "counted")
    assert [(e["sku"], e["location"], e["quantity"]) for e in counts] == [
        ("B", "shop", 3),
        ("GONE", "main", 0),
    ]


BLANKS = "sku,location,on_hand,quantity\nA,main,6,\nA,shop,5,5\nB,shop,3, \n"


def test_what_has_no_figure_is_left_out(stocked: Shop) -> None:
    assert "line 2, quantity '': nothing is given" in reconcile(stocked, BLANKS).err
    ran = reconcile(stocked, BLANKS, *WHY, "--partial")
    assert (ran.code, "2 rows without a figure left out\n" in ran.err) == (0, True)
    (count,) = stocked.json("log", "--kind", "counted")
    assert (count["sku"], count["location"], count["quantity"]) == ("A", "shop", 5)
    # Left out is not counted as nothing, unless somebody says so.
    ran = reconcile(stocked, "sku,quantity\nA,\nB,\n", *WHY)
    assert (ran.code, "lists nothing" in ran.err) == (3, True)


def test_what_a_list_of_counts_does_not_name_has_to_be_decided(stocked: Shop) -> None:
    ran = reconcile(stocked, BLANKS, *WHY)
    assert ran.code == 3
    assert ran.err.splitlines() == [
        "error: list.csv: it does not name all that is there, so nothing was appended",
        "  A at main: 6 on hand",
        "  B at shop: 3 on hand",
        "hint: --partial leaves alone what it does not name, --rest-is-zero counts it as 0",
    ]
    assert len(stocked.json("batches")) == 6
    # What is not there any more need not be named.
    assert reconcile(stocked, "sku,quantity\nA,5\nB,3\n", *WHY, "-l", "shop").code == 0
    assert reconcile(stocked, BLANKS, *WHY, "--rest-is-zero").code == 0
    assert [stocked.on_hand("A"), stocked.on_hand("B")] == [5, 0]
    assert stocked.failed_checks() == {}


def test_a_count_of_now_is_compared_with_now_and_not_with_what_comes_later_today(
    stocked: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    noon = datetime(2030, 3, 15, 11, tzinfo=UTC)
    monkeypatch.setattr(options, "now", lambda: noon)
    stocked.ok("receive", "B", 5, "--on", "2030-03-15T18:00", "-l", "shop")
    assert stocked.on_hand("B") == 8
    assert differences(stocked, "sku,quantity\nB,3\n", "--partial") != []
    ran = reconcile(stocked, "sku,quantity\nB,3\n", "--partial", *WHY)
    assert "as of 2030-03-15T12:00:00.000+01:00 (Europe/Berlin)\n" in ran.err
    assert "compared 1 SKU: none differ\n" in ran.err
    assert stocked.on_hand("B") == 8
    # With its day it closes that.
    ran = reconcile(stocked, "sku,quantity\nB,3\n", "--partial", "--as-of", "today", *WHY)
    assert "compared 1 SKU: 1 differs\n" in ran.err
    assert stocked.on_hand("B") == 3


# --- a sheet to count with ----------------------------------------------------------------------


def test_a_sheet_has_a_line_for_all_that_may_be_there(stocked: Shop) -> None:
    assert stocked.ok("reconcile", "--sheet").out.splitlines() == [
        "sku   location  on_hand  quantity",
        "A     main            6  __________",
        "A     shop            5  __________",
        "B     shop            3  __________",
        "GONE  main            0  __________",
    ]
    ran = stocked.ok("reconcile", "--sheet", "--blind", "-l", "shop", "--format", "csv")
    assert ran == (0, "sku,location,quantity\nA,shop,\nB,shop,\n", "")
    (first, _) = stocked.json("reconcile", "--sheet", "-l", "shop")
    assert first == {"sku": "A", "location": "shop", "on_hand": 5, "quantity": None}
    ran = stocked.ok("reconcile", "--sheet", "-l", "shpo")
    assert "there is no location shpo" in ran.err


@pytest.mark.parametrize("blind", [(), ("--blind",)])
def test_a_sheet_that_is_filled_in_is_read_back(stocked: Shop, blind: tuple[str, ...]) -> None:
    sheet = stocked.ok("reconcile", "--sheet", *blind, "--format", "csv").out
    figures = iter(["", "7", "4", "2", ""])
    text = "".join(line + next(figures) + "\n" for line in sheet.splitlines())
    assert reconcile(stocked, text, *WHY, "--partial").code == 0
    assert differences(stocked, "sku,quantity\nA,11\nB,2\nGONE,0\n") == []
    assert len(stocked.json("log", "--kind", "counted")) == 3


def test_names_stand_on_a_sheet_where_there_are_any(
    stocked: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_ledger(stocked.path) as ledger:
        show_sheet(ledger, "shop", True, "csv", {"A": "a lamp"})
    assert capsys.readouterr().out == "sku,name,location,quantity\nA,a lamp,shop,\nB,,shop,\n"


def test_a_count_without_a_date_is_of_this_moment(stocked: Shop) -> None:
    before = utc_text(datetime.now(UTC))
    assert reconcile(stocked, "sku,quantity\nB,4\n", *WHY, "--partial").code == 0
    (count,) = stocked.json("log", "--kind", "counted")
    assert (count["location"], count["quantity"]) == ("shop", 4)
    moment = utc_text(datetime.fromisoformat(count["effective_at"]))
    assert before <= moment <= utc_text(datetime.now(UTC))
    stocked.ok("sell", "B", 1, "--location", "shop")
    assert stocked.on_hand("B") == 3


def test_a_count_follows_what_takes_effect_later_today(stocked: Shop) -> None:
    stocked.ok("sell", "B", 1, "--on", "today", "--location", "shop")
    stocked.ok("receive", "B", 7, "--on", "2190-01-01", "--location", "shop")
    text = "sku,quantity\nB,9\nNEW,1\n"
    assert reconcile(stocked, text, *WHY, "--partial").code == 0
    assert stocked.on_hand("B") == 9
    assert differences(stocked, text, "--partial") == []
    # Recorded after the count, so it comes off what was counted.
    stocked.ok("sell", "B", 2, "--on", "today", "--location", "shop")
    assert stocked.on_hand("B") == 7
    assert stocked.failed_checks() == {}


@pytest.mark.parametrize(
    ("dates", "words", "effective"),
    [
        (("2022-03-20", "2022-03-20"), (), "2022-03-20"),
        (("2022-03-20T10:00", "2022-03-20T10:00"), (), "2022-03-20T10:00:00.000+01:00"),
        (("2022-03-20T10:00", "2022-03-20T11:00"), (), "2022-03-20"),
        (("2022-03-20", "2022-03-20"), ("--as-of", "2022-03-20T10:00"),
         "2022-03-20T10:00:00.000+01:00"),
        (("1", "2"), ("--set", "date=2022-03-20T10:00"), "2022-03-20T10:00:00.000+01:00"),
    ],
)  # fmt: skip
def test_a_count_is_of_when_the_list_is(
    stocked: Shop, dates: tuple[str, str], words: tuple[str, ...], effective: str
) -> None:
    text = "sku,quantity,date\n" + "".join(
        f"{sku},7,{when}\n" for sku, when in zip(("B", "GONE"), dates, strict=True)
    )
    assert reconcile(stocked, text, "--partial", *words, *WHY).code == 0
    counts = stocked.json("log", "--kind", "counted")
    assert [event["effective_at"] for event in counts] == [effective] * 2
    assert differences(stocked, text, "--partial", *words) == []


def test_a_sku_without_events_is_counted_at_the_default_location(stocked: Shop) -> None:
    reconcile(stocked, "sku,quantity\nNEW,1\n", *WHY, "--partial")
    reconcile(stocked, "sku,quantity\nNEWER,1\n", *WHY, "--partial", "-l", "depot")
    counts = stocked.json("log", "--kind", "counted")
    assert [(e["sku"], e["location"]) for e in counts] == [("NEW", "main"), ("NEWER", "depot")]


def test_what_is_recorded_late_does_not_reopen_a_difference(stocked: Shop) -> None:
    text = "sku,quantity\nA,12\n"
    options = (*MARCH, "-l", "main")
    assert reconcile(stocked, text, *options, *WHY).code == 0
    stocked.ok("receive", "A", 100, "--on", "2022-03-10")
    stocked.ok("receive", "A", 100, "--on", "2022-04-10")
    assert differences(stocked, text, *options) == []
    # A count before it has another variance now; the answer says so.
    ran = reconcile(stocked, "sku,quantity\nA,50\n", "--as-of", "2022-03-20", "-l", "main", *WHY)
    assert "the count of A at main on 2022-03-31" in ran.err
    assert differences(stocked, text, *options) == []


def test_a_list_is_no_import_and_may_be_counted_again(stocked: Shop) -> None:
    text = "date,sku,type,quantity,location\n2022-05-01,C,counted,7,main\n"
    words = ("--partial", *WHY)
    assert "batch 7" in reconcile(stocked, text, *words).err
    stocked.ok("reverse", 7, "--reason", "wrong list")
    assert "batch 9: events 9 to 9" in reconcile(stocked, text, *words).err
    ran = stocked("import", stocked.folder / "list.csv", "--overlap", "keep")
    assert ran.out.startswith("read 1, appended 1, ")


def test_counts_that_the_rules_refuse(stocked: Shop) -> None:
    stocked.ok("open", "O", 5, "--on", "2022-04-01")
    ran = reconcile(stocked, "sku,quantity\nO,5\nNEW,1\n", *MARCH, "--partial", *WHY)
    assert ran.code == 3
    assert "nothing can take effect before the opening balance of 2022-04-01" in ran.err
    assert stocked.on_hand("NEW") is None
    text = "sku,quantity\nA,3\n"
    assert reconcile(stocked, text, *MARCH, "-l", "main", *WHY, "--allow-negative").code == 0
    assert differences(stocked, text, *MARCH, "-l", "main") == []
    assert stocked.on_hand("A", "stock", "-l", "main") == -1


@pytest.mark.slow
def test_what_is_recorded_while_the_counts_wait_is_counted_too(stocked: Shop) -> None:
    file = stocked.folder / "list.csv"
    file.write_text("sku,quantity\nA,6\nB,5\nGONE,0\n")
    waiting: list[subprocess.Popen[str]] = []

    def plan() -> Iterator[Draft]:
        more = ("--set", "location=main", "--rest-is-zero")
        words = stocked.command("reconcile", file, *WHY, *more)
        waiting.append(subprocess.Popen(words, text=True, stderr=subprocess.PIPE))
        time.sleep(1.5)
        assert waiting[0].poll() is None
        now = utc_text(datetime.now(UTC))
        yield Draft("A", "main", "sold", 1, now, 0)
        yield Draft("LATE", "main", "received", 1, now, 0)

    with open_ledger(stocked.path, write=True) as ledger:
        append(ledger, Origin("keeper", "test"), plan, lambda: datetime.now(UTC))
    _, said = waiting[0].communicate()
    assert waiting[0].returncode == 0
    assert "compared 6 streams: 5 differ" in said
    assert differences(stocked, file.read_text(), "--set", "location=main") == []
    assert stocked.failed_checks() == {}


# --- a property ---------------------------------------------------------------------------------

PLACES = [(sku, location) for sku in (*SKUS, "NEW") for location in LOCATIONS]
by_location = st.dictionaries(st.sampled_from(PLACES), st.integers(0, 30))
by_sku = st.dictionaries(st.sampled_from((*SKUS, "NEW")), st.integers(0, 30))


def as_list(
    ledger: Ledger, listed: Mapping[Spot, int], has_locations: bool, location: str | None
) -> StockList:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["sku", "location", "quantity"] if has_locations else ["sku", "quantity"])
    for (sku, place), quantity in listed.items():
        writer.writerow([sku, place, quantity] if has_locations else [sku, quantity])
    file = io.BytesIO(out.getvalue().encode())
    measures = Measures(0, ledger.zone, Present(NOW, NOW))
    return read_stock_list(file, "-", Profile(), measures, location)


def expected(
    slow: SlowLedger, listed: Mapping[Spot, int], has_locations: bool, cut: datetime, partial: bool
) -> dict[Spot, tuple[int, int]]:
    """What the list and the model say of each place of which they say different things."""
    there: dict[Spot, int] = dict.fromkeys(listed, 0)
    for (sku, location), line in slow.stock(cut).items():
        place = (sku, location if has_locations else None)
        there[place] = there.get(place, 0) + line.on_hand
    return {
        place: (listed.get(place, 0), quantity)
        for place, quantity in there.items()
        if listed.get(place, 0) != quantity and not (partial and place not in listed)
    }


@on_file
@given(
    lives, clock_ticks, zones, st.one_of(by_location, by_sku), days | moments, st.booleans(),
    st.booleans(),
)  # fmt: skip
def test_after_the_counts_nothing_differs(
    life: list[Deed],
    ticks: list[int],
    zone: str,
    said: dict[Spot, int] | dict[str, int],
    on: date,
    is_now: bool,
    partial: bool,
) -> None:
    has_locations = all(isinstance(place, tuple) for place in said)
    listed: dict[Spot, int] = {
        place if isinstance(place, tuple) else (place, None): n for place, n in said.items()
    }
    with new_ledger(zone) as ledger:
        both = Both(ledger)
        live(both, life, ticks)
        slow = both.slow
        stock_list = as_list(ledger, listed, has_locations, None)
        today = is_now and isinstance(on, datetime)
        if today:
            on = NOW.astimezone(ledger.zone).replace(tzinfo=None)
        when = parse_when(on.isoformat(), NOW, ledger.zone)
        cut = slow.end_of(when.day)
        moment = max(NOW, datetime.fromisoformat(ledger.head().recorded_at))
        if today:
            cut = moment
            scope = Scope(utc_text(cut), None, None, partial)
        else:
            scope = Scope(inclusive_end(when, ledger.zone), when, None, partial)
            cut = datetime.fromisoformat(scope.as_of)
        differing = expected(slow, listed, has_locations, cut, partial)
        found = compare(ledger, stock_list, scope).differences
        assert {
            (one.sku, one.location): (one.listed or 0, one.on_hand) for one in found
        } == differing
        assert all(one.change == (one.listed or 0) - one.on_hand for one in found)

        at = {sku: {f.location for f in slow.facts if f.sku == sku} for sku in (*SKUS, "NEW")}
        # What is listed is counted, and of the rest what is there.
        counted = {place: listed.get(place, 0) for place in {**listed, **differing}}
        unclear = not has_locations and any(len(at[sku]) > 1 for sku, _ in counted)
        counts = [
            Fact("counted", sku, place or min(at[sku], default=DEFAULT_LOCATION), quantity,
                 on)
            for (sku, place), quantity in counted.items()
        ]  # fmt: skip
        head = ledger.head()
        counting = Counting(Present(moment, moment), Facts("x"), False, rest_is_zero=True)
        try:
            told, appended = record_counts(
                ledger, ORIGIN, stock_list, scope, counting, lambda: moment
            )
        except Refused:
            assert unclear or slow.refusals(counts, False) or not (listed or partial)
            assert ledger.head() == head
            return
        assert not unclear
        assert told.differences == found
        assert (len(appended.header.positions) if appended else 0) == len(counted)
        assert compare(ledger, stock_list, scope).differences == []

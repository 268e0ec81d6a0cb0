"""What a file counts or opens twice: refused, or added up; never the last one in silence."""

from pathlib import Path

import pytest

from inventory_cli.core import ahead
from tests.conftest import Ran, Shop

HEADER = "date,sku,type,quantity,location\n"
BINS = (
    HEADER + "2022-03-01,A,counted,3,main\n2022-03-01,B,counted,1,main\n"
    "2022-03-01,A,counted,0,main\n2022-03-01,A,counted,4,main\n2022-03-01,A,counted,4,shop\n"
)


def counts(ran: Ran) -> str:
    return ran.out.splitlines()[0]


@pytest.fixture
def least_bytes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read the file in another process, where it can be."""
    if request.param is not None:
        monkeypatch.setattr(ahead, "LEAST_BYTES", request.param)


@pytest.mark.parametrize("least_bytes", [None, 0], indirect=True)
@pytest.mark.parametrize("kind", ["counted", "opened"])
@pytest.mark.usefixtures("least_bytes")
def test_what_is_counted_or_opened_twice_is_a_bad_row(shop: Shop, kind: str) -> None:
    ran = shop.import_text(BINS.replace("counted", kind))
    assert (ran.code, counts(ran)) == (3, "read 5, appended 0, skipped 0, refused 2")
    verb = "counts" if kind == "counted" else "opens"
    for line in (4, 5):
        assert (
            f"line {line}, sku 'A': line 2 {verb} A at main on the same day already; --add-up adds "
            "them up"
        ) in ran.err
    ran = shop.import_text(BINS.replace("counted", kind), "--skip-bad")
    assert counts(ran) == "read 5, appended 3, skipped 0, refused 2"
    assert shop.on_hand("A") == 7


@pytest.mark.parametrize("least_bytes", [None, 0], indirect=True)
@pytest.mark.parametrize("kind", ["counted", "opened"])
@pytest.mark.usefixtures("least_bytes")
def test_it_is_added_up_zero_rows_and_all(shop: Shop, kind: str) -> None:
    text = BINS.replace("counted", kind)
    ran = shop.import_text(text, "--add-up")
    assert (ran.code, counts(ran)) == (0, "read 5, appended 5, skipped 0, refused 0")
    log = shop.json("log")
    assert [(e["sku"], e["location"], e["quantity"]) for e in log] == [
        ("A", "main", 7),
        ("B", "main", 1),
        ("A", "shop", 4),
    ]
    # Once more, longer: what was added up is known by its sum.
    ran = shop.import_text(text + f"2022-03-01,C,{kind},2,\n", "--add-up", "--overlap", "skip")
    assert counts(ran) == "read 6, appended 1, skipped 5, refused 0"
    assert shop.failed_checks() == {}


def test_all_zeros_are_zero_and_the_first_line_is_named(shop: Shop) -> None:
    shop.ok("open", "A", 5, "--on", "2022-02-01")
    text = HEADER + "2022-03-01,A,counted,0,\n" * 2 + "2022-01-01,A,counted,1,\n" * 2
    ran = shop.import_text(text, "--add-up")
    assert (ran.code, "(line 4)" in ran.err) == (3, True), ran
    assert shop.import_text(text[: text.index("2022-01")], "--add-up").code == 0
    assert shop.on_hand("A") == 0


def test_another_moment_or_place_or_kind_is_another_count(shop: Shop) -> None:
    text = HEADER + (
        "2022-02-01,A,opened,3,main\n2022-03-01,A,counted,3,main\n2022-03-02,A,counted,3,main\n"
        "2022-03-02T10:00,A,counted,3,main\n2022-03-02T11:00,A,counted,4,main\n"
    )
    assert counts(shop.import_text(text)) == "read 5, appended 5, skipped 0, refused 0"
    text = HEADER + "2022-03-03T10:00,A,counted,3,\n" * 2
    assert "line 2 counts A at main at the same moment already" in shop.import_text(text).err
    # Sales are not counts: identical ones are all kept.
    text = HEADER + "2022-03-03T10:00,A,sold,1,\n" * 2
    assert counts(shop.import_text(text)) == "read 2, appended 2, skipped 0, refused 0"


def test_the_same_id_is_the_same_row(shop: Shop) -> None:
    text = "date,sku,type,quantity,id\n2022-03-01,A,counted,3,k\n2022-03-01,A,counted,3,k\n"
    for words in ((), ("--add-up", "--overlap", "skip")):
        ran = shop.import_text(text, *words)
        assert counts(ran).startswith("read 2, appended "), ran
        assert shop.on_hand("A") == 3
    other = text.replace("3,k\n", "4,k2\n", 1).replace("3,k\n", "3,k2\n").replace("-01", "-02")
    ran = shop.import_text(other)
    assert "taken earlier in the file, for something else" in ran.err


@pytest.mark.parametrize("ids", [("k1", "k2"), ("k1", ""), ("", "k2")])
def test_what_has_ids_of_its_own_is_not_added_up(shop: Shop, ids: tuple[str, str]) -> None:
    text = "date,sku,type,quantity,id\n" + "".join(f"2022-03-01,A,counted,3,{id}\n" for id in ids)
    ran = shop.import_text(text, "--add-up")
    assert (ran.code, counts(ran)) == (3, "read 2, appended 0, skipped 0, refused 1")
    assert f"line 3, id '{ids[1]}': line 2 has another id, or none, and what is added up" in ran.err
    assert shop.json("log") == []


def test_the_same_id_with_another_quantity_is_refused_though_it_is_added_up(shop: Shop) -> None:
    text = "date,sku,type,quantity,id\n2022-03-01,A,counted,3,k\n2022-03-01,A,counted,4,k\n"
    ran = shop.import_text(text, "--add-up")
    assert (ran.code, "taken earlier in the file, for something else" in ran.err) == (3, True), ran
    assert shop.json("log") == []


def test_openings_keep_their_last_dates_and_one_cost(shop: Shop) -> None:
    header = "date,sku,type,quantity,unit_cost,last_incoming\n"
    lots = "2022-03-01,A,opened,3,2.50,2022-01-05\n2022-03-01,A,opened,4,2.50,2022-02-07\n"
    assert shop.import_text(header + lots, "--add-up").code == 0
    (event,) = shop.json("log")
    assert (event["quantity"], event["unit_cost"]) == (7, "2.50")
    assert event["details"] == {"last_incoming": "2022-02-07"}
    ran = shop.import_text(header + lots.replace("A", "B").replace("2.50", "9", 1), "--add-up")
    assert (ran.code, "line 2 has another unit cost" in ran.err) == (3, True)


def test_a_profile_says_it_too_and_so_does_reconcile(shop: Shop, tmp_path: Path) -> None:
    profile = tmp_path / "bins.toml"
    profile.write_text("add_up = true\n", encoding="utf-8")
    assert shop.import_text(BINS, "--profile", profile).code == 0
    stock = tmp_path / "list.csv"
    stock.write_text("sku,quantity\nA,0\nA,5\nA,6\nB,1\n", encoding="utf-8")
    ran = shop("reconcile", stock)
    assert (ran.code, "line 2 lists A already; --add-up adds them up" in ran.err) == (3, True)
    for words in (("--add-up",), ("--profile", profile)):
        ran = shop("reconcile", stock, *words)
        assert (ran.code, "compared 2 SKUs: none differ" in ran.err + ran.out) == (0, True), ran

"""The command `value`: what a shop's stock is worth, and what it says of what it cannot know."""

import json

import pytest

from inventory_cli.core.carried_costs import Carried, Cost, read_carried, write_carried
from inventory_cli.errors import LedgerUnusable
from tests.actions.test_rollover import other, roll, seam
from tests.conftest import Shop
from tests.tampering.altering import alter, forge

AT_A_DATE = ["sku", "on_hand", "unit_cost", "value", "without_cost"]
OVER_A_SPAN = [
    *("sku", "on_hand", "opening_value", "incoming_cost", "sold_cost", "other_cost"),
    *("closing_value", "without_cost", "sold_without_cost"),
]


@pytest.fixture
def lamps(shop: Shop) -> Shop:
    """Two deliveries at two places, a sale, a transfer, a return and a count."""
    for words in (
        "receive LAMP 10 --cost 18.90 --on 2022-03-01 --location shop",
        "receive LAMP 10 --cost 21 --on 2022-03-10 --location depot",
        "sell LAMP 8 --on 2022-03-15 --location shop",
        "transfer LAMP 5 --from depot --to shop --on 2022-03-16",
        "sell LAMP 4 --on 2022-04-02 --location shop",
        "return LAMP 1 --on 2022-04-03 --location shop",
        "count LAMP 3 --on 2022-04-04 --location shop",
    ):
        shop.ok(*words.split())
    return shop


def figures(shop: Shop, *words: object) -> list[object]:
    (row,) = shop.json("value", *words)
    return list(row.values())[1:]


def test_the_columns_are_those_of_the_contract_in_every_format(lamps: Shop) -> None:
    for words, columns in (((), AT_A_DATE), (("--from", "2022-03"), OVER_A_SPAN)):
        assert [list(row) for row in lamps.json("value", *words)] == [columns]
        (line,) = lamps.ok("value", *words, "--format", "jsonl").out.splitlines()
        assert list(json.loads(line)) == columns
        (row,) = lamps.ok("value", *words, "--format", "csv").csv
        assert list(row) == columns
        assert lamps.ok("value", *words).out.split()[: len(columns)] == columns


def test_several_places_are_one_store_and_transfers_do_nothing(lamps: Shop) -> None:
    # 20 came for 399.00, and 8 of the first left for 151.20.
    assert figures(lamps, "--as-of", "2022-03-16") == [12, "20.65", "247.80", 0]
    assert figures(lamps, "--as-of", "2022-03-15") == [12, "20.65", "247.80", 0]
    # 4 more leave: 2 at 18.90 and 2 at 21. One comes back at 19.95, the count misses 1 at 21.
    april = ("--from", "2022-04-01", "--to", "2022-04-30")
    assert figures(lamps, *april) == [8, "247.80", "0.00", "59.85", "21.00", "166.95", 0, 0]
    # By the average 19.95 left each time, and came back.
    average = (*april, "--method", "average")
    assert figures(lamps, *average) == [8, "239.40", "0.00", "59.85", "19.95", "159.60", 0, 0]


def test_late_entries_corrections_and_reversals_count_when_they_took_effect(lamps: Shop) -> None:
    assert figures(lamps)[2] == "166.95"
    # 2 that were there first leave first, for nothing.
    lamps.ok("open", "LAMP", 2, "--on", "2022-02-01", "--location", "attic", "--cost", 0)
    assert figures(lamps, "--as-of", "2022-03-16") == [14, "20.40", "285.60", 0]
    lamps.ok("reverse", "--last", "--reason", "never")
    lamps.ok("correct", 1, "--cost", "20", "--reason", "invoice")
    assert figures(lamps, "--as-of", "2022-03-16") == [12, "20.833333", "250.00", 0]
    lamps.ok("reverse", 3, "--reason", "never sold")
    assert figures(lamps, "--as-of", "2022-03-16") == [20, "20.50", "410.00", 0]


def test_known_at_gives_what_was_reported_then(shop: Shop) -> None:
    shop.ok("receive", "A", 2, "--cost", 3, "--on", "2022-01-01")
    before = shop.json("log")[0]["recorded_at"]
    shop.ok("correct", 1, "--cost", 5, "--reason", "invoice")
    assert figures(shop) == [2, "5.00", "10.00", 0]
    assert figures(shop, "--known-at", before) == [2, "3.00", "6.00", 0]


def test_what_has_no_cost_is_counted_and_named(shop: Shop) -> None:
    for number in range(5):
        shop.ok("receive", f"N-{number}", 3)
    shop.ok("sell", "N-0", 1)
    shop.ok("receive", "GOOD", 1, "--cost", 1)
    shop.ok("sell", "SHORT", 4, "--allow-negative")
    ran = shop.ok("value")
    assert ran.err.splitlines()[1:] == [
        "7 SKUs worth 1.00 together, by fifo",
        "on hand without cost: N-0 2; N-1 3; N-2 3; and 2 more SKUs",
        "below zero, which has no cost until more arrives: SHORT 4",
    ]
    assert figures(shop, "SHORT") == [-4, None, "0.00", -4]
    assert "sold without cost: N-0 1; SHORT 4\n" in shop.ok("value", "--from", "2022-01-01").err


def test_a_sku_of_which_all_was_voided_is_listed_as_in_stock(shop: Shop) -> None:
    shop.ok("receive", "A", 2, "--cost", 3)
    shop.ok("reverse", 1, "--reason", "never")
    assert figures(shop) == [0, None, "0.00", 0]
    assert shop.json("value", "--as-of", "2021-01-01") == []
    assert "no event of B by then" in shop.ok("value", "B").err


def test_decimals_of_quantities_count(shop: Shop) -> None:
    exact = other(shop, "exact.db")
    exact.ok("init", "--decimals", 2, "--timezone", "UTC")
    exact.ok("receive", "A", "1.50", "--cost", "3")
    exact.ok("sell", "A", "0.50")
    assert figures(exact) == ["1.00", "3.00", "3.00", "0.00"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--method", "lifo"], "--method 'lifo' is not one of fifo, average"),
        (["--as-of", "today", "--from", "2022"], "--as-of is one date"),
        (["--from", "2022-03", "--to", "2022-02"], "--from 2022-03 is after --to 2022-02"),
    ],
)
def test_what_makes_no_sense_is_said(lamps: Shop, words: list[str], said: str) -> None:
    ran = lamps("value", *words)
    assert (ran.code, said in ran.err) == (2, True), ran


# --- over a rollover ----------------------------------------------------------------------------


def test_the_openings_of_a_rollover_carry_costs(lamps: Shop) -> None:
    spans = [("--as-of", "2022-04-30"), ("--from", "2022-04-01"), ("--from", "2022-04-03")]
    asked = [(*span, "--method", method) for span in spans for method in ("fifo", "average")]
    before = [lamps.json("value", *words) for words in asked]
    new = roll(lamps, end="2022-03-31")
    assert [new.json("value", *words) for words in asked] == before
    # One of its openings says it, for all places.
    depot, shop = (json.loads(row["details"]["carried_costs"]) for row in new.json("log")[:2])
    assert (depot["layers"], shop) == ([[2, 37_800_000], [10, 210_000_000]], {})
    assert depot["latest_sale"] == [8, 151_200_000, 159_600_000]
    # What was carried came in with the openings, for a span that begins before them.
    assert figures(new, "--from", "2022-03-31", "--to", "2022-04-01")[1:3] == ["0.00", "247.80"]
    assert new.failed_checks() == {}
    restored = other(lamps, "restored.db")
    restored.ok("restore", "-", input=new.ok("export").out)
    assert [restored.json("value", *words) for words in asked] == before


@pytest.mark.parametrize(
    ("old", "changed", "said"),
    [
        ("37800000", "37800001", "by fifo: value expected 247.80, found 247.800001"),
        ("239400000", "239400001", "by average: value expected 239.40, found 239.400001"),
        ("[2,37800000],[10,210000000]", "[3,37800000],[9,210000000]", "by fifo: another layers"),
        ('"latest_sale":[8', '"latest_sale":[9', "by fifo: another latest sale"),
        ('"latest":[8', '"latest":[9', "by fifo: another latest departure"),
    ],
)
def test_a_carried_cost_that_was_altered_is_found(
    lamps: Shop, old: str, changed: str, said: str
) -> None:
    new = roll(lamps, end="2022-03-31")
    old, changed = (text.replace('"', '\\"') for text in (old, changed))
    forge(new, f"UPDATE events SET details = replace(details, '{old}', '{changed}')")
    assert seam(new, lamps) == [f"the costs of LAMP are carried otherwise, {said}"]


def test_costs_that_were_not_carried_are_found(lamps: Shop) -> None:
    new = roll(lamps, end="2022-03-31")
    forge(new, "UPDATE events SET details = json_remove(details, '$.carried_costs')")
    text = "the costs of LAMP are carried otherwise, by fifo: value expected 247.80, found 0.00"
    assert seam(new, lamps) == [text]
    # What an earlier version rolled over did not end.
    alter(lamps, "DELETE FROM batches WHERE batch = (SELECT max(batch) FROM batches)")
    checks = new.json("verify", "--previous", lamps.path)["checks"]
    notes = next(check["notes"] for check in checks if check["name"] == "previous")
    assert "it was rolled over by an earlier version: what the stock cost was not carried" in notes


def test_an_opening_that_was_corrected_keeps_what_it_can(lamps: Shop) -> None:
    new = roll(lamps, end="2022-03-31")
    at = ("--as-of", "2022-04-01")
    # Two more are without cost; two less are the oldest; with a cost of its own it is an arrival.
    new.ok("correct", 1, "--quantity", 7, "--reason", "miscount")
    assert figures(new, *at) == [14, "20.65", "247.80", 2]
    new.ok("correct", new.json("log")[-1]["position"], "--quantity", 3, "--reason", "miscount")
    assert figures(new, *at) == [10, "21.00", "210.00", 0]
    new.ok("correct", 2, "--cost", 9, "--reason", "invoice")
    assert figures(new, *at) == [10, "12.60", "126.00", 0]


def test_only_a_rollover_carries_costs(shop: Shop) -> None:
    ran = shop("open", "A", 1, "--detail", "carried_costs={}")
    assert (ran.code, "carried_costs is what only a rollover records" in ran.err) == (2, True)
    shop.import_text("date,sku,type,quantity,carried_costs\n2022-01-01,A,opened,1,2\n")
    assert shop.json("log")[0]["details"] == {"carried_costs (2)": "2"}
    assert figures(shop) == [1, None, "0.00", 1]


def test_carried_costs_are_read_as_they_are_written_and_not_otherwise() -> None:
    cost = Cost(4, 5, 6)
    carried = Carried(((3, None), (4, 0)), 7, cost, cost, (("sold", 2),), True)
    for one in (carried, Carried()):
        assert read_carried(write_carried(one)) == one
    for text in (
        "",
        "[]",
        "1",
        '{"x":1}',
        '{"layers":[[0,1]]}',
        '{"latest":[0,1,1]}',
        '{"short":[["lent",1]]}',
        '{"average":1.5}',
        '{"average":-1}',
        '{"latest":5}',
    ):
        with pytest.raises(LedgerUnusable):
            read_carried(text)

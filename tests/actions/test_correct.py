"""A correction leaves the ledger as if the event had been recorded rightly; both stay in it."""

from shlex import split
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory_cli.actions.ask import cut_at, stock_as_of
from inventory_cli.storage.ledger_file import open_ledger
from tests.cli.test_terminal import on_terminal
from tests.conftest import Shop

WHY = ("--reason", "a slip")


@pytest.fixture
def sold(shop: Shop) -> Shop:
    """An opening balance of 100, and a sale of 20 with all that a sale may carry."""
    shop.ok("open", "A", 100, "--on", "2022-01-01", "--last-incoming", "2021-12-24")
    shop.ok(
        *("sell", "A", 20, "--on", "2022-01-05T10:30", "--ref", "S-1", "--cost", "1.50"),
        *("--id", "till-1", "--reason", "a customer", "--detail", "shelf=B4"),
    )
    return shop


def event(shop: Shop, position: int) -> dict[str, Any]:
    (shown,) = shop.json("show", position)
    return dict(shown)


def test_what_is_not_named_stays(sold: Shop) -> None:
    before = event(sold, 2)
    sold.ok("correct", 2, "--quantity", 12, *WHY)
    after = event(sold, 4)
    assert after["corrects"] == 2
    assert event(sold, 2)["corrected_by"] == 4
    same = ("sku", "location", "kind", "effective_at", "reason", "reference", "unit_cost", "id")
    assert [after[field] for field in same] == [before[field] for field in same]
    assert after["details"] == {"shelf": "B4"}
    assert (after["quantity"], sold.on_hand("A")) == (12, 88)
    assert event(sold, 3)["reason"] == "a slip"
    assert sold.failed_checks() == {}


@pytest.mark.parametrize("options", [["--quantity", 1], ["--location", "shop"], ["--cost", 2]])
def test_what_a_sku_is_gets_nothing_that_only_stock_has(options: list[object], sold: Shop) -> None:
    sold.ok("describe", "A", "--name", "Mug", "--on", "2022-01-02")
    refused = sold("correct", 3, *options, *WHY)
    assert refused.code == 2
    assert "event 3 says what A is" in refused.err
    assert "hint: `inventory describe A`" in refused.err
    sold.ok("correct", 3, "--on", "2022-01-03", "--ref", "list 7", *WHY)
    assert event(sold, 5)["effective_at"] == "2022-01-03"
    assert sold.failed_checks() == {}


@pytest.mark.parametrize(
    ("options", "field", "value"),
    [
        (["--on", "2022-01-07"], "effective_at", "2022-01-07"),
        (["--sku", "A-2", "--allow-negative"], "sku", "A-2"),
        (["--location", "depot", "--allow-negative"], "location", "depot"),
        (["--cost", "2.25"], "unit_cost", "2.25"),
        (["--cost", ""], "unit_cost", None),
        (["--ref", "S-2"], "reference", "S-2"),
        (["--ref", ""], "reference", None),
    ],
)
def test_every_field_can_be_corrected(
    sold: Shop, options: list[str], field: str, value: object
) -> None:
    sold.ok("correct", 2, *options, *WHY)
    assert event(sold, 4)[field] == value
    assert sold.failed_checks() == {}


def test_a_wrong_opening_balance_is_corrected_in_one_step_after_sales(sold: Shop) -> None:
    sold.ok("correct", 1, "--quantity", 90, *WHY)
    assert sold.on_hand("A") == 70
    assert event(sold, 4)["details"] == {"last_incoming": "2021-12-24"}
    ran = sold("correct", 4, "--quantity", 10, *WHY)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("error: cannot correct event 4: on 2022-01-05")
    assert sold.on_hand("A") == 70


def test_both_legs_of_a_transfer_are_corrected(sold: Shop) -> None:
    sold.ok("transfer", "A", 5, "--from", "main", "--to", "shop", "--on", "2022-01-06")
    sold.ok("correct", 4, "--quantity", 7, *WHY)
    assert (sold.on_hand("A"), sold.json("stock", "--location", "shop")[0]["on_hand"]) == (80, 7)
    # The place of the leg that is named.
    sold.ok("correct", 8, "--location", "depot", *WHY)
    assert sold.json("stock", "--location", "depot")[0]["on_hand"] == 7
    ran = sold("correct", 12, "--location", "main", *WHY)
    assert (ran.code, "to itself" in ran.err) == (2, True)
    assert sold.failed_checks() == {}


def test_an_adjustment_may_turn_round(sold: Shop) -> None:
    sold.ok("adjust", "A", -3, "--on", "2022-01-06", "--reason", "miscount")
    sold.ok("correct", 3, "--quantity", 3, *WHY)
    assert sold.on_hand("A") == 83
    assert "no longer stand" not in sold.ok("verify").err


@pytest.mark.parametrize(
    ("position", "options", "says"),
    [
        (3, ["--quantity", "1"], "event 3 is itself a reversal"),
        (2, ["--quantity", "1"], "event 2 is voided by event 3, and corrected as event 4"),
        (4, ["--quantity", "12"], "event 4 says that already"),
        (4, [], "event 4 says that already"),
        (9, ["--quantity", "1"], "there is no event 9: the log ends at 4"),
    ],
)
def test_what_cannot_be_corrected_is_refused(
    sold: Shop, position: int, options: list[str], says: str
) -> None:
    sold.ok("correct", 2, "--quantity", 12, *WHY)
    ran = sold("correct", position, *options, *WHY)
    assert (ran.code, says in ran.err) == (3, True), ran


def test_a_correction_is_put_back_by_the_command_that_is_named(sold: Shop) -> None:
    changed = ("--quantity", 12, "--on", "2022-01-07", "--ref", "")
    sold.ok("correct", 2, *changed, *WHY)
    for words in (("--batch", 3), ("--last",)):
        ran = sold("reverse", *words, *WHY)
        assert ran.code == 3
    hint = ran.err.split("hint: `inventory ")[1].split("`")[0]
    sold.ok(*split(hint.replace("TEXT", "back")))
    fields = ("quantity", "reference")
    assert [event(sold, 6)[f] for f in fields] == [event(sold, 2)[f] for f in fields]
    assert event(sold, 6)["effective_at"] == event(sold, 2)["effective_at"]


def test_a_retry_under_the_id_of_a_corrected_event_is_known(sold: Shop) -> None:
    sold.ok("correct", 2, "--quantity", 12, *WHY)
    again = split("--ref S-1 --cost 1.50 --id till-1 --reason 'a customer' --detail shelf=B4")
    ran = sold.ok("sell", "A", 20, *again)
    assert "event 2, which was voided by event 3" in ran.err
    assert "recorded before" in sold.ok("sell", "A", 12, *again).err
    assert sold("sell", "A", 13, *again).code == 3
    assert sold.on_hand("A") == 88


def test_into_a_closed_period_it_has_to_be_meant(sold: Shop) -> None:
    sold.ok("snapshot", "take", "january", "--as-of", "2022-01-31", "--close")
    assert sold("correct", 2, "--quantity", 12, *WHY).code == 3
    sold.ok("correct", 2, "--quantity", 12, *WHY, "--into-closed", "january")
    assert sold.on_hand("A") == 88
    assert sold.failed_checks() == {}


def levels(shop: Shop) -> list[int]:
    """Return what is on hand of A at the end of each day up to 2022-01-28."""
    with open_ledger(shop.path) as ledger:
        cuts = [cut_at(ledger, f"2022-01-{day:02}T22:59:59.999Z") for day in range(1, 29)]
        return [
            sum(state.on_hand for state in stock_as_of(ledger, cut, ["A"]).values()) for cut in cuts
        ]


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_the_ledger_is_as_if_it_had_been_recorded_so(
    data: st.DataObject, new_ledger: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    kinds = st.sampled_from(("receive", "sell", "return", "remove", "count"))
    # Of two counts of one day the one recorded last holds, so each has a day of its own.
    days = data.draw(st.lists(st.integers(1, 28), min_size=2, max_size=6, unique=True))
    said = [(data.draw(kinds), data.draw(st.integers(1, 30)), day) for day in days[1:]]
    which = data.draw(st.integers(0, len(said) - 1))
    kind, quantity, day = said[which]
    more, on = data.draw(st.integers(1, 9)), data.draw(st.sampled_from((day, days[0])))
    meant = (kind, quantity + more, on)
    wrong, right = (Shop.holding(new_ledger, tmp_path_factory.mktemp("ledger")) for _ in range(2))
    for shop, events in ((wrong, said), (right, [*said[:which], meant, *said[which + 1 :]])):
        for one, number, on in events:
            shop.ok(one, "A", number, "--on", f"2022-01-{on:02}", "--allow-negative")
    options = ("--quantity", meant[1], "--on", f"2022-01-{meant[2]:02}", "--allow-negative")
    wrong.ok("correct", which + 1, *options, *WHY)
    assert levels(wrong) == levels(right)


def test_the_last_batch_is_reversed_and_asked_for_on_a_terminal(sold: Shop) -> None:
    file = "date,sku,type,quantity\n2022-02-01,A,sold,1\n2022-02-02,A,sold,2\n"
    sold.import_text(file)
    shown = sold.ok("reverse", "--last", *WHY, "--dry-run").out
    assert shown == (
        "would void event 3: sold 1 of A at main on 2022-02-01\n"
        "would void event 4: sold 2 of A at main on 2022-02-02\n"
    )
    assert sold.on_hand("A") == 77
    asked = on_terminal(sold, "reverse", "--last", *WHY, answer="n\n")
    assert "void 2 events? [y/N]" in asked
    assert "not confirmed; nothing was appended" in asked
    assert sold.on_hand("A") == 77
    assert "reversed 2 events of batch 3" in on_terminal(sold, "reverse", "--last", *WHY, "--yes")
    assert sold.on_hand("A") == 80
    ran = sold("reverse", "--last", *WHY)
    assert (ran.code, "is itself a reversal" in ran.err) == (3, True)
    # Forgotten, so that the file may come again.
    assert sold.import_text(file).code == 0


def test_nothing_is_reversed_where_nothing_is_recorded(shop: Shop) -> None:
    ran = shop("reverse", "--last", *WHY)
    assert (ran.code, "nothing is recorded" in ran.err) == (3, True)

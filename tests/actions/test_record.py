"""What the recording commands append, in which order events count, and what is refused."""

from pathlib import Path

import pytest

from tests.conftest import Shop


def changes(shop: Shop, *words: object) -> list[tuple[str, int, int]]:
    rows = shop.json("history", *words)
    return [(row["kind"], row["change"], row["on_hand"]) for row in rows]


@pytest.mark.parametrize(
    ("words", "kind", "quantity"),
    [
        ("open A 7", "opened", 7),
        ("receive A 7", "received", 7),
        ("return A 7", "returned", 7),
        ("sell A 7 --allow-negative", "sold", 7),
        ("remove A 7 --allow-negative", "removed", 7),
        ("count A 7", "counted", 7),
        ("count A 0", "counted", 0),
        ("adjust A +7 --reason found", "adjusted", 7),
        ("adjust A -7 --reason lost --allow-negative", "adjusted", -7),
        ("adjust --allow-negative --reason lost A -7", "adjusted", -7),
    ],
)
def test_each_command_records_its_kind(shop: Shop, words: str, kind: str, quantity: int) -> None:
    shop.ok(*words.split(), "--on", "2022-03-01")
    (event,) = shop.json("log")
    assert (event["kind"], event["quantity"]) == (kind, quantity)
    assert event["effective_at"] == "2022-03-01"


def test_an_event_keeps_everything_that_was_said_of_it(shop: Shop) -> None:
    words = (
        "receive 00417 5 --on 2022-03-01T14:30 -l shop --reason bought --ref DN-1 --cost 2.50 "
        "--id k1 --by anna --detail supplier=Hafner --detail lot=7"
    )
    ran = shop.ok(*words.split())
    assert ran.out == "event 1: received 5 of 00417 at shop on 2022-03-01 14:30; on hand 5\n"
    (event,) = shop.json("log")
    recorded_at = event.pop("recorded_at")
    assert event == {
        "position": 1,
        "batch": 1,
        "effective_at": "2022-03-01T14:30:00.000+01:00",
        "kind": "received",
        "sku": "00417",
        "location": "shop",
        "quantity": 5,
        "reason": "bought",
        "reference": "DN-1",
        "unit_cost": "2.50",
        "id": "k1",
        "reverses": None,
        "details": {"lot": "7", "supplier": "Hafner"},
        "change": 5,
        "voided_by": None,
    }
    (batch,) = shop.json("batches")
    assert batch == {
        "batch": 1,
        "recorded_at": recorded_at,
        "actor": "anna",
        "command": "receive",
        "source": None,
        "events": 1,
        "first_position": 1,
        "last_position": 1,
        "note": None,
    }


def test_skus_are_kept_to_the_letter(shop: Shop) -> None:
    for sku in ("85123A", "85123a", "00417", "417", " [bold]x[/] ", "ä,\"'"):
        shop.ok("receive", sku, 1)
    found = [row["sku"] for row in shop.json("stock")]
    assert found == ["00417", "417", "85123A", "85123a", "[bold]x[/]", "ä,\"'"]


def test_a_day_without_clock_times_behaves(shop: Shop) -> None:
    # Typed in the worst order: the count first, then what left, then what came.
    shop.ok("count", "A", 4, "--on", "2022-03-01")
    shop.ok("sell", "A", 6, "--on", "2022-03-01", "--allow-negative")
    shop.ok("transfer", "A", 1, "--from", "shop", "--to", "main", "--on", "2022-03-01",
            "--allow-negative")  # fmt: skip
    shop.ok("receive", "A", 10, "--on", "2022-03-01")
    assert changes(shop, "A", "-l", "main") == [
        ("received", 10, 10),
        ("transferred", 1, 11),
        ("sold", -6, 5),
        ("counted", -1, 4),
    ]


def test_a_late_movement_moves_the_variance_of_a_count_and_not_the_stock(shop: Shop) -> None:
    shop.ok("receive", "A", 10, "--on", "2022-03-01")
    shop.ok("count", "A", 8, "--on", "2022-03-31")
    shop.ok("receive", "A", 5, "--on", "2022-04-02")
    ran = shop.ok("sell", "A", 2, "--on", "2022-03-15")
    assert "on hand 13" in ran.out
    assert "(event 2) still stands; its variance is 0, was -2" in ran.err
    assert changes(shop, "A") == [
        ("received", 10, 10),
        ("sold", -2, 8),
        ("counted", 0, 8),
        ("received", 5, 13),
    ]
    assert shop.failed_checks() == {}


def test_a_transfer_is_two_legs_of_one_batch(shop: Shop) -> None:
    shop.ok("receive", "A", 10, "--on", "2022-03-01")
    ran = shop.ok("transfer", "A", 4, "--from", "main", "--to", "shop", "--on", "2022-03-02")
    assert ran.out.splitlines() == [
        "event 2: transferred -4 of A at main on 2022-03-02; on hand 6",
        "event 3: transferred +4 of A at shop on 2022-03-02; on hand 4",
    ]
    legs = [(e["batch"], e["location"], e["quantity"]) for e in shop.json("log", "--after", 1)]
    assert legs == [(2, "main", -4), (2, "shop", 4)]
    # A transfer is neither an arrival nor a departure of the SKU.
    assert shop.json("stock", "A")[0]["last_outgoing"] is None


@pytest.mark.parametrize("leg", [2, 3])
def test_reversing_one_leg_of_a_transfer_reverses_both(shop: Shop, leg: int) -> None:
    shop.ok("receive", "A", 10)
    shop.ok("transfer", "A", 4, "--from", "main", "--to", "shop")
    shop.ok("reverse", leg, "--reason", "mistake")
    assert [e["reverses"] for e in shop.json("log", "--kind", "reversed")] == [2, 3]
    by_location = shop.json("stock", "--by-location")
    assert [(row["location"], row["on_hand"]) for row in by_location] == [("main", 10), ("shop", 0)]
    assert shop.failed_checks() == {}


def test_a_reversal_voids_and_both_stay_in_the_history(shop: Shop) -> None:
    shop.ok("receive", "A", 10, "--on", "2022-03-01")
    shop.ok("sell", "A", 4, "--on", "2022-03-02")
    shop.ok("receive", "A", 1, "--on", "2022-03-03")
    shop.ok("reverse", 2, "--reason", "another shop")
    assert changes(shop, "A") == [
        ("received", 10, 10),
        ("sold", 0, 10),
        ("reversed", 0, 10),
        ("received", 1, 11),
    ]
    row = shop.json("stock", "A")[0]
    assert (row["on_hand"], row["last_outgoing"]) == (11, None)
    assert shop.json("as-of", "2022-03-02", "A")[0]["on_hand"] == 10


def test_before_a_reversal_was_recorded_the_event_counted(shop: Shop) -> None:
    shop.ok("receive", "A", 10, "--on", "2022-03-01")
    shop.ok("sell", "A", 4, "--on", "2022-03-02")
    shop.ok("reverse", 2, "--reason", "mistake")
    before = shop.json("batches")[1]["recorded_at"]
    after = shop.json("batches")[2]["recorded_at"]
    assert shop.on_hand("A", "as-of", "2022-03-02", "--known-at", before) == 6
    assert shop.on_hand("A", "as-of", "2022-03-02", "--known-at", after) == 10
    assert changes(shop, "A", "--known-at", before) == [("received", 10, 10), ("sold", -4, 6)]


def test_a_batch_is_reversed_in_one_step_except_for_what_is_reversed_already(shop: Shop) -> None:
    text = "date,sku,type,quantity\n" + "".join(f"2022-03-0{n},A,received,{n}\n" for n in (1, 2, 3))
    shop.import_text(text)
    shop.ok("reverse", 2, "--reason", "duplicate")
    ran = shop.ok("reverse", "--batch", 1, "--reason", "wrong file")
    assert ran.out == "reversed 2 events of batch 1 (batch 3, events 5 to 6)\n"
    assert shop.on_hand("A") == 0
    assert shop("reverse", "--batch", 1, "--reason", "again").code == 3


def test_the_first_bad_moment_is_named(shop: Shop) -> None:
    shop.ok("receive", "A", 10, "--on", "2022-03-01")
    shop.ok("sell", "A", 8, "--on", "2022-03-10")
    shop.ok("sell", "A", 1, "--on", "2022-03-20")
    ran = shop("sell", "A", 3, "--on", "2022-03-05")
    assert ran.code == 3
    assert ran.err.startswith(
        "error: cannot sell 3 of A at main on 2022-03-05: on 2022-03-10, 2 on hand then, 1 missing"
    )
    assert len(shop.json("log")) == 3


def test_what_was_short_before_does_not_stop_what_makes_it_better(shop: Shop) -> None:
    shop.ok("sell", "A", 5, "--on", "2022-03-01", "--allow-negative")
    shop.ok("receive", "A", 3, "--on", "2022-03-02")
    assert shop("sell", "A", 1, "--on", "2022-03-03").code == 3
    assert shop.on_hand("A") == -2


def test_within_one_moment_the_order_of_recording_does_not_matter(shop: Shop) -> None:
    rows = ["sold,5", "received,5"]
    text = "date,sku,type,quantity\n" + "".join(f"2022-03-01T10:00,A,{row}\n" for row in rows)
    assert shop.import_text(text).code == 0
    assert shop.on_hand("A") == 0


def test_a_ledger_may_allow_negative_stock_for_good(tmp_path: Path) -> None:
    shop = Shop(tmp_path, "--negative", "allow")
    shop.ok("sell", "A", 5)
    assert shop.on_hand("A") == -5


def test_nothing_takes_effect_before_an_opening_balance_whatever_came_first(shop: Shop) -> None:
    shop.ok("receive", "A", 1, "--on", "2022-03-01")
    ran = shop("open", "A", 10, "--on", "2022-04-01")
    assert ran.code == 3
    assert "on 2022-03-01, nothing can take effect before the opening balance" in ran.err
    shop.ok("open", "A", 10, "--on", "2022-02-01")
    assert shop("receive", "A", 1, "--on", "2022-01-31").code == 3
    assert shop("open", "A", 10, "--on", "2022-02-01").code == 3
    shop.ok("reverse", 2, "--reason", "wrong")
    shop.ok("open", "A", 11, "--on", "2022-02-01")
    assert shop.on_hand("A") == 12


def test_the_dates_of_an_opening_stand_until_an_event_sets_them(shop: Shop) -> None:
    shop.ok("open", "A", 10, "--on", "2022-02-01", "--last-incoming", "2022-01-20")
    shop.ok("return", "A", 1, "--on", "2022-02-01T10:00")
    row = shop.json("as-of", "2022-02-01", "A")[0]
    assert (row["last_incoming"], row["last_outgoing"]) == ("2022-02-01", None)
    row = shop.json("as-of", "2022-02-01T09:00", "A")[0]
    assert row["last_incoming"] == "2022-01-20"


@pytest.mark.parametrize(
    "command",
    [
        ["receive", "A", "5", "--id", "k"],
        ["receive", "A", "5", "--id", "k", "--on", "2022-03-01", "--reason", "why"],
        ["open", "A", "5", "--id", "k"],
        ["transfer", "A", "5", "--from", "x", "--to", "y", "--id", "k", "--allow-negative"],
        ["reverse", "1", "--reason", "mistake", "--id", "k"],
    ],
)
def test_a_retry_with_the_same_id_is_harmless(shop: Shop, command: list[str]) -> None:
    shop.ok("receive", "B", 1)
    first = shop.ok(*command)
    events = shop.json("log")
    again = shop.ok(*command)
    assert again.out == first.out
    assert "nothing was appended" in again.err
    assert shop.json("log") == events


def test_an_id_that_stands_for_something_else_is_refused(shop: Shop) -> None:
    shop.ok("receive", "A", 5, "--id", "k", "--on", "2022-03-01")
    for words in (
        ["receive", "A", 6, "--on", "2022-03-01"],
        ["receive", "B", 5, "--on", "2022-03-01"],
        ["receive", "A", 5, "--on", "2022-03-02"],
        ["receive", "A", 5, "--on", "2022-03-01", "--reason", "x"],
        ["return", "A", 5, "--on", "2022-03-01"],
    ):
        ran = shop(*words, "--id", "k")
        assert (ran.code, "the id 'k' is taken by event 1" in ran.err) == (3, True)


def test_quantities_with_decimals_are_exact(tmp_path: Path) -> None:
    shop = Shop(tmp_path, "--decimals", "3")
    for _ in range(10):
        shop.ok("receive", "A", "0.1")
    assert shop.json("stock")[0]["on_hand"] == "1.000"
    assert shop("receive", "A", "0.0001").code == 2
    shop.ok("adjust", "A", "-.25", "--reason", "spilt")
    assert shop.ok("stock", "--format", "csv").csv[0]["on_hand"] == "0.750"


def test_a_quantity_too_large_to_add_up_is_refused(shop: Shop) -> None:
    most = 10**18 - 1
    for _ in range(9):
        shop.ok("receive", "A", most)
    ran = shop("receive", "A", most)
    assert (ran.code, "on hand would be too large to store" in ran.err) == (3, True)
    assert shop.on_hand("A") == 9 * most


def test_machine_formats_of_a_recording(shop: Shop) -> None:
    shop.ok("receive", "A", 10, "--on", "2022-03-01")
    rows = shop.json("transfer", "A", 4, "--from", "main", "--to", "shop", "--on", "2022-03-02")
    assert rows == [
        {"position": 2, "batch": 2, "effective_at": "2022-03-02", "kind": "transferred",
         "sku": "A", "location": "main", "quantity": -4, "on_hand": 6},
        {"position": 3, "batch": 2, "effective_at": "2022-03-02", "kind": "transferred",
         "sku": "A", "location": "shop", "quantity": 4, "on_hand": 4},
    ]  # fmt: skip


def test_the_dates_of_an_opening_never_replace_those_of_an_event(shop: Shop) -> None:
    # Both take effect at the start of the day, and the receipt was recorded first.
    shop.ok("receive", "A", 5, "--on", "2022-02-01")
    shop.ok("open", "A", 100, "--on", "2022-02-01", "--last-incoming", "2022-01-01")
    assert shop.json("stock") == shop.json("as-of", "2022-02-01")
    assert shop.json("stock")[0]["last_incoming"] == "2022-02-01"
    assert shop.failed_checks() == {}


def test_a_retried_reversal_of_a_transfer_is_harmless(shop: Shop) -> None:
    shop.ok("receive", "A", 5)
    shop.ok("transfer", "A", 5, "--from", "main", "--to", "shop")
    first = shop.ok("reverse", 2, "--reason", "mistake", "--id", "r1")
    again = shop.ok("reverse", 2, "--reason", "mistake", "--id", "r1")
    assert again.out == first.out
    assert len(shop.json("log")) == 5


@pytest.mark.parametrize("option", ["--id", "--by"])
def test_an_empty_key_or_name_is_refused_because_a_variable_was_not_set(
    shop: Shop, option: str
) -> None:
    assert shop("receive", "A", 5, option, "").code == 2
    assert shop.json("log") == []


def test_the_same_cost_may_be_written_with_other_zeros(shop: Shop) -> None:
    shop.ok("receive", "A", 5, "--id", "k", "--cost", "1.50", "--on", "2022-03-01")
    shop.ok("receive", "A", 5, "--id", "k", "--cost", "1.5", "--on", "2022-03-01")
    ran = shop("receive", "A", 5, "--id", "k", "--cost", "1.05", "--on", "2022-03-01")
    assert (ran.code, "differs in its unit cost" in ran.err) == (3, True)
    assert len(shop.json("log")) == 1


def test_a_hint_helps_in_the_case_at_hand(shop: Shop) -> None:
    shop.ok("receive", "it's A", 1, "--on", "2022-01-01")
    ran = shop("open", "it's A", 5, "--on", "2022-02-01")
    assert "hint: give the opening balance an earlier date" in ran.err
    ran = shop("sell", "it's A", 5, "--on", "2022-02-01")
    assert """`inventory history 'it'"'"'s A' --location main`""" in ran.err
    shop.ok("open", "B", 5, "--on", "2022-01-01")
    ran = shop("open", "B", 5, "--on", "2021-01-01")
    assert "there is an opening balance of 2022-01-01 already" in ran.err


def test_what_is_of_a_later_day_is_said_to_be_left_out(shop: Shop) -> None:
    ran = shop.ok("receive", "A", 5, "--on", "2199-01-01")
    assert "event 1 is of a later day; `stock` leaves it out until then" in ran.err
    assert shop("receive", "A", 5, "--on", "9999-12-31").code == 2

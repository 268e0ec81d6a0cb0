"""A period that was closed takes no more events, but those that say that this is meant, and why."""

import json

import pytest

from tests.conftest import Shop
from tests.tampering.altering import alter, forge


@pytest.fixture
def closed(story: Shop) -> Shop:
    """The story, closed up to the end of March."""
    ran = story.ok("snapshot", "take", "march", "--as-of", "2022-03-31", "--close")
    assert ran.out.endswith("the period up to the end of 2022-03-31 is closed\n")
    return story


INTO = ["--into-closed", "march", "--reason", "found later"]
CLOSED = "the period up to the end of 2022-03-31 is closed (march)"


@pytest.mark.parametrize(
    "words",
    [
        "receive XYZ-1 5 --on 2022-03-31",
        "return XYZ-1 5 --on 2022-03-31T23:59:59",
        "sell XYZ-1 5 --on 2022-03-15",
        "remove XYZ-1 5 --on 2022-02-15",
        "count XYZ-1 5 --on 2022-03-15",
        "adjust XYZ-1 +5 --reason miscount --on 2022-03-15",
        "transfer XYZ-1 5 --from main --to shop --on 2022-03-15",
        "open NEW 5 --on 2022-03-15",
        "reverse 2 --reason twice",
        "reverse --batch 3 --reason twice",
    ],
)
def test_every_way_into_a_closed_period_is_refused_and_opened_by_name(
    closed: Shop, words: str
) -> None:
    before = closed.ok("export").out
    ran = closed(*words.split())
    assert (ran.code, ran.out) == (3, "")
    assert CLOSED in ran.err
    assert closed.ok("export").out == before

    reason = [] if "--reason" in words else ["--reason", "found later"]
    allowed = [*words.split(), "--into-closed", "march", *reason, "--allow-negative"]
    closed.ok(*allowed)
    new = closed.json("log", "--after", 6)
    assert new
    assert {event["details"]["into_closed"] for event in new} == {"march"}
    assert closed.failed_checks() == {}


def test_a_reversal_is_not_told_to_take_a_later_date(closed: Shop) -> None:
    ran = closed("reverse", 2, "--reason", "twice")
    assert "hint: record the contrary, of a later date, or say --into-closed march" in ran.err


def test_the_day_after_is_open(closed: Shop) -> None:
    closed.ok("sell", "XYZ-1", 1, "--on", "2022-04-01")
    closed.ok("sell", "XYZ-1", 1)
    closed.ok("reverse", 5, "--reason", "twice")
    assert closed.failed_checks("--strict") == {}


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--into-closed", "march"], "what goes into a closed period needs a reason"),
        (["--into-closed", "april", "--reason", "x"], "not in a period that was closed as 'april'"),
    ],
)
def test_a_closed_period_is_opened_by_its_own_name_and_a_reason_only(
    closed: Shop, words: list[str], why: str
) -> None:
    ran = closed("sell", "XYZ-1", 1, "--on", "2022-03-15", *words)
    assert (ran.code, why in ran.err) == (3, True)


def test_what_is_not_in_a_closed_period_cannot_say_so(closed: Shop) -> None:
    ran = closed("sell", "XYZ-1", 1, "--on", "2022-04-15", *INTO)
    assert (ran.code, "it is not in a period that was closed as 'march'" in ran.err) == (3, True)
    ran = closed("sell", "XYZ-1", 1, "--detail", "into_closed=march")
    assert (ran.code, "has an option of its own: --into-closed" in ran.err) == (2, True)


def test_a_period_cannot_be_named_before_any_was_closed(story: Shop) -> None:
    ran = story("sell", "XYZ-1", 1, "--on", "2022-04-15", *INTO)
    assert (ran.code, "it is not in a period that was closed as 'march'" in ran.err) == (3, True)
    assert "leave out --into-closed" in ran.err
    line = {"type": "sold", "sku": "XYZ-1", "quantity": 1, "into_closed": "march", "reason": "x"}
    assert story("record", "-", "--one-batch", input=json.dumps(line)).code == 3


def test_a_name_that_is_empty_names_nothing(closed: Shop) -> None:
    ran = closed("sell", "XYZ-1", 1, "--into-closed", "")
    assert (ran.code, "the period after --into-closed is empty" in ran.err) == (2, True)


def test_a_period_may_be_named_by_any_closing_that_includes_it(closed: Shop) -> None:
    closed.ok("snapshot", "take", "april", "--as-of", "2022-04-30", "--close")
    closed.ok(
        "sell", "XYZ-1", 1, "--on", "2022-03-15", "--into-closed", "april", "--reason", "late"
    )
    ran = closed("sell", "XYZ-1", 1, "--on", "2022-04-15", *INTO)
    assert "its period was closed as 'april'" in ran.err
    ran = closed("sell", "XYZ-1", 1, "--on", "2022-04-15")
    assert "the period up to the end of 2022-04-30 is closed (april)" in ran.err
    assert closed.failed_checks() == {}


def test_a_period_is_closed_once_with_a_name_and_not_before_it_is_over(closed: Shop) -> None:
    for words, code, why in [
        (["again", "--as-of", "2022-03-31"], 3, "up to the end of 2022-03-31 is closed already"),
        (["again", "--as-of", "2022-02-28"], 3, "is closed already (march)"),
        (["march", "--as-of", "2022-04-30"], 3, "there is a snapshot 'march' already"),
        (["later", "--as-of", "2100-01-01"], 2, "2100-01-01 has not come yet"),
        (["--as-of", "2022-04-30"], 2, "what closes a period needs a name"),
        (["april"], 2, "what closes a period needs its last day, and today is not over"),
    ]:
        ran = closed("snapshot", "take", "--close", *words)
        assert (ran.code, ran.out) == (code, "")
        assert why in ran.err
    assert [row["closes"] for row in closed.json("snapshot", "list")] == ["yes"]
    closed.ok("snapshot", "take", "--as-of", "2022-03-31")
    assert [row["closes"] for row in closed.json("snapshot", "list")] == ["yes", "no"]


FILE = """date,sku,type,quantity,reason
2022-03-15,XYZ-1,sold,1,
2022-04-15,XYZ-1,sold,2,
2022-03-16,XYZ-1,sold,3,torn note
"""


def test_a_file_goes_into_a_closed_period_row_by_row(closed: Shop) -> None:
    ran = closed.import_text(FILE)
    assert ran.code == 3
    assert f"XYZ-1 at main on 2022-03-15: {CLOSED} (line 2)" in ran.err
    ran = closed.import_text(FILE, "--into-closed", "march")
    assert "needs a reason (line 2)" in ran.err
    ran = closed.import_text(FILE, "--into-closed", "may")
    assert (ran.code, "no period was closed as 'may'" in ran.err) == (3, True)
    blanks = ["--column", "reason=reason", "--set", "reason=late"]
    assert closed.import_text(FILE, "--into-closed", "march", *blanks).code == 0
    new = closed.json("log", "--after", 6)
    assert [event["details"] for event in new] == [
        {"into_closed": "march"},
        None,
        {"into_closed": "march"},
    ]
    assert [event["reason"] for event in new] == ["late", "late", "torn note"]
    # The same rows in another file are known, although they did not name the period.
    ran = closed.import_text(FILE + "\n", *blanks, "--overlap", "skip", name="again.csv")
    assert ran.code == 0, ran
    assert closed.ok("head").out.startswith("9:")


def test_a_list_is_counted_into_a_closed_period_when_it_says_so(closed: Shop) -> None:
    (closed.folder / "list.csv").write_text("sku,on_hand\nXYZ-1,200\n")
    words = ["reconcile", closed.folder / "list.csv", "--as-of", "2022-03-31", "--count"]
    ran = closed(*words, "--reason", "stock-take")
    assert (ran.code, CLOSED in ran.err) == (3, True)
    closed.ok(*words, *INTO)
    assert closed.on_hand("XYZ-1", "as-of", "2022-03-31") == 200


def test_a_script_says_it_line_by_line(closed: Shop) -> None:
    sale = {"type": "sold", "sku": "XYZ-1", "quantity": 1, "date": "2022-03-15"}
    meant = {**sale, "into_closed": "march", "reason": "torn note"}
    hidden = {**sale, "details": {"into_closed": "march"}}
    ran = closed("record", "-", input="\n".join(map(json.dumps, [sale, meant, hidden])))
    first, second, third = map(json.loads, ran.out.splitlines())
    assert (first["ok"], second["ok"], third["ok"]) == (False, True, False)
    assert CLOSED in first["error"]
    assert "is a key of its own" in third["error"]


def test_a_retry_is_known_whether_it_names_the_period_or_not(shop: Shop) -> None:
    sale = ["receive", "A", 5, "--on", "2022-03-15", "--id", "k1", "--reason", "found later"]
    shop.ok(*sale)
    shop.ok("snapshot", "take", "march", "--as-of", "2022-03-31", "--close")
    for words in (sale, [*sale, "--into-closed", "march"]):
        assert "recorded before under the same id" in shop.ok(*words).err
    late = [*sale[:5], "--id", "k2", "--reason", "found later"]
    shop.ok(*late, "--into-closed", "march")
    assert "recorded before under the same id" in shop.ok(*late).err


def test_a_reversed_batch_says_it_only_where_it_reaches_into_the_period(shop: Shop) -> None:
    shop.import_text("date,sku,type,quantity\n2022-03-01,A,received,5\n2022-04-01,A,received,5\n")
    shop.ok("snapshot", "take", "march", "--as-of", "2022-03-31", "--close")
    assert shop("reverse", "--batch", 1, "--reason", "twice").code == 3
    shop.ok("reverse", "--batch", 1, "--reason", "twice", "--into-closed", "march")
    new = shop.json("log", "--after", 2)
    assert [event["details"] for event in new] == [{"into_closed": "march"}, None]


def test_late_entries_are_shown(closed: Shop) -> None:
    closed.ok("sell", "XYZ-1", 1, "--on", "2022-03-15", *INTO)
    history = closed.ok("history", "XYZ-1").out.splitlines()
    assert [text for text in history if text.endswith("late, into closed march")]
    batches = closed.ok("batches").out.splitlines()
    assert [text for text in batches if text.endswith("1 into a closed period")] == [batches[-1]]
    note = (
        "    note: snapshot 1 (march): recorded since, but effective before, and its period was"
        " closed: event 7 (sold XYZ-1 at main on 2022-03-15: found later)\n"
    )
    assert note in closed.ok("verify").out
    assert closed.failed_checks("--strict").keys() == {"snapshots"}


def test_a_detail_of_a_similar_name_does_not_count_as_a_late_entry(closed: Shop) -> None:
    closed.ok("sell", "XYZ-1", 1, "--detail", "into-closed=x", "--detail", "INTO_CLOSED=x")
    assert "into a closed period" not in closed.ok("batches").out


def test_what_got_into_a_closed_period_past_this_program_is_found(closed: Shop) -> None:
    closed.ok("sell", "XYZ-1", 1, "--on", "2022-03-15", *INTO)
    forge(closed, "UPDATE events SET details = NULL WHERE position = 7")
    problem = "event 7 (sold XYZ-1 at main on 2022-03-15) takes effect in the period that snapshot"
    assert closed.failed_checks()["snapshots"][0].startswith(problem)
    assert closed.failed_checks().keys() == {"snapshots"}


def test_a_period_cannot_be_opened_by_altering_its_snapshot(closed: Shop) -> None:
    alter(closed, "UPDATE snapshots SET closes = 0")
    assert "snapshot 1 (march) was altered" in closed.failed_checks()["snapshots"][0]

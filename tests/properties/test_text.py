"""Text, quantities and dates come out as they went in."""

import json
import tempfile
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inventory_cli.core.dates import (
    effective_at,
    inclusive_end,
    inclusive_start,
    load_zone,
    parse_when,
    show_day,
    show_effective,
    utc_text,
)
from inventory_cli.core.events import KINDS, time_of_day
from inventory_cli.core.quantities import (
    MOST_DECIMALS,
    MOST_DIGITS,
    format_quantity,
    parse_quantity,
    parse_unit_cost,
    two_readings,
)
from inventory_cli.core.text import trimmed
from inventory_cli.errors import WrongUsage
from tests.conftest import Shop
from tests.properties.lives import NOW, ZONES, days, examples, in_memory

decimals_kept = st.integers(0, MOST_DECIMALS)
units = st.integers(-2000, 2000) | st.integers(1 - 10**MOST_DIGITS, 10**MOST_DIGITS - 1)


@in_memory
@given(units, decimals_kept)
def test_a_quantity_reads_back_as_it_was_shown(value: int, decimals: int) -> None:
    text = format_quantity(value, decimals)
    assert parse_quantity(text, decimals) == value
    assert text == f"{Decimal(value).scaleb(-decimals):f}"


@in_memory
@given(st.integers(1 - 10**9, 10**9 - 1), st.integers(0, 9), st.integers(0, 9), st.integers(0, 5))
def test_a_quantity_is_worth_what_was_typed(
    value: int, typed_decimals: int, more: int, zeros: int
) -> None:
    decimals = min(typed_decimals + more, MOST_DECIMALS)
    text = f"{Decimal(value).scaleb(-typed_decimals):f}"
    if "." in text:
        text += "0" * zeros
    if decimals < 3 and two_readings(text):
        with pytest.raises(WrongUsage, match="can be read as"):
            parse_quantity(text, decimals)
        mark: str | None = "."
    else:
        mark = None
    read = parse_quantity(text, decimals, mark)
    assert Decimal(format_quantity(read, decimals)) == Decimal(text)


@in_memory
@given(st.integers(0, 10**18), st.integers(0, 17))
def test_a_unit_cost_keeps_its_value_and_its_decimals(value: int, decimals: int) -> None:
    text = f"{Decimal(value).scaleb(-decimals):f}"
    assert parse_unit_cost(text) == text


# Clocks that change at midnight, or by half an hour; and an offset that is not of whole hours.
CHANGES = {
    "America/Havana": (date(2022, 3, 13), date(2022, 11, 6)),
    "America/Nuuk": (date(2024, 3, 30), date(2024, 10, 26)),
    "America/Sao_Paulo": (date(2017, 10, 15), date(2018, 2, 17)),
    "Asia/Beirut": (date(2021, 3, 28), date(2021, 10, 30)),
    "Asia/Kathmandu": (date(1986, 1, 1),),
    "Australia/Lord_Howe": (date(2022, 4, 3), date(2022, 10, 2)),
}
odd_zones = st.sampled_from([*ZONES, *CHANGES])
any_day = st.dates(date(1980, 1, 1), date(2190, 12, 31))
odd_days = st.tuples(odd_zones, any_day | days) | st.sampled_from(
    [(zone, day + timedelta(days=n)) for zone, on in CHANGES.items() for day in on for n in (-1, 0)]
)
MILLISECOND = timedelta(milliseconds=1)


@in_memory
@given(st.datetimes(datetime(1980, 1, 1), datetime(2190, 12, 31)), odd_zones)  # noqa: DTZ001
def test_a_moment_reads_back_as_it_was_shown(moment: datetime, name: str) -> None:
    zone = load_zone(name)
    text = utc_text(moment.replace(tzinfo=UTC))
    shown = show_effective(text, 0, zone)
    assert datetime.fromisoformat(shown) == datetime.fromisoformat(text)
    assert effective_at(parse_when(shown, NOW, zone), "12:00:00.000", zone) == (text, 0)


@in_memory
@given(odd_days, st.sampled_from(sorted(KINDS)), st.sampled_from([-5, 5]))
def test_a_date_reads_back_as_it_was_shown_whatever_the_kind(
    there: tuple[str, date], kind: str, quantity: int
) -> None:
    zone, day = load_zone(there[0]), there[1]
    when = parse_when(day.isoformat(), NOW, zone)
    text, date_only = effective_at(when, time_of_day(kind, quantity), zone)
    shown = show_effective(text, date_only, zone)
    assert shown == day.isoformat()
    again = parse_when(shown, NOW, zone)
    assert effective_at(again, time_of_day(kind, quantity), zone) == (text, date_only)


@in_memory
@given(odd_days)
def test_a_day_lasts_until_just_before_the_next_one(there: tuple[str, date]) -> None:
    zone, day = load_zone(there[0]), there[1]
    end = inclusive_end(parse_when(day.isoformat(), NOW, zone), zone)
    following = utc_text(datetime.fromisoformat(end) + MILLISECOND)
    tomorrow = parse_when((day + timedelta(days=1)).isoformat(), NOW, zone)
    assert following == inclusive_start(tomorrow, zone)
    assert show_day(end, zone) == day.isoformat()
    assert show_day(following, zone) == tomorrow.day.isoformat()


def test_a_reference_that_nobody_can_see_is_none(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.ok("receive", "A", "5", "--on", "2022-03-01", "--ref", "\u202a")
    assert shop.json("log")[0]["reference"] is None


ODD = (
    "[bold]", "[/]", "0012", "=1+1", "-5", "--format", 'say "hi"', "a,b", "a;b\tc", "'", "\\n",
    "Ärmel ß", "日本語", "🧦", "e\u0301", "é", "\u202eabc", "null", "1e5", "a\u00a0b", "{}", "%s",
    "a\rb", "a\nb",
)  # fmt: skip
one_line = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=40)
any_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
odd = st.sampled_from(ODD)
names = (one_line | odd.filter(lambda text: not set(text) & set("\t\r\n"))).map(trimmed)
names = names.filter(bool)
# A carriage return before a line feed is lost in `CliRunner`, not in the command.
reasons = (any_text | odd).map(str.strip).filter(lambda text: text and "\r\n" not in text)


@examples(40)
@given(st.lists(st.tuples(names, names, reasons), min_size=1, max_size=4, unique_by=lambda t: t[0]))
# A lone carriage return ends a line for whoever reads CSV, unless it is quoted.
@example([("0012", "main", "first\rsecond")])
def test_every_machine_format_gives_text_back_to_the_letter(
    rows: list[tuple[str, str, str]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(Path(folder))
        for sku, location, reason in rows:
            facts = (f"--location={location}", f"--reason={reason}", f"--ref={location}")
            shop.ok("receive", "--on", "2022-03-01", *facts, "--", sku, "5")
        log = [(sku, location, reason, location) for sku, location, reason in rows]
        assert picked(shop, "log", "sku", "location", "reason", "reference") == [log] * 3
        skus = sorted(sku for sku, _, _ in rows)
        assert picked(shop, "stock", "sku") == [[(sku,) for sku in skus]] * 3


def picked(shop: Shop, command: str, *columns: str) -> list[list[tuple[str, ...]]]:
    """Some columns of an answer, read from each machine format."""
    as_lines = shop.ok(command, "--format", "jsonl").out.removesuffix("\n").split("\n")
    answers = [
        shop.json(command),
        [json.loads(line) for line in as_lines],
        shop.ok(command, "--format", "csv").csv,
    ]
    return [[tuple(row[name] for name in columns) for row in rows] for rows in answers]

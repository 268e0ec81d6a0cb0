"""A plain row is read the short way: it gives the same drafts, and the same refusals, as the other.

And what it gives is handed on in chunks, and linked as each event is.
"""

import pickle
from collections.abc import Callable, Sequence
from datetime import UTC, date
from functools import partial
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from inventory_cli.core.dates import When, parse_iso
from inventory_cli.core.events import Draft, Drafts
from inventory_cli.errors import Refused
from inventory_cli.importing.bad_rows import BadCell
from inventory_cli.importing.chunks import Chunk, in_chunks, pack_chunk, unpack_chunk
from inventory_cli.importing.columns import match_header
from inventory_cli.importing.profile import Profile
from inventory_cli.importing.rows import OneSide, Row, RowReader
from inventory_cli.storage.chain import link_event, link_texts, texts_of
from tests.properties.lives import in_memory

NEEDED = ("date", "sku", "type", "quantity")
FURTHER = ("location", "to_location", "reason", "reference", "unit_cost", "id")
# With these no row of a file is plain.
ANY = (*FURTHER, "balance", "note")
CELLS: dict[str, Sequence[str]] = {
    "date": ("2022-03-15", "2022-03-15T14:30:00Z", " 2022-03-16 ", "2022-02-30", ""),
    "sku": ("A", "a", " B ", "1.2E+10", "#REF!", "x" * 201, "é", ""),
    "type": ("received", "sold", "Count", "opened", "adjusted", "transferred", "lost", ""),
    "quantity": ("1", "5", " 7 ", "0", "-2", "1.5", "1,5", "1.000", "9" * 19, "x", ""),
    "location": ("main", "shop", " shop ", "\u200b", ""),
    "to_location": ("", " ", "main", "north"),
    "reason": ("", "miscount", "\x00", " "),
    "reference": ("", "PO-1", '"\\/\u2028', "a\x00"),
    "unit_cost": ("", "1.50", "x"),
    "id": ("", "7", " 7 ", "a\nb"),
    "balance": ("", "4", "x"),
    "note": ("", "by hand"),
}
PROFILES = (
    Profile(),
    Profile(fold_case=True, take_as_is=True),
    Profile(signed="normal"),
    Profile(decimal_mark=","),
    Profile(kinds={"lost": "removed"}),
    Profile(constants={"reason": "moved"}),
    Profile(empty=("x", "1")),
)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    """Draw a header, and rows in each of which all cells are good but for two at most: the first
    of each are.
    """
    further = FURTHER if draw(st.booleans()) else draw(st.sets(st.sampled_from(ANY)))
    header = draw(st.permutations([*NEEDED, *further]))

    def cells(odd: set[str]) -> st.SearchStrategy[tuple[str, ...]]:
        return st.tuples(*(st.sampled_from(CELLS[h][: None if h in odd else 1]) for h in header))

    row = st.sets(st.sampled_from(header), max_size=2).flatmap(cells)
    return header, [[*cells] for cells in draw(st.lists(row, max_size=12))]


def outcome(read: Callable[[], Row | OneSide | None]) -> Any:
    try:
        return read()
    except BadCell as bad:
        return type(bad), str(bad), vars(bad)


DATES = {"date": lambda text: parse_iso(text, UTC)}


class Long(RowReader):
    """Reads every row the long way."""

    def __init__(self, *words: Any) -> None:
        super().__init__(*words)
        self._may_be_plain = False


class Short(RowReader):
    """Reads no row the long way."""

    def read_any(self, line: int, record: Sequence[str], when: object) -> Row | OneSide:
        raise AssertionError(f"line {line} took the other way")


def decided(reader: RowReader) -> str:
    try:
        for number in reader.numbers:
            number.require_decided("x.csv")
    except Refused as refused:
        return str(refused)
    return "decided"


def today() -> When:
    return When(date(2022, 3, 31), None)


@in_memory
@given(tables(), st.sampled_from(PROFILES), st.sampled_from([0, 3]))
def test_both_ways_give_the_same_drafts_and_the_same_refusals(
    table: tuple[list[str], list[list[str]]], profile: Profile, decimals: int
) -> None:
    header, records = table
    columns = match_header("x.csv", 1, header, profile)
    words = columns, profile, decimals, UTC, DATES, None, today
    either, long = RowReader(*words), Long(*words)
    for line, record in enumerate(map(columns.complete, records), start=2):
        expected = outcome(partial(long.read, line, record, None))
        assert outcome(partial(either.read, line, record, None)) == expected
    assert decided(either) == decided(long)


def test_plain_rows_take_the_short_way() -> None:
    header = ["date", "sku", "type", "quantity", "location", "to_location", "reference", "id"]
    columns = match_header("x.csv", 1, header, Profile())
    reader = Short(columns, Profile(), 0, UTC, DATES, None, today)
    kinds = ["received", "returned", "sold", "removed", "counted", "opened"]
    for line, kind in enumerate(kinds):
        row = reader.read(line, ["2022-03-15", "A", kind, "3", "shop", "", "PO-1", str(line)], None)
        assert isinstance(row, Row)
        assert row.drafts[0][:4] == ("A", "shop", kind, 3)
        assert row.drafts[0][7:10] == ("PO-1", None, str(line))


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
maybe = st.none() | texts
drafts = st.builds(
    Draft,
    texts,
    texts,
    texts,
    st.integers(-(2**62), 2**62),
    texts,
    st.integers(0, 2),
    maybe,
    maybe,
    maybe,
    maybe,
    st.none() | st.integers(1, 2**40),
    maybe,
)


@given(st.lists(drafts), st.integers(1, 2**40), st.integers(1, 2**30))
def test_many_drafts_are_linked_as_one_is(some: list[Draft], first: int, batch: int) -> None:
    links = link_texts(bytes(32), texts_of(first, batch, Drafts.of(some)))
    link = bytes(32)
    for position, draft in enumerate(some, start=first):
        link = link_event(link, (position, batch, *draft))
        assert links[position - first] == link
    assert len(links) == len(some)


@given(st.lists(drafts))
def test_drafts_beside_each_other_are_the_same_drafts(some: list[Draft]) -> None:
    beside = Drafts.of(some)
    assert [*beside.each()] == [beside.at(place) for place in range(beside.how_many)] == some


@st.composite
def all_rows(draw: st.DrawFn) -> list[Row]:
    """Draw rows of every shape."""
    said = st.tuples(drafts) | st.tuples(drafts, drafts)
    rows = []
    for line, some in enumerate(draw(st.lists(said, max_size=8)), start=2):
        balance = st.none() | st.integers(-9, 9)
        balances = draw(st.just(()) | st.tuples(*[balance] * len(some)))
        arrival = draw(st.none() | st.integers(100, 200)) if len(some) > 1 else None
        guessed, added = draw(st.booleans()), draw(st.integers(0, 2))
        rows.append(Row(line, some, balances, arrival, guessed, added))
    return rows


@given(all_rows(), st.sets(st.integers(2, 9)))
def test_a_chunk_holds_its_rows(rows: list[Row], wanted: set[int]) -> None:
    for chunk in in_chunks(rows):
        assert unpack_chunk(pickle.loads(pickle.dumps(pack_chunk(chunk)))) == chunk
        assert [*chunk.rows()] == rows
        assert chunk.file_rows == sum(
            1 + row.added + (row.arrival_line is not None) for row in rows
        )
        kept = chunk.only(lambda row: row.line in wanted)
        assert [*kept.rows()] == [row for row in chunk.rows() if row.line in wanted]
        assert Chunk.of(chunk.rows()) == chunk

"""Which names are alike: two names in, whether they are, out; and what is refused of a batch."""

from collections.abc import Iterable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory_cli.core.events import Draft
from inventory_cli.core.names import (
    ANY_NAMES,
    Guard,
    NameRefused,
    NameRules,
    Newcomers,
    folded,
    one_letter_away,
    there_is,
    where_there_is,
)

SAME = [
    ("MUG-BLUE", "mug-blue"),
    ("Straße", "STRASSE"),
    ("ＭＵＧ", "mug"),
    ("Äpfel", "A\u0308PFEL"),
    ("MUG BLUE", "MUG\u00a0BLUE"),
    ("MUG\u200b-BLUE", "mug-blue"),
    ("ﬁg", "FIG"),
]
SLIPS = ["MUG-BULE", "MUG-BLU", "UG-BLUE", "MUG-BLUEE", "XMUG-BLUE", "MUG_BLUE", "MGU-BLUE"]
NO_SLIPS = ["MUG-BLUE", "MUG-BULEE", "MUG", "MUG-RED", "GUM-BLUE", "BLUE-MUG", "MUG-BL"]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_names_that_look_alike_are_folded_to_the_same(one: str, other: str) -> None:
    assert folded(one) == folded(other)


@pytest.mark.parametrize("name", SLIPS)
def test_one_letter_is_a_slip(name: str) -> None:
    assert one_letter_away(name, ["MUG-BLUE", "OTHER"]) == ["MUG-BLUE"]
    assert one_letter_away("MUG-BLUE", [name]) == [name]


@pytest.mark.parametrize("name", NO_SLIPS)
def test_more_is_another_name(name: str) -> None:
    assert one_letter_away(name, ["MUG-BLUE"]) == []


def test_of_short_names_a_letter_is_too_much() -> None:
    assert one_letter_away("A", ["B", "A1"]) == []
    assert one_letter_away("AB", ["ABC"]) == one_letter_away("ABC", ["AB"]) == []
    assert one_letter_away("ABC", ["ABD"]) == ["ABD"]


def slips_of(name: str, letters: str) -> set[str]:
    """Return, the slow way, what one letter makes of a name."""
    parts = [(name[:at], name[at:]) for at in range(len(name) + 1)]
    found = {a + b[1:] for a, b in parts if b}
    found |= {a + letter + b for a, b in parts for letter in letters}
    found |= {a + letter + b[1:] for a, b in parts for letter in letters if b}
    found |= {a + b[1] + b[0] + b[2:] for a, b in parts if len(b) > 1}
    return {slip for slip in found - {name} if len(slip) >= 3}


NAMES = st.text("AB-", min_size=3, max_size=8)


@given(NAMES, st.lists(NAMES, max_size=200))
def test_among_many_the_same_are_found_as_one_by_one(name: str, others: list[str]) -> None:
    assert set(one_letter_away(name, others)) == set(others) & slips_of(name, "AB-")
    assert one_letter_away(name, slips_of(name, "AB-")) == sorted(slips_of(name, "AB-"))


def test_there_are_as_many_as_fit_a_line() -> None:
    assert there_is([]) == ""
    assert there_is(["A"]) == " (there is A)"
    assert there_is(["A", "B"]) == " (there are A, B)"
    assert there_is(["A", "B", "C", "D", "E"]) == " (there are A, B, C and 2 more)"


def test_where_something_is_the_most_comes_first() -> None:
    places = {"shop": 3, "depot": 12, "main": 0, "van": -2}
    assert where_there_is(places, 0) == "there is some elsewhere: 12 at depot and 3 at shop"
    assert where_there_is({"main": 0}, 0) == ""
    many = {f"P{number}": 10 - number for number in range(6)}
    assert where_there_is(many, 1) == (
        "there is some elsewhere: 1.0 at P0, 0.9 at P1, 0.8 at P2 and 3 more"
    )


# --- what is new, and what is refused -----------------------------------------------------------


class Held:
    """The names of a ledger that a test makes up."""

    def __init__(self, **places: Mapping[str, int]) -> None:
        self.places = places
        self.read = 0

    def on_hand(self, sku: str) -> Mapping[str, int]:
        return self.places.get(sku, {})

    def has_sku(self, sku: str) -> bool:
        return sku in self.places

    def has_location(self, location: str) -> bool:
        return location in self.locations()

    def skus(self) -> Iterable[str]:
        self.read += 1
        return list(self.places)

    def skus_with_barcode(self, code: str) -> Iterable[str]:
        return []

    def locations(self) -> Iterable[str]:
        return list({place: None for found in self.places.values() for place in found})


def said(names: Newcomers, sku: str, location: str) -> list[str]:
    return [f"{new.sort} {new.in_words()}" for new in names.look_at(sku, location)]


def test_a_name_is_new_once() -> None:
    names = Newcomers(Held(MUG={"depot": 1}))
    assert said(names, "MUG", "depot") == []
    assert said(names, "mug", "depto") == [
        "SKU mug (there is MUG)",
        "location depto (there is depot)",
    ]
    assert said(names, "mug", "depto") == []


def test_all_that_look_the_same_are_named() -> None:
    names = Newcomers(Held(**{"MUG": {"Depot": 1}, "mug": {"depot": 1}, "MUG\u200b1": {"shop": 1}}))
    assert said(names, "MUGS", "depo") == [
        "SKU MUGS (there are MUG, mug, MUG\u200b1)",
        "location depo (there are Depot, depot)",
    ]
    assert said(names, "Mug", "DEPOT") == [
        "SKU Mug (there are MUG, mug, MUG\u200b1)",
        "location DEPOT (there are Depot, depot)",
    ]


def test_the_built_in_location_is_new_only_beside_others() -> None:
    assert said(Newcomers(Held()), "A", "main") == ["SKU A"]
    assert said(Newcomers(Held(A={"depot": 1})), "A", "main") == ["location main"]


def test_new_names_of_one_batch_that_differ_in_a_letter_are_a_series() -> None:
    names = Newcomers(Held())
    for sku in ("TEE-1", "TEE-2", "TEE-3"):
        assert said(names, sku, "main") == [f"SKU {sku}"]
    assert said(names, "tee-1", "main") == ["SKU tee-1 (there is TEE-1)"]


def test_only_the_first_few_are_compared_by_their_spelling() -> None:
    names = Newcomers(Held(MUG={"main": 1}))
    for number in range(10):
        said(names, f"SERIES-{number}", "main")
    assert said(names, "MUGS", "main") == ["SKU MUGS"]
    assert said(names, "mug", "main") == ["SKU mug (there is MUG)"]


def test_all_names_are_read_once_and_only_for_a_new_one() -> None:
    held = Held(MUG={"main": 1})
    names = Newcomers(held)
    said(names, "MUG", "main")
    assert held.read == 0
    for number in range(50):
        said(names, f"X{number}", "main")
    assert held.read == 1


def draft(sku: str, location: str) -> Draft:
    return Draft(sku, location, "sold", 1, "2022-03-01T12:00:00.000Z", 0)


def refused(guard: Guard, sku: str, location: str, said: bool = True) -> str | None:
    try:
        guard.check(draft(sku, location), said)
    except NameRefused as error:
        return error.message
    return None


def test_a_guessed_place_is_refused_where_a_sku_lies_only_elsewhere() -> None:
    held = Held(MUG={"shop": 24, "depot": 120}, PEN={"main": 0, "shop": 9})
    guard = Guard(held, ANY_NAMES, 0)
    assert refused(guard, "MUG", "main", said=False) == (
        "MUG lies at depot (120) and shop (24), not at main"
    )
    assert refused(guard, "PEN", "main", said=False) is None
    assert refused(guard, "NEW", "main", said=False) is None
    # Once somebody has said so, it lies there too.
    assert refused(guard, "MUG", "main") is None
    assert refused(guard, "MUG", "main", said=False) is None


def test_what_a_batch_put_elsewhere_counts_too() -> None:
    guard = Guard(Held(), ANY_NAMES, 0)
    assert refused(guard, "NEW", "depot") is None
    assert refused(guard, "NEW", "main", said=False) == "NEW lies at depot, not at main"


def test_only_known_names_pass_where_that_is_wanted() -> None:
    guard = Guard(Held(MUG={"shop": 1}), NameRules(known_only=True), 0)
    assert refused(guard, "MUG", "shop") is None
    assert refused(guard, "mug", "shop") == (
        "mug is a new SKU (there is MUG), and only known names are allowed"
    )
    assert refused(guard, "MUG", "shpo") == (
        "shpo is a new location (there is shop), and only known names are allowed"
    )
    # It is not known for having been refused.
    assert refused(guard, "mug", "shop") is not None

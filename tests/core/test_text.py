"""What a name may be: text in; the name, or why it is none, out."""

import unicodedata

import pytest

from inventory_cli.core.text import INVISIBLE, clean_name
from inventory_cli.errors import WrongUsage

UNSEEN = [
    "\ufeff",  # a byte order mark
    "\u200b",  # a space of no width
    "\u200d",
    "\u200e",
    "\u202e",
    "\u2066",
    "\u00ad",  # a soft hyphen
    "\u2060",
    "\u00a0",
    "\u3000",
    "\u2800",
    "\u3164",
    "\u200b \u200b\u00a0\t",
]


@pytest.mark.parametrize("unseen", UNSEEN, ids=ascii)
def test_what_cannot_be_seen_is_cut_at_the_ends_and_kept_inside(unseen: str) -> None:
    assert clean_name(f"{unseen}MUG-BLUE{unseen}", "SKU") == "MUG-BLUE"
    assert clean_name(f" {unseen} ÄPFEL {unseen} ", "SKU") == "ÄPFEL"
    inside = f"MUG{unseen[0]}BLUE"
    assert clean_name(inside, "SKU") == inside


@pytest.mark.parametrize("unseen", UNSEEN, ids=ascii)
def test_a_name_of_which_nothing_can_be_seen_is_empty(unseen: str) -> None:
    with pytest.raises(WrongUsage, match="SKU is empty"):
        clean_name(unseen, "SKU")


@pytest.mark.parametrize("name", ["❤\ufe0f", "\U0001f3f4\U000e0067\U000e007f", "é", "e\u0301"])
def test_what_changes_the_sign_before_it_is_kept(name: str) -> None:
    assert clean_name(f"{name} ", "SKU") == name


def test_what_is_invisible_has_no_letter_that_can_be_read() -> None:
    kinds = {unicodedata.category(letter) for letter in INVISIBLE}
    # Fillers count as letters of Hangul, and are blank.
    assert kinds <= {"Cf", "Mn", "Lo", "So", "Cn"}
    assert all(
        "FILLER" in unicodedata.name(letter)
        for letter in INVISIBLE
        if unicodedata.category(letter) == "Lo"
    )

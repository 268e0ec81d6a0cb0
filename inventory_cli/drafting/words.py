"""Knows what the words of headers and of types mean, in the languages of the table `words.csv`.

A row of the table is a meaning, a column a language; `_` joins words, `*` stands for any ending.
Values in, values out. Must never know a file, or what stands in its columns.
"""

import csv
import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

# The longest words of the table that `_` joins.
_MOST_JOINED = 4
# What may stand between the parts of a German word.
_LINKS = ("s", "n", "es")
_LEAST_PART = 3
_ENDINGS = ("s", "es", "e", "n", "en")
# Latin letters part words by blanks; where a script does not, a word of one sign is one.
_UNPARTED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")

_DASHES = re.compile(r"[-\u2010-\u2015\u2212./*?]{1,4}")
_NOTHING = frozenset[str]()
_EMPTY = frozenset(("empty",))


class _Table(NamedTuple):
    """Meanings by word, and by how a word begins."""

    words: Mapping[str, frozenset[str]]
    stems: Mapping[str, frozenset[str]]
    longest: int


class Meanings(NamedTuple):
    """What the words of a text mean together, and how many of them are not known."""

    all: frozenset[str]
    unknown: int

    def has(self, *meanings: str) -> bool:
        """Tell whether it means any of these."""
        return not self.all.isdisjoint(meanings)

    def only(self, *meanings: str) -> bool:
        """Tell whether it means nothing else than these."""
        return self.unknown == 0 and self.all <= frozenset(meanings)


def folded_words(text: str) -> list[str]:
    """Return the words of a text without what makes no difference between two: case, accents,
    width, `_`, and whether capitals part them. A unit in parentheses is none of them.
    """
    text = unicodedata.normalize("NFKC", text.replace("\u00b0", "o"))
    text = re.sub(r"\([^)]*\)", " ", text).replace("#", " no ")
    text = "".join(c for c in unicodedata.normalize("NFD", text) if not "\u0300" <= c <= "\u036f")
    text = unicodedata.normalize("NFC", text)
    text = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", text)
    return re.sub(r"[\W_]+", " ", text).casefold().split()


@lru_cache(maxsize=1)
def _table() -> _Table:
    words: dict[str, set[str]] = {}
    stems: dict[str, set[str]] = {}
    text = (files("inventory_cli.drafting") / "words.csv").read_text(encoding="utf-8")
    for meaning, *languages in list(csv.reader(text.splitlines()))[1:]:
        for word in " ".join(languages).split():
            joined = " ".join(folded_words(word))
            (stems if word.endswith("*") else words).setdefault(joined, set()).add(meaning)
    for joined in [word for word in words if " " in word]:
        words.setdefault(joined.replace(" ", ""), set()).update(words[joined])
    return _Table(
        {word: frozenset(found) for word, found in words.items()},
        {stem: frozenset(found) for stem, found in stems.items()},
        max(map(len, words)),
    )


def _meanings_of_word(word: str) -> frozenset[str] | None:
    """Return what one word means, also with an ending or as a run of several; None if unknown."""
    table = _table()
    if found := table.words.get(word):
        return found
    for ending in _ENDINGS:
        stem = word.removesuffix(ending)
        is_long = ending == "s" or len(stem) > _LEAST_PART
        if stem != word and is_long and (found := table.words.get(stem)):
            return found
    for end in range(len(word), _LEAST_PART - 1, -1):
        if found := table.stems.get(word[:end]):
            return found
    return _meanings_of_parts(word)


def _meanings_of_parts(word: str) -> frozenset[str] | None:
    """Return what a word means that is run together of others, such as `Artikelnummer` or 在庫数.

    Where no blanks part words, some of it need not be known.
    """
    unparted = _UNPARTED.search(word) is not None
    least = 1 if unparted else _LEAST_PART
    # For each length of the beginning: how much of it is not known, of how many parts, and what
    # they mean.
    best: list[tuple[int, int, frozenset[str]] | None] = [None] * (len(word) + 1)
    best[0] = (0, 0, _NOTHING)
    for start in range(len(word)):
        so_far = best[start]
        if so_far is None:
            continue
        for end, unknown, found in _parts_from(word, start, least, unparted):
            reached = (so_far[0] + unknown, so_far[1] + 1, so_far[2] | found)
            known = best[end]
            if known is None or reached[:2] < known[:2]:
                best[end] = reached
    whole = best[-1]
    return whole[2] if whole is not None and whole[0] < len(word) else None


def _parts_from(
    word: str, start: int, least: int, unparted: bool
) -> Iterator[tuple[int, int, frozenset[str]]]:
    table = _table()
    for end in range(start + 1, min(len(word), start + table.longest) + 1):
        part = word[start:end]
        is_last = end == len(word)
        found = table.words.get(part)
        if found and (
            len(part) >= least or (is_last and start and len(part) > 1 and "number" in found)
        ):
            yield end, 0, found
        elif start and not is_last and part in _LINKS and not unparted:
            yield end, 0, _NOTHING
        elif unparted and end == start + 1:
            yield end, 1, _NOTHING


# Each field asks for the meaning of each column.
@lru_cache(maxsize=1 << 16)
def meanings(text: str) -> Meanings:
    """Return what the words of a header, or of a type, mean."""
    words = folded_words(text)
    table, found, unknown, at = _table().words, _NOTHING, 0, 0
    while at < len(words):
        for count in range(min(_MOST_JOINED, len(words) - at), 1, -1):
            run = words[at : at + count]
            # What capitals part may be one word, as `SLoc` is.
            if joined := table.get(" ".join(run)) or table.get("".join(run)):
                found, at = found | joined, at + count
                break
        else:
            one = _meanings_of_word(words[at])
            found, unknown, at = found | (one or _NOTHING), unknown + (one is None), at + 1
    return Meanings(found - {"filler"}, unknown)


def is_known(header: str) -> bool:
    """Tell whether a header says anything in a language of the table."""
    return bool(meanings(header).all)


def tells_of_sales(header: str) -> bool:
    """Tell whether a column of that name stands in files of sales."""
    means = meanings(header)
    return means.has("partner") or means.has("money") or {"document", "sold"} <= means.all


_SIGNS = {"+": "received", "-": "removed", "\u2212": "removed"}
# What a word of a type column means, the first that fits; `in` and `out` say which way.
_KINDS = ("returned", "opened", "transferred", "adjusted", "counted", "received", "sold", "removed")
_SIDES = {"transferred": ("transferred_in", "transferred_out"), "adjusted": ("received", "removed")}


def kind_of(word: str) -> str | None:
    """Return the kind, or side of a transfer, that a word of a type column most likely means."""
    if sign := _SIGNS.get(word.strip()):
        return sign
    means = meanings(word)
    if means.has("void"):
        return None
    comes, goes = means.has("in", "to"), means.has("out", "from")
    for kind in _KINDS:
        if not means.has(kind):
            continue
        if kind == "returned" and (means.has("supplier") or means.has("received")):
            return "removed"
        if kind in _SIDES and comes != goes:
            return _SIDES[kind][goes]
        return kind
    comes, goes = means.has("in"), means.has("out")
    return None if comes == goes else "received" if comes else "removed"


def is_void(status: str) -> bool:
    """Tell whether a row of that status never happened."""
    return meanings(status).has("void")


def is_waiting(status: str) -> bool:
    """Tell whether a row of that status has perhaps not happened yet."""
    return meanings(status).has("waiting")


def is_total(text: str) -> bool:
    """Tell whether a cell in place of a name says that the row adds up the others."""
    return meanings(text).has("total") and meanings(text).only(
        "total", "money", "stock", "quantity"
    )


def is_empty_word(text: str) -> bool:
    """Tell whether a cell says in a word, or by a dash, that there is nothing in it."""
    return bool(_DASHES.fullmatch(text)) or meanings(text) == Meanings(_EMPTY, 0)


def outside_of(place: str) -> tuple[str, str] | None:
    """Return what coming from a place, and going there, means; None where it may be ours."""
    means = meanings(place)
    if means.has("supplier", "received"):
        return "received", "removed"
    if means.has("partner"):
        return "returned", "sold"
    if means.has("adjusted", "removed", "virtual"):
        return "adjusted", "adjusted"
    return None

"""Knows what the types and signs of an unknown file most likely mean, and what they leave open.

Must never know how a date or a number is spelled.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from inventory_cli.core.events import KINDS
from inventory_cli.core.wording import count_of
from inventory_cli.drafting.fields import likely_kind
from inventory_cli.drafting.survey import Survey
from inventory_cli.drafting.tendencies import Tendencies, Word
from inventory_cli.drafting.toml_text import entry, quoted
from inventory_cli.drafting.words import outside_of, rank, tells_of_sales
from inventory_cli.importing.cells import is_own_word
from inventory_cli.importing.directions import ARRIVES, LEAVES
from inventory_cli.importing.profile import Profile
from inventory_cli.importing.profile_keys import TRANSFERS

# What one side of a transfer is, where its other side is not to be found.
_HALVES = {"transferred_out": "removed", "transferred_in": "received"}


class Directions(NamedTuple):
    """The lines of a profile that say which way goods go; `constants` are those of [set]."""

    signs: list[str]
    constants: list[str]
    kinds: list[str]
    outside: list[str]


class _Meaning(NamedTuple):
    """The kind that a word most likely means, and what to know of it."""

    kind: str
    remark: str = ""
    sure: bool = True


def find_directions(
    name: str, fields: Mapping[str, int], seen: Tendencies, given: Profile, survey: Survey
) -> Directions:
    """Return what says which way the goods of a file go."""
    found = Directions([], [], [], [])
    two_columns = bool(fields.keys() & {"quantity_in", "quantity_out"})
    if "type" in fields:
        signed = given.signed or (None if two_columns else _signed_by_kinds(seen, given))
        _explain_kinds(name, fields, seen, given, signed or (two_columns and "change"), found)
        if seen.are_paired and "to_location" not in fields and "reference" in fields:
            header = survey.columns[fields["reference"]].header
            found.signs.append(entry("pair_by", quoted(header), "both rows of a transfer have it"))
    else:
        signed = given.signed or _signed_without_type(name, fields, seen, given, survey, found)
    if signed:
        all = seen.all
        remark = f"positive quantities: {all.plus}, negative: {all.minus}"
        found.signs.insert(0, entry("signed", quoted(signed), remark))
    return found


def _signed_by_kinds(seen: Tendencies, given: Profile) -> str | None:
    """Return what signs mean, by those that arrivals and departures have."""
    arrive, leave, other = Word(), Word(), Word()
    for word in seen.words.values():
        kind = likely_kind(word.text, given.kinds)
        (arrive if kind in ARRIVES else leave if kind in LEAVES else other).add(word)
    if leave.minus > leave.plus and arrive.plus >= arrive.minus:
        return "change"
    if arrive.minus > arrive.plus and leave.plus >= leave.minus:
        return "inverted"
    if not leave.rows and arrive.minus:
        return "change"
    if not arrive.rows and leave.minus:
        return "inverted"
    return "change" if other.minus and not arrive.rows and not leave.rows else None


def _explain_kinds(
    name: str,
    fields: Mapping[str, int],
    seen: Tendencies,
    given: Profile,
    signed: str | bool | None,
    found: Directions,
) -> None:
    """Add a line for each word of the type column, the most frequent first."""
    needs_reason = False
    for word in sorted(seen.words.values(), key=lambda word: -word.rows):
        if not word.text:
            found.kinds.append(f"# {count_of(word.rows, 'row')} have no type, and are bad rows")
            continue
        kind, remark, sure = _meaning(word, fields, seen, given, signed)
        remark = f"{count_of(word.rows, 'row')}{remark and ': '}{remark}"
        found.kinds.append(entry(quoted(word.text), quoted(kind), remark, sure))
        needs_reason |= kind == "adjusted" and is_own_word(word.text)
    if needs_reason and "reason" not in given.constants:
        found.constants.append(
            entry("reason", quoted(f"adjusted in {name}"), "where the row gives none")
        )


def _meaning(
    word: Word,
    fields: Mapping[str, int],
    seen: Tendencies,
    given: Profile,
    signed: str | bool | None,
) -> _Meaning:
    kind = likely_kind(word.text, given.kinds)
    if kind is None:
        return _Meaning("?", "not known, which kind is it?", sure=False)
    if word.text.casefold() in given.kinds:
        return _Meaning(kind)
    if kind in TRANSFERS and "to_location" not in fields:
        if seen.are_paired and "reference" in fields and (signed or kind != "transferred"):
            return _Meaning(kind)
        half = _HALVES.get(kind) or ("adjusted" if signed else None)
        if half is None:
            return _by_balance(word, kind)
        return _Meaning(half, "a transfer whose other place the file does not name")
    if kind == "adjusted" and not signed and not word.minus:
        return _by_balance(word, kind)
    if kind == "counted" and signed and word.minus:
        return _Meaning("adjusted", f"{word.minus} negative, so these are differences")
    remarks = []
    if kind in TRANSFERS and word.targets < word.rows:
        remarks.append(f"{word.rows - word.targets} do not say where to, and are bad rows")
    if word.zero and kind not in ("counted", "opened"):
        remarks.append(f"{word.zero} with the quantity 0, which are bad rows")
    opposite = KINDS[kind].opposite if kind in KINDS else None
    against = word.minus if (kind in ARRIVES) == (signed != "inverted") else word.plus
    if signed and opposite and against:
        remarks.append(f"{against} the other way, which is {opposite}")
    elif word.minus and not signed and kind != "adjusted":
        remarks.append(f"{word.minus} negative, which are bad rows")
    return _Meaning(kind, "; ".join(remarks))


def _by_balance(word: Word, kind: str) -> _Meaning:
    """Return what a word without a direction means, by the balances before and after its rows."""
    rose, fell = word.rose, word.fell
    if not rose + fell:
        doubt = "where to?" if kind == "transferred" else "does it add or take away?"
        return _Meaning(kind, f"{doubt} nothing says so", sure=False)
    remark = f"by the balances {fell} fell and {rose} rose"
    sure = 2 * (rose + fell) >= word.rows and 10 * max(rose, fell) >= 9 * (rose + fell)
    if sure and fell > rose:
        kind = "removed"
    elif sure and kind == "transferred":
        kind = "received"
    return _Meaning(kind, remark, sure)


def _signed_without_type(
    name: str,
    fields: Mapping[str, int],
    seen: Tendencies,
    given: Profile,
    survey: Survey,
    found: Directions,
) -> str | None:
    """Return what signs mean in a file without types, and add what stands for these."""
    plus, minus = seen.all.plus, seen.all.minus
    if kind := given.constants.get("type"):
        if not minus or kind == "adjusted":
            return None
        return (
            "inverted"
            if kind in ("sell", "sold", "remove", "removed") and plus > minus
            else "change"
        )
    if {"location", "to_location"} <= fields.keys():
        _explain_places(seen, found)
        return None
    if "quantity" not in fields:
        return None
    headers = [column.header for column in survey.columns]
    is_state = rank("balance", headers[fields["quantity"]]) is not None
    if "date" not in fields or is_state:
        _explain_stock_list(name, fields, seen, found)
        return None
    if sum(map(tells_of_sales, headers)) > 1:
        found.constants.append(
            entry("type", quoted("sold"), "prices and the like: these are sales")
        )
        return "inverted" if plus >= minus else "change"
    remark = (
        "and removed, by the sign" if minus else "or removed: nothing says which way goods went"
    )
    found.constants.append(entry("type", quoted("received"), remark, sure=bool(minus)))
    return "change" if minus else None


def _explain_stock_list(
    name: str, fields: Mapping[str, int], seen: Tendencies, found: Directions
) -> None:
    is_opening = re.search(r"initial|opening|anfang", name.casefold())
    kinds = ("opened", "counted") if is_opening else ("counted", "opened")
    remark = f'a list of what is there; or "{kinds[1]}"'
    if seen.repeated_skus and "date" not in fields:
        remark += f"; rows that repeat a SKU, of which the last counts: {seen.repeated_skus}"
    found.constants.append(entry("type", quoted(kinds[0]), remark))
    if "date" not in fields:
        found.constants.append(
            entry("date", quoted("today"), "the file has no dates: say when it was so", sure=False)
        )


def _explain_places(seen: Tendencies, found: Directions) -> None:
    for place, count in seen.places.most_common():
        if ways := outside_of(place):
            come, go = map(quoted, ways)
            remark = f"{count_of(count, 'row')}; not a place of ours"
            line = entry(quoted(place), f"{{ from = {come}, to = {go} }}", remark)
            found.outside.append(line)
    if not found.outside:
        remark = "every row names two places"
        found.constants.append(entry("type", quoted("transferred"), remark))

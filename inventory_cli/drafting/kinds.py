"""Knows what the types and signs of an unknown file most likely mean, and what they leave open.

Must never know how a date or a number is spelled.
"""

from collections.abc import Sequence
from typing import NamedTuple

from inventory_cli.core.events import KINDS
from inventory_cli.core.wording import count_of
from inventory_cli.drafting.balances import sign_of, ways_of_words
from inventory_cli.drafting.by_name import Chosen
from inventory_cli.drafting.doubts import Doubts
from inventory_cli.drafting.guesses import likely_kind
from inventory_cli.drafting.headers import rank
from inventory_cli.drafting.quantity_columns import way_of
from inventory_cli.drafting.stock_lists import day_of_list, explain_stock_list
from inventory_cli.drafting.survey import Survey
from inventory_cli.drafting.tendencies import Tendencies, Word
from inventory_cli.drafting.toml_text import entry, quoted
from inventory_cli.drafting.words import meanings, outside_of, tells_of_sales
from inventory_cli.importing.cells import is_own_word
from inventory_cli.importing.directions import ARRIVES, LEAVES
from inventory_cli.importing.profile import Profile
from inventory_cli.importing.profile_keys import TRANSFERS

# What one side of a transfer is, where its other side is not to be found.
_HALVES = {"transferred_out": "removed", "transferred_in": "received"}
_TURNED = {"returned": "removed", "received": "removed", "sold": "received", "removed": "received"}
# What a date means that says of when a list is.
_OF_LISTS = ("stock", "counted", "changed")
# As many of the rows of a word must go the same way for it to mean that.
_LEAST_SHARE = 0.9


class Directions(NamedTuple):
    """The lines of a profile that say which way goods go; `constants` are those of [set].

    `meant` are the kinds by word, in lower case; `signed` is what signs mean.
    """

    signs: list[str]
    constants: list[str]
    kinds: list[str]
    outside: list[str]
    meant: dict[str, str]
    signed: str | None = None


class _Meaning(NamedTuple):
    """The kind that a word most likely means, and what to know of it."""

    kind: str
    remark: str = ""
    sure: bool = True


class _Facts(NamedTuple):
    name: str
    chosen: Chosen
    seen: Tendencies
    given: Profile
    survey: Survey
    signed: str | None
    has_two_columns: bool


def find_directions(
    name: str, chosen: Chosen, seen: Tendencies, given: Profile, survey: Survey, doubts: Doubts
) -> Directions:
    """Return what says which way the goods of a file go. What a stock list has no use for is
    taken out of the fields.
    """
    found = Directions([], [], [], [], {})
    fields = chosen.fields
    two_columns = bool(fields.keys() & {"quantity_in", "quantity_out"})
    facts = _Facts(name, chosen, seen, given, survey, given.signed, two_columns)
    _note_ways(facts)
    if "type" in fields:
        if not two_columns and facts.signed is None:
            facts = facts._replace(signed=_signed(facts))
        _explain_kinds(facts, found, doubts)
        if seen.are_paired and "to_location" not in fields and "reference" in fields:
            header = survey.columns[fields["reference"]].header
            found.signs.append(entry("pair_by", quoted(header), "both rows of a transfer have it"))
    else:
        facts = facts._replace(signed=given.signed or _signed_without_type(facts, found, doubts))
    if facts.signed:
        all = seen.all
        remark = f"positive quantities: {all.plus}, negative: {all.minus}"
        found.signs.insert(0, entry("signed", quoted(facts.signed), remark))
    return found._replace(signed=facts.signed)


def _note_ways(facts: _Facts) -> None:
    """Note for each word how often the balances rose and fell by its rows, if they prove it."""
    proof, type = facts.chosen.proof, facts.chosen.fields.get("type")
    if proof is None or type is None:
        return
    for text, (rose, fell) in ways_of_words(facts.chosen.sample, proof.claim, type).items():
        if word := facts.seen.words.get(text):
            word.rose, word.fell = rose, fell


def _signed(facts: _Facts) -> str | None:
    proof = facts.chosen.proof
    return (proof and sign_of(facts.chosen.sample, proof.claim)) or _signed_by_kinds(
        facts.seen, facts.given
    )


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


def _explain_kinds(facts: _Facts, found: Directions, doubts: Doubts) -> None:
    """Add a line for each word of the type column, the most frequent first."""
    needs_reason = False
    unsure = []
    for word in sorted(facts.seen.words.values(), key=lambda word: -word.rows):
        if not word.text:
            found.kinds.append(f"# Without a type, and so bad: {count_of(word.rows, 'row')}")
            continue
        kind, remark, sure = _meaning(word, facts)
        remark = f"{count_of(word.rows, 'row')}{remark and ': '}{remark}"
        found.kinds.append(entry(quoted(word.text), quoted(kind), remark, sure))
        found.meant.update({word.text.casefold(): kind} if sure else {})
        needs_reason |= kind == "adjusted" and is_own_word(word.text)
        unsure += [] if sure else [word.text]
    if unsure:
        doubts.note("type", f"what {', '.join(map(quoted, unsure))} mean, or which way they go")
    if needs_reason and "reason" not in facts.given.constants:
        found.constants.append(
            entry("reason", quoted(f"adjusted in {facts.name}"), "where the row gives none")
        )


def _meaning(word: Word, facts: _Facts) -> _Meaning:
    seen, fields, signed = facts.seen, facts.chosen.fields, facts.signed
    directed = signed or ("change" if facts.has_two_columns else None)
    kind = likely_kind(word.text, facts.given.kinds)
    if kind is not None and word.text.casefold() in facts.given.kinds:
        return _Meaning(kind)
    if kind is None:
        return _unknown(word, signed, facts.has_two_columns)
    if kind in TRANSFERS and "to_location" not in fields:
        if seen.are_paired and "reference" in fields and (directed or kind != "transferred"):
            return _Meaning(kind)
        half = _HALVES.get(kind) or ("adjusted" if directed else None)
        if half is None:
            return _by_balance(word, kind)
        return _Meaning(half, "a transfer whose other place the file does not name")
    if kind == "adjusted" and not directed and not word.minus:
        return _by_balance(word, kind)
    if kind == "counted" and directed and word.minus:
        return _Meaning("adjusted", f"{word.minus} negative, so these are differences")
    if not directed and _is_against(word, kind):
        turned = _TURNED[kind]
        return _Meaning(turned, f"by the balances {word.fell} fell and {word.rose} rose")
    return _Meaning(kind, "; ".join(_remarks(word, kind, facts, directed)))


def _remarks(word: Word, kind: str, facts: _Facts, directed: str | None) -> list[str]:
    remarks = []
    if kind in TRANSFERS and word.targets < word.rows:
        remarks.append(f"{word.rows - word.targets} do not say where to, and are bad rows")
    if word.zero and not facts.has_two_columns and kind not in ("counted", "opened"):
        fate = "nothing" if facts.signed else "bad rows"
        remarks.append(f"{word.zero} with the quantity 0, which are {fate}")
    opposite = KINDS[kind].opposite if kind in KINDS else None
    against = word.minus if (kind in ARRIVES) == (directed != "inverted") else word.plus
    if directed and opposite and against:
        remarks.append(f"{against} the other way, which is {opposite}")
    elif word.minus and not directed and kind != "adjusted":
        remarks.append(f"{word.minus} negative, which are bad rows")
    return remarks


def _is_against(word: Word, kind: str) -> bool:
    """Tell whether the balances contradict what a word says of itself."""
    against = word.fell if kind in ARRIVES else word.rose if kind in LEAVES else 0
    return kind in _TURNED and against >= max(1, _LEAST_SHARE * (word.rose + word.fell))


def _unknown(word: Word, signed: str | None, has_two_columns: bool) -> _Meaning:
    """Return what a word means of which only the sign or the balances say which way it goes."""
    if signed or has_two_columns:
        falls = (word.minus > word.plus) != (signed == "inverted")
        return _Meaning("removed" if falls else "received", "not known; the signs say which way")
    if word.rose + word.fell:
        meaning = _by_balance(word, "adjusted")
        kind = "received" if word.rose > word.fell else "removed"
        return meaning._replace(kind=kind) if meaning.sure else meaning
    return _Meaning("?", "not known, which kind is it?", sure=False)


def _by_balance(word: Word, kind: str) -> _Meaning:
    """Return what a word without a direction means, by the balances before and after its rows."""
    rose, fell = word.rose, word.fell
    if not rose + fell:
        doubt = "where to?" if kind == "transferred" else "does it add or take away?"
        return _Meaning(kind, f"{doubt} nothing says so", sure=False)
    remark = f"by the balances {fell} fell and {rose} rose"
    sure = 2 * (rose + fell) >= word.rows and max(rose, fell) >= _LEAST_SHARE * (rose + fell)
    if sure and fell > rose:
        kind = "removed"
    elif sure and kind == "transferred":
        kind = "received"
    return _Meaning(kind, remark, sure)


def _signed_without_type(facts: _Facts, found: Directions, doubts: Doubts) -> str | None:
    """Return what signs mean in a file without types, and add what stands for these."""
    fields, seen = facts.chosen.fields, facts.seen
    plus, minus = seen.all.plus, seen.all.minus
    if kind := facts.given.constants.get("type"):
        if not minus or kind == "adjusted":
            return None
        leaves = kind in ("sell", "sold", "remove", "removed")
        return "inverted" if leaves and plus > minus else "change"
    if facts.chosen.ways:
        if "date" not in fields:
            found.constants.append(day_of_list(facts.name, doubts))
        return None
    if {"location", "to_location"} <= fields.keys():
        _explain_places(seen, found)
        return None
    headers = [column.header for column in facts.survey.columns]
    if facts.chosen.places and "date" not in fields:
        explain_stock_list(
            facts.name, facts.chosen, seen, headers, found.constants, found.signs, doubts
        )
        return None
    if "quantity" not in fields:
        return None
    header = headers[fields["quantity"]]
    is_state = rank("balance", header) is not None or rank("before", header) is not None
    is_state |= "date" in fields and meanings(headers[fields["date"]]).has(*_OF_LISTS)
    is_change = meanings(header).has("change") or minus
    if is_state or ("date" not in fields and not is_change):
        explain_stock_list(
            facts.name, facts.chosen, seen, headers, found.constants, found.signs, doubts
        )
        return None
    return _signed_movements(facts, header, headers, found, doubts)


def _signed_movements(
    facts: _Facts, header: str, headers: Sequence[str], found: Directions, doubts: Doubts
) -> str | None:
    """Return what signs mean where every row is a movement, and add what all of them are."""
    plus, minus = facts.seen.all.plus, facts.seen.all.minus
    proof = facts.chosen.proof
    signed = proof and sign_of(facts.chosen.sample, proof.claim)
    if signed is None and (kind := way_of(header)):
        sure = "quantity" not in facts.chosen.undecided
        remark = f"as {header!r} says" + ("" if sure else '; or "counted", or another')
        found.constants.append(entry("type", quoted(kind), remark, sure))
        found.meant[""] = kind
        leaves = (kind in LEAVES) == (plus >= minus)
        return ("inverted" if leaves else "change") if minus else None
    at = headers[facts.chosen.fields["date"]] if "date" in facts.chosen.fields else ""
    if signed is None and meanings(at).has("in", "received"):
        found.constants.append(entry("type", quoted("received"), f"as {at!r} says"))
        found.meant[""] = "received"
        return "change" if minus else None
    if signed is None and sum(map(tells_of_sales, headers)) > 1:
        found.constants.append(
            entry("type", quoted("sold"), "prices and the like: these are sales")
        )
        found.meant[""] = "sold"
        return "inverted" if plus >= minus else "change"
    if minus:
        found.constants.append(entry("type", quoted("received"), "and removed, by the sign"))
        return signed or "change"
    kind, remark = _proved_way(facts)
    found.meant[""] = kind
    found.constants.append(entry("type", quoted(kind), remark, sure=remark.startswith("by ")))
    if not remark.startswith("by "):
        doubts.note("direction", "which way goods went: no type, sign or balance says so")
    return None


def _proved_way(facts: _Facts) -> tuple[str, str]:
    proof = facts.chosen.proof
    if proof is not None:
        (ways,) = ways_of_words(facts.chosen.sample, proof.claim, None).values() or [[0, 0]]
        if 0 in ways and any(ways):
            return ("received" if ways[0] else "removed"), "by the balances"
    return "received", "or removed: nothing says which way goods went"


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

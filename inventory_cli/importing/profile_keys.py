"""Knows what each key of a profile may say, and how that is read. Must never know a file."""

import codecs
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from inventory_cli.core.descriptions import FACTS
from inventory_cli.core.events import COMMAND_KINDS, DESCRIBED, KINDS, OPENING_DETAILS
from inventory_cli.errors import WrongUsage
from inventory_cli.importing.date_formats import check_date_format

REQUIRED = ("date", "sku", "type", "quantity")
OPTIONAL = ("location", "to_location", "reason", "reference", "unit_cost", "id", "by")
NATIVE = (*REQUIRED, *OPTIONAL, *OPENING_DETAILS)
# These are never found by the name of a column, only where they are mapped.
MAPPED_ONLY = ("quantity_in", "quantity_out", "balance", *FACTS)
FIELDS = (*NATIVE, *MAPPED_ONLY)
# What stands in [columns] or [set] where a draft leaves open what a field is.
UNDECIDED = "?"
# Of the cells of these a part may be meant.
EXTRACTED = ("sku", "type", "location", "to_location", "reference", "id", "by")

# What a row of a one-sided transfer is: the side at which the goods leave, or arrive.
TRANSFER_SIDES = ("transferred_out", "transferred_in")
TRANSFERS = ("transferred", *TRANSFER_SIDES)
IMPORTED_KINDS = (*(kind for kind in KINDS if kind != "reversed"), *TRANSFER_SIDES)

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "\\t": "\t"}

KINDS_HINT = f"kinds are {', '.join(IMPORTED_KINDS)}"


class NotAKind(WrongUsage):
    """A word that stands where a kind of event is wanted, and is none."""


class Outside(NamedTuple):
    """What it means when goods come from a place that is not ours, or go there: kinds."""

    come: str
    go: str


# Cells by column: a row matches when each of these columns holds one of its texts.
Rule = Mapping[str, tuple[str, ...]]


def _table(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise WrongUsage("a table is wanted, like [columns]")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise WrongUsage(f"{value!r} is not text in quotes")
    return value


def _constant(value: object) -> str:
    """Return what a field is set to; TOML has dates and numbers of its own."""
    return (
        str(value)
        if isinstance(value, (date, int)) and not isinstance(value, bool)
        else _text(value)
    )


def _texts(value: object) -> tuple[str, ...]:
    """Return one text or a list of them as a tuple."""
    # The words of an option come as a tuple, those of TOML as a list.
    items = value if isinstance(value, (list, tuple)) else (value,)
    found = tuple(map(_text, items))
    if not found:
        raise WrongUsage("the list is empty")
    return found


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise WrongUsage(f"{value!r} is not true or false")
    return value


def _count(value: object) -> int:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 10:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise WrongUsage(f"{value!r} is not a number of lines")
    return value


def _one_of(*choices: str) -> Callable[[object], str]:
    def parse(value: object) -> str:
        if value not in choices:
            raise WrongUsage(f"{value!r} is not one of {' '.join(choices)}")
        return str(value)

    return parse


def _by_field(
    read: Callable[[object], Any], fields: Sequence[str] = FIELDS
) -> Callable[[object], dict[str, Any]]:
    """Return what reads a table whose keys are fields."""

    def parse(value: object) -> dict[str, Any]:
        table = {field.casefold(): item for field, item in _table(value).items()}
        for field in table:
            if field not in fields:
                what = "here a field" if field in FIELDS else "a field of a movement"
                raise WrongUsage(f"{field!r} is not {what}", f"fields are {', '.join(fields)}")
        return {field: read(item) for field, item in table.items()}

    return parse


def parse_imported_kind(word: str) -> str:
    """Return the kind, or side of a transfer, that a kind's name or command means."""
    folded = word.strip().casefold().replace("-", "_")
    kind = COMMAND_KINDS.get(folded, folded)
    if kind == "reversed":
        raise WrongUsage("a reversal cannot be imported: use `inventory reverse POSITION`")
    if kind not in IMPORTED_KINDS:
        raise NotAKind(f"{word.strip()!r} is not a kind of event", KINDS_HINT)
    return kind


def _kinds(value: object) -> dict[str, str]:
    kinds: dict[str, str] = {}
    for word, kind in _table(value).items():
        meant = parse_imported_kind(_text(kind))
        if kinds.setdefault(word.strip().casefold(), meant) != meant:
            raise WrongUsage(f"{word!r} stands for two kinds; case makes no difference here")
    return kinds


def _pattern(value: object) -> re.Pattern[str]:
    try:
        pattern = re.compile(_text(value))
    except re.error as error:
        raise WrongUsage(f"{value!r} is not a regular expression: {error}") from None
    if pattern.groups != 1:
        raise WrongUsage(f"{value!r} needs one pair of parentheses around the part that is meant")
    return pattern


def _outside(value: object) -> dict[str, Outside]:
    places = {}
    for place, meaning in _table(value).items():
        kinds = {way: parse_imported_kind(_text(kind)) for way, kind in _table(meaning).items()}
        if kinds.keys() - {"from", "to"} or not kinds:
            raise WrongUsage(f"{place!r} needs from = KIND, to = KIND or both")
        for way, kind in kinds.items():
            if kind in ("counted", "transferred", *TRANSFER_SIDES):
                raise WrongUsage(f"{place!r}, {way}: {kind} has no direction of its own")
            sign = KINDS[kind].sign
            if kind != "adjusted" and (sign == 1) != (way == "from"):
                raise WrongUsage(f"{place!r}, {way}: goods that are {kind} go the other way")
        places[place] = Outside(kinds.get("from", ""), kinds.get("to", ""))
    return places


def _places(value: object) -> dict[str, str]:
    return {header: _text(place) for header, place in _table(value).items()}


def _quantities(value: object) -> dict[str, str]:
    kinds = {header: parse_imported_kind(_text(kind)) for header, kind in _table(value).items()}
    for header, kind in kinds.items():
        if kind in (*TRANSFERS, DESCRIBED):
            kinds_here = [kind for kind in IMPORTED_KINDS if kind not in (*TRANSFERS, DESCRIBED)]
            raise WrongUsage(
                f"{header!r}: a column of quantities cannot be {kind!r}",
                f"kinds are {', '.join(kinds_here)}",
            )
    return kinds


def _empties(value: object) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text.strip().casefold() for text in _texts(value)))


def _rule(value: object) -> Rule:
    return {column: _texts(cells) for column, cells in _table(value).items()}


def _rules(value: object) -> tuple[Rule, ...]:
    found = tuple(_rule(rule) for rule in (value if isinstance(value, list) else [value]))
    if not all(found):
        raise WrongUsage("a rule names at least one column")
    return found


def _delimiter(value: object) -> str:
    text = DELIMITERS.get(_text(value), _text(value))
    if len(text) != 1 or text in '"\r\n' or text.isalnum():
        raise WrongUsage(
            f"{text!r} cannot be a delimiter", f"one character, or {' '.join(DELIMITERS)}"
        )
    return text


def _encoding(value: object) -> str:
    try:
        info = codecs.lookup(_text(value))
        "".encode(info.name)
    except (LookupError, ValueError, TypeError):
        raise WrongUsage(
            f"{value!r} is not an encoding of text", "known are utf-8, utf-16, cp1252, latin-1, …"
        ) from None
    return info.name


def _date_formats(value: object) -> tuple[str, ...]:
    formats = _texts(value)
    for text in formats:
        check_date_format(text)
    return formats


# key of a profile → (field of Profile, how its value is read)
KEYS: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "columns": ("columns", _by_field(_texts)),
    "set": ("constants", _by_field(_constant)),
    "kinds": ("kinds", _kinds),
    "places": ("places", _places),
    "quantities": ("quantities", _quantities),
    "extract": ("extract", _by_field(_pattern, EXTRACTED)),
    "outside": ("outside", _outside),
    "leave_out": ("leave_out", _rules),
    "only": ("only", _rule),
    "ignore": ("ignore", _texts),
    "pair_by": ("pair_by", _texts),
    "date_format": ("date_format", _date_formats),
    "signed": ("signed", _one_of("change", "inverted")),
    "decimal_mark": ("decimal_mark", _one_of(".", ",")),
    "delimiter": ("delimiter", _delimiter),
    "encoding": ("encoding", _encoding),
    "header": ("header", _flag),
    "quotes": ("quotes", _flag),
    "sheet": ("sheet", _text),
    "empty": ("empty", _empties),
    "skip_lines": ("skip_lines", _count),
    "fold_case": ("fold_case", _flag),
    "overlap": ("overlap", _one_of("skip", "keep")),
    "check_balances": ("check_balances", _flag),
    "take_as_is": ("take_as_is", _flag),
    "add_up": ("add_up", _flag),
    "once": ("once", _flag),
}

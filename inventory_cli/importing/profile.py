"""Knows how a profile says what the columns and words of other people's files mean.

A profile is a TOML file, one that is shipped, or the options of the same names; options win. Must
never open the file that is imported.
"""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from inventory_cli.core.events import OPENING_DETAILS
from inventory_cli.core.lines import NoLine, bounded_text
from inventory_cli.errors import WrongUsage
from inventory_cli.importing.profile_keys import KEYS, OPTIONAL, Outside, Rule

# In bytes; one that says something of thousands of words is a tenth of it.
_LONGEST = 1_000_000
_ADVICE = (
    "`inventory import --draft FILE` writes a profile for a file; `inventory guide profiles` says "
    "what stands in one"
)


class Profile(NamedTuple):
    """What a file's columns and words mean, and how it is spelled.

    `columns` maps a field to the headers that may hold it, of which the first cell that is not
    empty counts; `constants` a field to its text where no column says it; `kinds` a word of the
    file, in lower case, to a kind or to a side of a transfer. `places` and `quantities` map a
    header to the location, or the kind, of the quantities in that column; a text of `empty`, in
    lower case, is an empty cell.
    """

    columns: Mapping[str, tuple[str, ...]] = {}
    constants: Mapping[str, str] = {}
    kinds: Mapping[str, str] = {}
    places: Mapping[str, str] = {}
    quantities: Mapping[str, str] = {}
    extract: Mapping[str, re.Pattern[str]] = {}
    outside: Mapping[str, Outside] = {}
    leave_out: tuple[Rule, ...] = ()
    only: Mapping[str, tuple[str, ...]] = {}
    ignore: tuple[str, ...] = ()
    pair_by: tuple[str, ...] = ()
    date_format: tuple[str, ...] = ()
    signed: str | None = None
    decimal_mark: str | None = None
    delimiter: str | None = None
    encoding: str | None = None
    header: bool = True
    quotes: bool = True
    sheet: str | None = None
    empty: tuple[str, ...] = ()
    skip_lines: int = 0
    fold_case: bool = False
    overlap: str | None = None
    check_balances: bool = False
    take_as_is: bool = False
    add_up: bool = False
    once: bool = False

    @property
    def is_signed(self) -> bool:
        """Tell whether the sign of a quantity says which way it goes."""
        return self.signed is not None or bool(
            (self.columns.keys() | self.constants.keys()) & {"quantity_in", "quantity_out"}
        )


def shipped_profiles() -> dict[str, str]:
    """Return the text of every profile that comes with the package, by name."""
    from importlib.resources import files  # Takes as long to import as a module of ours.

    folder = files("inventory_cli.importing") / "profiles"
    return {
        entry.name.removesuffix(".toml"): entry.read_text(encoding="utf-8")
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".toml")
    }


def described(text: str) -> tuple[str, list[str]]:
    """Return what a shipped profile reads, and after which pages or files it was made.

    It says so in the comments that it begins with: its first sentence, and the lines of `From:`.
    """
    comments = [line.removeprefix("# ") for line in text.split("\n\n", 1)[0].split("\n")]
    sources = [line.removeprefix("From: ") for line in comments if line.startswith("From: ")]
    reads = re.split(r"\.(?: |$)", " ".join(comments), maxsplit=1)[0]
    return reads, sources


def find_profile(name: str) -> Profile:
    """Return the profile of a file, or the shipped one of that name.

    Raises WrongUsage when there is none, or it says something that is not understood.
    """
    path = Path(name)
    if path.suffix == ".toml" or path.name != name:
        try:
            with path.open("rb") as file:
                text = bounded_text(file, _LONGEST).decode()
            return read_profile(text, name)
        except OSError as error:
            raise WrongUsage(
                f"--profile {name} cannot be read: {error.strerror}", _ADVICE
            ) from None
        except UnicodeDecodeError:
            raise WrongUsage(f"--profile {name} is not UTF-8 text", _ADVICE) from None
        except NoLine as error:
            raise WrongUsage(f"--profile {name} is no profile: {error}", _ADVICE) from None
    shipped = shipped_profiles()
    if name in shipped:
        return read_profile(shipped[name], name)
    near = get_close_matches(name, shipped, n=1, cutoff=0.5)
    raise WrongUsage(
        f"there is no profile {name!r}; known are {', '.join(shipped)}",
        f"did you mean {near[0]}?" if near else "name a file of your own with its .toml ending",
    )


def read_profile(text: str, name: str) -> Profile:
    """Return the profile that TOML text says; `name` is what messages call it."""
    import tomllib  # Most files need no profile.

    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise WrongUsage(f"profile {name} is not TOML: {error}", _ADVICE) from None
    except RecursionError:
        raise WrongUsage(f"profile {name} is nested too deeply", _ADVICE) from None
    read: dict[str, Any] = {}
    for key, value in content.items():
        if key not in KEYS:
            near = get_close_matches(key, KEYS, n=1)
            raise WrongUsage(
                f"profile {name} says {key!r}, which is not known",
                f"did you mean {near[0]}?" if near else f"known are {', '.join(KEYS)}",
            )
        field, parse = KEYS[key]
        try:
            read[field] = parse(value)
        except WrongUsage as error:
            raise WrongUsage(f"profile {name}, {key}: {error.message}", error.hint) from None
    return Profile(**read)


def with_options(profile: Profile, options: Mapping[str, Any]) -> Profile:
    """Return a profile in which the options that were given win, value by value.

    `options` has the keys of a profile; lists of `NAME=VALUE` stand for its tables. Raises
    WrongUsage for one that is not understood.
    """
    # An option that is given as "" is not left away: a script's variable may have been empty.
    given = {key: value for key, value in options.items() if value or value == ""}
    changes: dict[str, Any] = {}
    for key, value in given.items():
        field, parse = KEYS[key]
        if key in _TABLES:
            value = _pairs(key, value)
        try:
            parsed = parse(value)
        except WrongUsage as error:
            option = _TABLES.get(key, key).replace("_", "-")
            raise WrongUsage(f"--{option}: {error.message}", error.hint) from None
        changes[field] = {**getattr(profile, field), **parsed} if key in _TABLES else parsed
    # What the command line sets is not to be found in a column of which only the profile knows.
    named = _pairs("columns", given.get("columns", ())).keys()
    hidden = _pairs("set", given.get("set", ())).keys() - named
    columns = changes.get("columns", profile.columns)
    changes["columns"] = {field: of for field, of in columns.items() if field not in hidden}
    profile = profile._replace(**changes)
    if profile.add_up and profile.once:
        raise WrongUsage("what is listed twice is added up or taken once", "say one of them")
    return profile


# The tables of a profile, and the option that stands for one line of each, with its shape.
_TABLES = {
    "columns": "column",
    "set": "set",
    "kinds": "kind",
    "places": "place",
    "quantities": "quantity",
}
_SHAPES = {
    "columns": "FIELD=HEADER",
    "set": "FIELD=VALUE",
    "kinds": "SOURCE=KIND",
    "places": "HEADER=LOCATION",
    "quantities": "HEADER=KIND",
}
# That such a field is set to nothing is as good as to say that the file does not have it.
_MAY_BE_NOTHING = frozenset(OPTIONAL) - {"location"} | frozenset(OPENING_DETAILS)


def _pairs(key: str, words: Iterable[str]) -> dict[str, Any]:
    """Return words like NAME=VALUE as a table; a column may be given more than once."""
    table: dict[str, Any] = {}
    for word in words:
        # A word of the file, or a header, may hold `=` itself.
        field_first = key in ("columns", "set")
        left, equals, right = word.partition("=") if field_first else word.rpartition("=")
        left, right = left.strip(), right.strip()
        if key == "places" and not equals:
            # A place that is called as its column is.
            left = right
        may_be_nothing = key == "set" and left.casefold() in _MAY_BE_NOTHING
        if not left or not (right or may_be_nothing) or not (equals or key == "places"):
            raise WrongUsage(f"--{_TABLES[key]} {word!r} is not like {_SHAPES[key]}")
        if key == "columns":
            table.setdefault(left, []).append(right)
        elif table.setdefault(left, right) != right:
            raise WrongUsage(f"--{_TABLES[key]} {left} is given twice")
    return table

"""Knows which column of a file holds which field. Must never know what a cell means."""

import re
from collections.abc import Mapping, Sequence
from shlex import quote
from typing import NamedTuple, NoReturn

from inventory_cli.core.events import CARRIED_COSTS, OPENING_DETAILS
from inventory_cli.errors import Refused
from inventory_cli.importing.bad_rows import BadCell, shortened
from inventory_cli.importing.profile import Profile
from inventory_cli.importing.profile_keys import NATIVE, OPTIONAL, UNDECIDED, Rule
from inventory_cli.importing.unfold import Figures, Unfolding, by_kind

# The columns of a rule, and the texts in lower case that each of them may hold.
FoundRule = tuple[tuple[int, frozenset[str]], ...]


DRAFT_HINT = "`inventory import --draft FILE` writes a profile for the file"
NO_SUCH_HEADER = (
    "--skip-lines N passes over what stands before the header, --no-header says that there is none"
)
_EITHER = "a row has one quantity, signed or not, or one column for each way"


class Made(NamedTuple):
    """A cell that is made: the first of some columns that is not empty, or a constant.

    Columns of the same name must say the same.
    """

    label: str
    columns: tuple[int, ...]
    constant: str
    same: bool

    def of(self, record: Sequence[str]) -> str:
        """Return the cell for a row. Raises BadCell where columns of one name differ."""
        given = [cell for index in self.columns if (cell := record[index]).strip()]
        if self.same and len(set(given)) > 1:
            raise BadCell(self.label, given[0], f"another column of that name says {given[1]!r}")
        return given[0] if given else self.constant


class Columns(NamedTuple):
    """Where the fields are in a row that `complete` has gone over.

    `fields` are those that the file or the profile has, by index; `labels` what messages call
    them; `others` the columns that no field uses, by the name under which they are kept; `made`
    the cells that stand behind the last column: constants, and those found in several columns.
    `unfolding` says in which rows there are several; texts of `empty` are empty cells.
    """

    headers: tuple[str, ...]
    has_header: bool
    fields: Mapping[str, int] = {}
    labels: Mapping[str, str] = {}
    others: tuple[tuple[str, int], ...] = ()
    made: tuple[Made, ...] = ()
    only: FoundRule = ()
    leave_out: tuple[FoundRule, ...] = ()
    pair_by: tuple[int, ...] = ()
    unfolding: Unfolding = Unfolding()
    empty: frozenset[str] = frozenset()

    def complete(self, record: list[str]) -> list[str]:
        """Return a row with the cells behind it that the profile makes."""
        if self.empty:
            record = ["" if text.strip().casefold() in self.empty else text for text in record]
        return [*record, *(cell.of(record) for cell in self.made)]

    def is_constant(self, field: str) -> bool:
        """Tell whether a field is the same in every row, for no column says it."""
        return not self.of_field(field)

    def of_field(self, field: str) -> tuple[int, ...]:
        """Return the columns of the file that a field is read from."""
        index = self.fields[field]
        behind = index - len(self.headers)
        if behind < 0:
            return (index,)
        return self.made[behind].columns if behind < len(self.made) else ()

    def left_out(self, record: Sequence[str]) -> bool:
        """Tell whether a rule of the profile says that a completed row is not a movement."""
        if any(record[index].strip().casefold() not in texts for index, texts in self.only):
            return True
        return any(
            all(record[index].strip().casefold() in texts for index, texts in rule)
            for rule in self.leave_out
        )


def match_header(name: str, line: int, header: Sequence[str], profile: Profile) -> Columns:
    """Return where the fields are. Headers match without regard to case, blanks or `_`.

    A field that neither the profile maps nor sets is found by its own name. Raises Refused, with
    the header of the file, when a column that the profile names is missing, or one stands twice.
    """
    finder = _Finder(name, line, header)
    finder.require_decided(profile)
    fields: dict[str, int] = {}
    labels: dict[str, str] = {}
    made: list[Made] = []
    ignored = {index for column in profile.ignore for index in finder.all_of("ignore", [column])}
    named = _named(finder, profile)
    for field in NATIVE:
        if field not in named:
            same = [index for index in finder.by_name(field) if index not in ignored]
            if len(same) > 1:
                finder.refuse(
                    f"the column {finder.labels[same[0]]!r} stands twice in the header",
                    "say which one it is, as it is spelt there: "
                    f"--column {field}={quote(header[same[0]])}",
                )
            for index in same:
                fields[field], labels[field] = index, finder.labels[index]
    for field in dict.fromkeys((*profile.columns, *profile.constants)):
        found = finder.all_of(field, profile.columns.get(field, ()))
        constant = profile.constants.get(field, "")
        labels[field] = finder.labels[found[0]] if found else f"--set {field}"
        if len(found) == 1 and not constant:
            fields[field] = found[0]
        else:
            fields[field] = len(header) + len(made)
            alike = len(profile.columns.get(field, ())) == 1
            made.append(Made(labels[field], found, constant, alike))
    used = set(fields.values())
    for cell in made:
        used |= set(cell.columns if cell.same else cell.columns[:1])
    unfolding = _unfolding(finder, profile, fields, labels, len(header) + len(made))
    used |= {figures.at for figures in unfolding.figures}
    return Columns(
        tuple(header),
        profile.header,
        fields,
        labels,
        finder.others(used | ignored),
        tuple(made),
        finder.rule("only", profile.only, fields),
        tuple(finder.rule("leave_out", rule, fields) for rule in profile.leave_out),
        tuple(finder.require("pair_by", column) for column in profile.pair_by),
        unfolding,
        frozenset(profile.empty),
    )


def _named(finder: "_Finder", profile: Profile) -> set[str]:
    """Return the fields that the profile says, so that no header is to be looked for."""
    named = {*profile.columns, *profile.constants}
    if profile.places and profile.quantities:
        finder.refuse("a column of quantities is in places or in quantities", _EITHER)
    ways = named & {"quantity_in", "quantity_out"}
    for key, figures, field in _tables_of_figures(profile):
        if figures and (twice := sorted(named & {"quantity", field} | ways)):
            finder.refuse(f"{twice[0]} is mapped, and so are {key}", _EITHER)
        if figures:
            named |= {"quantity", field}
    if ways:
        if "quantity" in named:
            finder.refuse("quantity is mapped, and so is quantity_in or quantity_out", _EITHER)
        if profile.signed:
            finder.refuse("signed says nothing beside quantity_in or quantity_out", _EITHER)
        named.add("quantity")
    return named


def _tables_of_figures(profile: Profile) -> tuple[tuple[str, Mapping[str, str], str], ...]:
    """Return the tables that say what whole columns of quantities are, and the field they say."""
    return ("places", profile.places, "location"), ("quantities", profile.quantities, "type")


def _unfolding(
    finder: "_Finder", profile: Profile, fields: dict[str, int], labels: dict[str, str], width: int
) -> Unfolding:
    """Return which columns have quantities of their own, and say where these will stand."""
    ways = [field for field in ("quantity_in", "quantity_out") if field in fields]
    balance = fields.get("balance", -1)
    for key, table, field in _tables_of_figures(profile):
        if table:
            found = [at for header, says in table.items() for at in finder.like(key, header, says)]
            figures = [Figures(index, finder.labels[index], says) for index, says in found]
            fields[field], fields["quantity"] = width, width + 1
            labels[field], labels["quantity"] = key, "quantity"
            return Unfolding(by_kind(figures) if key == "quantities" else tuple(figures))
    if len(ways) == 2:
        both = tuple(Figures(fields[field], labels[field], "") for field in ways)
        return Unfolding((), both, balance)
    return Unfolding()


def numbered(record: Sequence[str]) -> list[str]:
    """Return the names of the columns of a file without a header: 1, 2, …"""
    return [str(number) for number, _ in enumerate(record, start=1)]


def require_fields(
    name: str,
    line: int,
    columns: Columns,
    wanted: Sequence[str],
    optional: Sequence[str] = OPTIONAL,
) -> None:
    """Raise Refused, with the header of the file, when a field is nowhere to be found."""
    missing = [field for field in wanted if field not in columns.fields]
    if missing:
        raise Refused(
            f"{name}, line {line}: no column {', '.join(missing)}; "
            f"the header is: {_shown(columns.headers)}",
            f"{DRAFT_HINT}; or say which column it is, like --column {missing[0]}=HEADER, or what "
            f"it is in every row, like --set {missing[0]}=VALUE; known are {', '.join(wanted)} "
            f"and, if wanted, {', '.join(optional)}; {NO_SUCH_HEADER}",
        )


def folded(header: str) -> str:
    """Return a header without what makes no difference between two: case, blanks and `_`."""
    return re.sub(r"[\s_]+", "", header).casefold()


def parts_like(pattern: str, header: Sequence[str]) -> list[tuple[int, str]]:
    """Return the columns whose headers are like a pattern with one `*`, and what stands for it."""
    like = re.compile(re.escape(pattern).replace(r"\*", "(.+)", 1), re.IGNORECASE)
    found = [(index, like.fullmatch(text.strip())) for index, text in enumerate(header)]
    return [(index, match[1].strip()) for index, match in found if match]


def _shown(header: Sequence[str]) -> str:
    return shortened(", ".join(text.strip() for text in header), 1000)


class _Finder:
    """Finds the columns of one header."""

    def __init__(self, name: str, line: int, header: Sequence[str]) -> None:
        self._where = f"{name}, line {line}"
        self._header = [text.strip() for text in header]
        self._folded = [folded(text) for text in header]
        self.labels = [text or f"column {n}" for n, text in enumerate(self._header, start=1)]

    def by_name(self, text: str) -> list[int]:
        """Return the columns of that name: those that are the same to the letter, if any."""
        exact = [index for index, header in enumerate(self._header) if header == text]
        wanted = folded(text)
        return exact or [i for i, other in enumerate(self._folded) if other == wanted]

    def all_of(self, key: str, headers: Sequence[str]) -> tuple[int, ...]:
        """Return those of the named columns that are there; at least one must be."""
        found = [index for text in headers for index in self.by_name(text)]
        if headers and not found:
            self.refuse(
                f"no column {' or '.join(map(repr, headers))} for {key}; "
                f"the header is: {_shown(self._header)}",
                f"names match without regard to case, blanks and _; {NO_SUCH_HEADER}; {DRAFT_HINT}",
            )
        return tuple(dict.fromkeys(found))

    def refuse(self, text: str, hint: str | None = None) -> NoReturn:
        """Raise Refused for this header."""
        raise Refused(f"{self._where}: {text}", hint)

    def require_decided(self, profile: Profile) -> None:
        """Raise Refused where a profile, as a draft does, leaves open which column a field is."""
        for field, headers in profile.columns.items():
            if headers == (UNDECIDED,) and not self.by_name(UNDECIDED):
                self.refuse(
                    f"the profile leaves open which column is the {field}: {UNDECIDED!r}; "
                    f"the header is: {_shown(self._header)}",
                    f"write the column's name in place of the {UNDECIDED} under [columns], or say "
                    f"--column {field}=HEADER; if it is in none, delete the line, or say "
                    f"--set {field}=VALUE",
                )

    def require(self, key: str, header: str) -> int:
        """Return the one column that a key of the profile names."""
        return self.all_of(key, [header])[0]

    def like(self, key: str, header: str, says: str) -> list[tuple[int, str]]:
        """Return the column that a key names, or those that are like it where it has a `*`, each
        with what it says of it, in which a `*` is the part of its header.
        """
        if "*" not in header or self.by_name(header):
            return [(self.require(key, header), says)]
        found = parts_like(header, self._header)
        if not found:
            self.require(key, header)
        return [(index, says.replace("*", part)) for index, part in found]

    def rule(self, key: str, rule: Rule, fields: Mapping[str, int]) -> FoundRule:
        """Return a rule with its columns found; a field stands for the column that holds it."""
        return tuple(
            (
                fields[column]
                if column in fields and not self.by_name(column)
                else self.require(key, column),
                frozenset(text.strip().casefold() for text in texts),
            )
            for column, texts in rule.items()
        )

    def others(self, used: set[int]) -> tuple[tuple[str, int], ...]:
        """Return the columns that are not used, each under a name of its own."""
        names: dict[str, int] = {}
        counts: dict[str, int] = {}
        for index, label in enumerate(self.labels):
            if index not in used:
                # In the details these say what an opening balance does.
                name, count = label, counts.get(label, 1)
                while name in names or name in (*OPENING_DETAILS, CARRIED_COSTS):
                    count += 1
                    name = f"{label} ({count})"
                names[name] = index
                counts[label] = count
        return tuple(names.items())

"""Knows how the profile of an unknown file is drafted, with a comment wherever it is a guess.

Must never know a ledger: a draft says what a file looks like, not what was recorded.
"""

import re
import shutil
import tempfile
import tomllib
from collections.abc import Iterable
from contextlib import ExitStack
from typing import BinaryIO, NamedTuple

from inventory_cli.core.progress import Progress, half, untold
from inventory_cli.core.wording import count_of
from inventory_cli.drafting.fields import choose_fields, is_movements
from inventory_cli.drafting.kinds import Directions, find_directions
from inventory_cli.drafting.survey import (
    Column,
    Survey,
    rows_of,
    survey,
)
from inventory_cli.drafting.tendencies import Tendencies, find_tendencies
from inventory_cli.drafting.toml_text import comment, either, entry, listed, quoted
from inventory_cli.drafting.words import is_void, is_waiting
from inventory_cli.errors import Refused
from inventory_cli.importing.columns import folded, match_header
from inventory_cli.importing.date_formats import ISO
from inventory_cli.importing.profile import Profile, read_profile, shipped_profiles
from inventory_cli.importing.profile_keys import FIELDS, OPTIONAL

_NUMBERS = ("quantity", "quantity_in", "quantity_out", "balance", "unit_cost")


class _Facts(NamedTuple):
    """What was found out about a file."""

    name: str
    given: Profile
    survey: Survey
    fields: dict[str, int]
    remarks: list[str]
    # What a field is where its column is empty: another column.
    spare: dict[str, Column]
    mark: str | None
    seen: Tendencies
    directions: Directions

    def column(self, field: str) -> Column | None:
        """Return the column of a field, if there is one."""
        index = self.fields.get(field)
        return None if index is None else self.survey.columns[index]


def draft_profile(
    file: BinaryIO, name: str, given: Profile, progress: Progress = untold
) -> list[str]:
    """Return the lines of a profile that fits a file, as far as the file tells.

    What `given` says is taken as it is. `progress` is told how far it is. Raises Refused when the
    file cannot be read as CSV.
    """
    with ExitStack() as stack:
        if not file.seekable():
            kept = stack.enter_context(tempfile.TemporaryFile())
            shutil.copyfileobj(file, kept)
            file = kept
        found = survey(file, name, given, half(progress, 0))
        profile = found.shape.profile
        fields, remarks = choose_fields(name, found, profile)
        marks = (found.columns[fields[f]].mark for f in _NUMBERS if f in fields)
        mark = given.decimal_mark or next(filter(None, marks), None)
        _, rows, _ = rows_of(file, name, profile, half(progress, 1))
        seen = find_tendencies(rows, fields, mark)
    if seen.differing_ids and "id" not in given.columns:
        header = found.columns[fields["id"]].header
        remarks.append(
            f"{header!r} is not taken for the id: in {count_of(seen.differing_ids, 'row')} it is "
            f"that of another row, such as {seen.differing_id!r}"
        )
        fields.setdefault("reference", fields.pop("id"))
    spare = _without_targets(found, fields, seen, remarks)
    directions = find_directions(name, fields, seen, given, found)
    facts = _Facts(name, given, found, fields, remarks, spare, mark, seen, directions)
    return _shipped(facts) or _own(facts)


def _without_targets(
    found: Survey, fields: dict[str, int], seen: Tendencies, remarks: list[str]
) -> dict[str, Column]:
    """Give the location to go to up where it is mostly for rows that are no transfers.

    Then it is where goods arrive, and stands in for the location where that is empty.
    """
    if "type" not in fields or seen.targets[False] == 0:
        return {}
    column = found.columns[fields["to_location"]]
    if seen.targets[True] >= seen.targets[False]:
        count = count_of(seen.targets[False], "row")
        remarks.append(f"Bad, for it has a {column.header!r} and is no transfer: {count}")
        return {}
    del fields["to_location"]
    remarks.append(
        f"{column.header!r} is not taken for the to_location: few of its rows are transfers"
    )
    at = fields.get("location")
    return {} if at is None or not found.columns[at].empty else {"location": column}


def _own(facts: _Facts) -> list[str]:
    """Return a profile that is put together for this file."""
    directions = facts.directions
    lines = [*_heading(facts), *_spelling(facts), *_dates(facts), *directions.signs]
    lines += ["", "[columns]", *_columns(facts)]
    for table, entries in (
        ("[set]", _constants(facts)),
        ("[kinds]", directions.kinds),
        ("[outside]", directions.outside),
    ):
        lines += ["", table, *entries] if entries else []
    return [*lines, *_rules(facts)]


def _shipped(facts: _Facts) -> list[str]:
    """Return the shipped profile for files with these columns, as this file needs it, if any."""
    given = facts.given
    if given.columns or given.constants or given.kinds or given.signed:
        return []
    headers = [column.header for column in facts.survey.columns]
    found = []
    for name, text in shipped_profiles().items():
        profile = read_profile(text, name)
        if not profile.columns:
            continue  # It would fit any file, as one does that is only being written.
        try:
            columns = match_header(name, 1, headers, profile)
        except Refused:
            continue
        at = columns.fields.get("type", len(headers))
        words = (facts.survey.columns[at].words or {}) if at < len(headers) else {}
        unknown = {word: n for word, n in words.items() if word.casefold() not in profile.kinds}
        if len(unknown) < len(words) or not profile.kinds:
            found.append((len(profile.columns), name, text, columns.fields.get("date"), unknown))
    if not found:
        return []
    _, name, text, date, unknown = max(found)
    lines = [
        *_heading(facts, is_known=True),
        comment(f"It looks like the shipped profile {name}: --profile {name}"),
    ]
    if unknown:
        lines.append(comment(f"These types it does not explain: {listed(unknown)}"))
    dates = _dates(facts._replace(fields={} if date is None else {"date": date}))
    said = tomllib.loads(text)
    if "date_format" in said:
        if len(dates) == 1:
            text = re.sub("(?m)^date_format.*", lambda _: dates[0], text)
        dates = []
    spelling = [line for line in _spelling(facts) if line.partition(" ")[0] not in said]
    if "date" not in said["columns"]:
        text = text.replace("\n[set]\n", '\n[set]\n# date = "now"   # or the day it was exported\n')
    return [*lines, *spelling, *dates, *text.rstrip().split("\n")]


def _heading(facts: _Facts, is_known: bool = False) -> list[str]:
    """Return what is to be known of the file as a whole."""
    found = facts.survey
    lines = [
        f"# A draft for {quoted(facts.name)}: {count_of(found.rows, 'row')}, "
        f"{count_of(len(found.columns), 'column')}"
    ]
    if is_known or is_movements(facts.fields):
        lines.append("# Try it: inventory import FILE --profile THIS.toml --dry-run")
    else:
        lines.append("# It does not look like movements of stock, or like a list of stock.")
    bad, repeated = found.reading.bad, found.reading.second_headers
    if bad.count:
        lines.append(
            f"# Bad rows, for they are longer or shorter than the header: {bad.count}; the first "
            f"is {bad.first[0].described()}"
        )
    if repeated.count:
        lines.append(f"# Rows passed over, for they repeat the header: {repeated.count}")
    quantities = [facts.column(f) for f in _NUMBERS[:3]]
    decimals = max((c.decimals[facts.mark] for c in quantities if c), default=0)
    if decimals:
        lines.append(
            f"# Quantities have {count_of(decimals, 'decimal')}: the ledger must be made with "
            f"`inventory init --decimals {decimals}`, or more"
        )
    return lines


def _spelling(facts: _Facts) -> list[str]:
    """Return how the file is spelled, where an import would not find that by itself."""
    profile, lines = facts.survey.shape.profile, []
    if profile.encoding:
        remark = f"it is not UTF-8; read so, a word is {quoted(facts.survey.shape.sample)}"
        remark = remark if facts.survey.shape.sample else ""
        lines.append(entry("encoding", quoted(profile.encoding), remark))
    if profile.delimiter:
        lines.append(entry("delimiter", quoted(profile.delimiter)))
    if profile.skip_lines:
        lines.append(entry("skip_lines", str(profile.skip_lines), "lines before the header"))
    if not profile.header:
        lines.append(entry("header", "false", "the first line looks like the others"))
    if facts.mark:
        lines.append(entry("decimal_mark", quoted(facts.mark), "other marks part thousands"))
    asked = () if facts.given.decimal_mark or facts.mark == "," else _NUMBERS[:3]
    for column in filter(None, map(facts.column, asked)):
        # As 1,234 and 1.234 are: a thousand, or little more than one.
        if column.doubtful and column.numbers[","] == column.numbers[facts.mark]:
            remark = (
                f"or so? Then {column.header!r} has {count_of(column.decimals[','], 'decimal')}"
            )
            lines.append(entry("decimal_mark", quoted(","), remark, sure=False))
            break
    return lines


def _dates(facts: _Facts) -> list[str]:
    """Return how dates are written: what is sure, or what it may be with the reason for doubt."""
    if facts.given.date_format:
        return [entry("date_format", either(facts.given.date_format))]
    column = facts.column("date")
    if column is None:
        return []
    if column.mixed:
        formats = column.likely_formats()
        return [comment(column.mixed), entry("date_format", either(formats), "likely", sure=False)]
    try:
        format = column.dates.decide()
    except Refused as error:
        lines = [
            comment(error.message),
            "# Say which one is meant; the fewer days they span, the likelier:",
        ]
        for format in column.likely_formats():
            first, last = column.spans[format]
            remark = f"then they are from {first} to {last}"
            lines.append(entry("date_format", quoted(format), remark, sure=False))
        return lines
    return [] if format == ISO else [entry("date_format", quoted(format))]


def _columns(facts: _Facts) -> list[str]:
    """Return which column is which field, and why others are none."""
    lines = []
    for field in FIELDS:
        column = facts.column(field)
        if column is not None:
            spare = [facts.spare[field].header] if field in facts.spare else []
            headers = facts.given.columns.get(field) or [column.header, *spare]
            lines.append(entry(field, either(headers), _remark(facts, field, column)))
    missing = {"date", "sku"} - facts.fields.keys() - facts.given.constants.keys()
    if any(line.startswith("# date") for line in facts.directions.constants):
        missing.discard("date")
    missing |= set() if facts.fields.keys() & set(_NUMBERS[:3]) else {"quantity"}
    lines += [
        entry(field, quoted("?"), "no column was found for it", sure=False)
        for field in FIELDS
        if field in missing
    ]
    lines += map(comment, facts.remarks)
    used = {index for field, index in facts.fields.items() if field in FIELDS}
    used |= {facts.survey.columns.index(column) for column in facts.spare.values()}
    others = [column.header or f"column {n}" for n, column in enumerate(facts.survey.columns, 1)]
    kept = [quoted(header) for n, header in enumerate(others) if n not in used]
    if kept:
        lines.append(comment(f"No field, so kept in the details: {', '.join(kept)}"))
    return lines


def _remark(facts: _Facts, field: str, column: Column) -> str:
    """Return what is to be known of a column that holds a field."""
    same = [other for other in facts.survey.columns if other.header == column.header]
    remarks = []
    if len(same) > 1:
        remarks.append(f"{len(same)} columns are named so: where they differ, rows are bad")
    if field == "id" and facts.seen.equal_ids:
        remarks.append(f"rows equal to an earlier one, recorded once: {facts.seen.equal_ids}")
    if field == "date" and column.no_date:
        count = count_of(column.filled - column.dated, "cell")
        remarks.append(f"{count} of another sort, such as {column.no_date!r}: bad rows")
    if field in _NUMBERS and column.no_number:
        count = count_of(column.filled - column.numbers[facts.mark], "cell")
        remarks.append(f"{count} that are no numbers, such as {column.no_number!r}: bad rows")
    return "; ".join(remarks)


def _constants(facts: _Facts) -> list[str]:
    """Return what is the same in every row."""
    given = facts.given.constants
    lines = [entry(field, quoted(text)) for field, text in given.items()]
    lines += facts.directions.constants
    for column in facts.survey.columns:
        # Without this an import would take the column for the field, by its name.
        field = next((f for f in OPTIONAL if _is_named(column.header, f)), None)
        if field and column.filled and field not in facts.fields and field not in given:
            lines.append(entry(field, quoted(""), "so that the column of this name is no field"))
    return lines


def _is_named(header: str, field: str) -> bool:
    return folded(header) == folded(field)


def _rules(facts: _Facts) -> list[str]:
    """Return which rows are no movements, and which perhaps are none."""
    lines = []
    status = facts.column("status")
    states = {} if status is None else status.words or {}
    void = {word: n for word, n in states.items() if is_void(word)}
    waiting = {word: n for word, n in states.items() if is_waiting(word) and word not in void}
    if status and void:
        lines += ["", comment(f"Never happened: {listed(void)}")]
        lines += _rule(status.header, void)
    if status and waiting:
        lines += ["", comment(f"Perhaps did not happen yet: {listed(waiting)}; to leave them out:")]
        lines += [f"# {line}" for line in _rule(status.header, waiting)]
    for field in ("date", "sku", "quantity"):
        column = facts.column(field)
        if column is not None and column.empty:
            where = f"{column.empty}, the first in line {column.first_empty}"
            lines += ["", comment(f"Bad, without {column.header!r}: {where}; to leave them out:")]
            lines += [f"# {line}" for line in _rule(column.header, [""])]
    return lines


def _rule(header: str, texts: Iterable[str]) -> list[str]:
    return ["[[leave_out]]", entry(quoted(header), either(texts))]

"""Knows how the profile of an unknown file is drafted, with a comment wherever it is a guess.

Must never know a ledger: a draft says what a file looks like, not what was recorded.
"""

import re
import shutil
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any, BinaryIO, NamedTuple

from inventory_cli.core.progress import Progress, half, untold
from inventory_cli.core.wording import count_of
from inventory_cli.drafting.doubts import Doubts
from inventory_cli.drafting.facts import NUMBERS, Facts
from inventory_cli.drafting.field_lines import (
    Opening,
    column_lines,
    constant_lines,
    opening_lines,
    openings,
    place_lines,
    rule_lines,
    way_lines,
)
from inventory_cli.drafting.fields import choose_fields
from inventory_cli.drafting.kinds import find_directions
from inventory_cli.drafting.known import Known, known_profiles
from inventory_cli.drafting.spelling_lines import date_lines, spelling_lines
from inventory_cli.drafting.survey import Column, Survey, rows_of, survey
from inventory_cli.drafting.tendencies import Tendencies, find_tendencies
from inventory_cli.drafting.toml_text import comment, entry, listed, quoted
from inventory_cli.importing.profile import Profile
from inventory_cli.importing.profile_keys import UNDECIDED


class Draft(NamedTuple):
    """The lines of a profile, how many decimals the ledger needs for it, and what was there before
    the first rows.
    """

    lines: list[str]
    decimals: int
    openings: list[Opening]


def draft_profile(file: BinaryIO, name: str, given: Profile, progress: Progress = untold) -> Draft:
    """Return a profile that fits a file, as far as the file tells.

    What `given` says is taken as it is. `progress` is told how far it is. Raises Refused when the
    file cannot be read as CSV.
    """
    with ExitStack() as stack:
        if not file.seekable():
            kept = stack.enter_context(tempfile.TemporaryFile())
            shutil.copyfileobj(file, kept)
            file = kept
        found = survey(file, name, given, half(progress, 0))
        chosen = choose_fields(name, found, found.shape.profile)
        fields, remarks = chosen.fields, chosen.remarks
        marks = [found.columns[fields[f]].mark for f in NUMBERS if f in fields]
        marks += [found.columns[n].mark for n in (*chosen.places, *chosen.ways)]
        # Prices tell what the marks of quantities part, where these leave it open.
        marks += [column.mark for column in found.columns if column.is_numeric]
        mark = given.decimal_mark or next(filter(None, marks), None)
        _, _, rows, _ = rows_of(file, name, found.shape.profile, half(progress, 1))
        upside_down = chosen.proof is not None and chosen.proof.claim.is_upside_down
        seen = find_tendencies(rows, fields, mark, upside_down)
        known = known_profiles(file, name, found, given)
    if seen.differing_ids and "id" not in given.columns:
        header = found.columns[fields["id"]].header
        remarks.append(
            f"{header!r} is not taken for the id: in {count_of(seen.differing_ids, 'row')} it is "
            f"that of another row, such as {seen.differing_id!r}"
        )
        fields.setdefault("reference", fields.pop("id"))
    spare = _without_targets(found, fields, seen, remarks)
    doubts = Doubts()
    directions = find_directions(name, chosen, seen, given, found, doubts)
    facts = Facts(name, given, found, chosen, spare, mark, seen, directions, doubts)
    before = openings(facts)
    lines = _shipped(facts, known)
    return Draft(lines or _own(facts, before), facts.decimals(), [] if lines else before)


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


def _own(facts: Facts, before: Sequence[Opening]) -> list[str]:
    """Return a profile that is put together for this file."""
    directions = facts.directions
    spelling = [*spelling_lines(facts), *date_lines(facts), *directions.signs]
    tables = [("[columns]", column_lines(facts))]
    tables += [("[places]", place_lines(facts)), ("[quantities]", way_lines(facts))]
    tables += [("[set]", constant_lines(facts))]
    tables += [("[kinds]", directions.kinds), ("[outside]", directions.outside)]
    rules = [*rule_lines(facts), *opening_lines(facts, before)]
    lines = [*_heading(facts), *spelling]
    for table, entries in tables:
        lines += ["", table, *entries] if entries or table == "[columns]" else []
    return [*lines, *rules]


def _shipped(facts: Facts, known: Sequence[Known]) -> list[str]:
    """Return the shipped profile that fits the file, as this file needs it, if any."""
    if not known:
        return []
    name, text, _, date, unknown, fits = known[0]
    about = [comment(f"It looks like the shipped profile {name}: --profile {name}")]
    if also := [one.name for one in known[1:] if one.fits]:
        about.append(comment(f"These fit it too: {', '.join(also)}"))
    if unknown:
        about.append(comment(f"These types it does not explain: {listed(unknown)}"))
    said = tomllib.loads(text)
    doubts = Doubts()
    text = _with_place(facts, said, text, doubts)
    facts.chosen.fields.clear()
    facts.chosen.fields.update({} if date is None else {"date": date})
    facts = facts._replace(doubts=doubts)
    dates = date_lines(facts)
    if "date_format" in said:
        if len(dates) == 1:
            text = re.sub("(?m)^date_format.*", lambda _: dates[0], text)
        dates = []
    spelling = [line for line in spelling_lines(facts) if line.partition(" ")[0] not in said]
    if "date" not in said["columns"]:
        text = text.replace("\n[set]\n", '\n[set]\n# date = "now"   # or the day it was exported\n')
    if fits and not also and not spelling and len(dates) < 2:
        about.append("# It is the only one that fits, so --profile auto takes it.")
    lines = [*_heading(facts, is_known=True), *about]
    return [*lines, *spelling, *dates, *text.rstrip().split("\n")]


def _with_place(facts: Facts, said: Mapping[str, Any], text: str, doubts: Doubts) -> str:
    """Return a profile that leaves open where rows are, if the file says it and the profile not."""
    column = facts.column("location")
    tables = (said["columns"], said.get("set", {}))
    if column is None or "places" in said or any("location" in table for table in tables):
        return text
    if column.values < 2:
        return text
    about = f"{quoted(column.header)} ({count_of(column.values, 'value')})"
    doubts.note("location", f"whether {about} is the location, which the profile does not read")
    line = entry("location", quoted(UNDECIDED), f"{about}? or delete the line, if it is not")
    return text.replace("[columns]\n", f"[columns]\n{line}\n", 1)


def _heading(facts: Facts, is_known: bool = False) -> list[str]:
    """Return what is to be known of the file as a whole, with what is unsure at the top."""
    found = facts.survey
    lines = [
        f"# A draft for {quoted(facts.name)}: {count_of(found.rows, 'row')}, "
        f"{count_of(len(found.columns), 'column')}"
    ]
    if is_known or facts.chosen.is_movements():
        lines.append("# Try it: inventory import FILE --profile THIS.toml --dry-run")
    else:
        lines.append("# It does not look like movements of stock, or like a list of stock.")
    lines += facts.doubts.lines()
    lines += map(comment, found.remarks)
    bad, repeated = found.reading.bad, found.reading.second_headers
    if bad.count:
        lines.append(
            f"# Bad rows, for they are longer or shorter than the header: {bad.count}; the first "
            f"is {bad.first[0].described()}"
        )
    if repeated.count:
        lines.append(f"# Rows passed over, for they repeat the header: {repeated.count}")
    if decimals := facts.decimals():
        lines.append(
            f"# Quantities have {count_of(decimals, 'decimal')}: the ledger must be made with "
            f"`inventory init --decimals {decimals}`, or more"
        )
    return lines

"""Knows which of the shipped profiles fits an unknown file.

Must never know how a profile is written.
"""

from collections.abc import Mapping
from typing import NamedTuple

from inventory_cli.drafting.survey import Survey
from inventory_cli.errors import Refused
from inventory_cli.importing.columns import match_header
from inventory_cli.importing.profile import Profile, read_profile, shipped_profiles


class Known(NamedTuple):
    """A shipped profile whose columns a file has: its text, the column of its dates, and the words
    of the type column that it does not explain, with their counts.
    """

    name: str
    text: str
    profile: Profile
    date: int | None
    unknown: Mapping[str, int]


def known_profiles(survey: Survey, given: Profile) -> list[Known]:
    """Return the shipped profiles that fit, the one with the most columns first."""
    if given.columns or given.constants or given.kinds or given.signed:
        return []
    headers = [column.header for column in survey.columns]
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
        words = (survey.columns[at].words or {}) if at < len(headers) else {}
        unknown = {word: n for word, n in words.items() if word.casefold() not in profile.kinds}
        if len(unknown) < len(words) or not profile.kinds:
            found.append(Known(name, text, profile, columns.fields.get("date"), unknown))
    return sorted(found, key=lambda known: -len(known.profile.columns))

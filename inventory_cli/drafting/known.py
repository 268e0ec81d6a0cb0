"""Knows which of the shipped profiles fits an unknown file.

Must never know how a profile is written.
"""

from collections.abc import Mapping
from typing import BinaryIO, NamedTuple

from inventory_cli.drafting.survey import Survey
from inventory_cli.importing.columns import match_header
from inventory_cli.importing.fitting import fit_of_each
from inventory_cli.importing.profile import Profile, read_profile, shipped_profiles

# How the file is spelt is found by looking at it, whatever it is a file of.
_SPELLING = ("encoding", "delimiter", "skip_lines", "header", "quotes", "sheet")


class Known(NamedTuple):
    """A shipped profile whose columns a file has: its text, the column of its dates, where their
    format is to be found, the words of the type column that it does not explain, with their
    counts, and whether it fits as it is.
    """

    name: str
    text: str
    profile: Profile
    date: int | None
    unknown: Mapping[str, int]
    fits: bool


def known_profiles(file: BinaryIO, name: str, survey: Survey, given: Profile) -> list[Known]:
    """Return the shipped profiles that fit a file, the one with the most columns first; those that
    fit but for their dates or some types behind the others.
    """
    if given.columns or given.constants or given.kinds or given.signed:
        return []
    texts = shipped_profiles()
    shape = survey.shape.profile
    spelt = {field: getattr(shape, field) for field in _SPELLING}
    file.seek(0)
    profiles = {
        called: read_profile(text, called)._replace(**spelt) for called, text in texts.items()
    }
    headers = [column.header for column in survey.columns]
    found = []
    for fit in fit_of_each(file, name, profiles):
        # How dates are written is found too.
        if fit.missing or (fit.why_not and fit.field not in ("date", "type")):
            continue
        profile = profiles[fit.name]
        columns = match_header(fit.name, 1, headers, profile)
        at = columns.fields.get("type", len(headers))
        words = (survey.columns[at].words or {}) if at < len(headers) else {}
        unknown = {word: n for word, n in words.items() if word.casefold() not in profile.kinds}
        if len(unknown) < len(words) or not profile.kinds:
            # A format that the profile says, and that fits, is not to be found once more.
            says_it = profile.date_format and fit.field != "date"
            date = None if says_it else columns.fields.get("date")
            fits = not fit.why_not
            found.append(Known(fit.name, texts[fit.name], profile, date, unknown, fits))
    return sorted(found, key=lambda known: (not known.fits, -len(known.profile.columns)))

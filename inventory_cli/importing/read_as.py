"""Knows how a file is read, in one word: so that it can be told whether one was read so before.

Must never know what the file holds, or what has been recorded.
"""

import json
import re
from hashlib import sha256

from inventory_cli.core.dates import parse_when
from inventory_cli.core.events import DEFAULT_LOCATION
from inventory_cli.importing.movements import DATE_FIELDS, Measures
from inventory_cli.importing.profile import Profile

# They say what becomes of the rows, not what these mean.
_OF_NO_MEANING = ("overlap", "check_balances")


def read_as(profile: Profile, measures: Measures) -> str:
    """Return the digest of all that decides what rows mean, as far as it is not as by default.

    A day that is said by words, such as `today`, is the day that they mean now. Raises WrongUsage
    for one that is no date.
    """
    said = {
        key: value
        for key, value in profile._asdict().items()
        if key not in _OF_NO_MEANING and value != Profile._field_defaults[key]
    }
    days = {
        field: parse_when(text, measures.present.now, measures.zone).day.isoformat()
        for field, text in profile.constants.items()
        if field in DATE_FIELDS and text
    }
    place = measures.usual_location or DEFAULT_LOCATION
    meaning = [said, days, "" if place == DEFAULT_LOCATION else place]
    text = json.dumps(meaning, ensure_ascii=False, sort_keys=True, default=_pattern)
    return sha256(text.encode(errors="surrogatepass")).hexdigest()


def _pattern(value: object) -> str:
    assert isinstance(value, re.Pattern)
    return str(value.pattern)

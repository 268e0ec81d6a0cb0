"""Knows how the day of a file is read from its name. Must never open it."""

import re
from datetime import date

from inventory_cli.errors import Refused
from inventory_cli.importing.profile import Profile

# What a date is set to where the name of the file says it.
IN_NAME = "file-name"
_HINT = "say the day, like --set date=2024-05-31"
# Year, month, day; or, as only days are written with dots, day, month, year.
_DAYS = re.compile(
    r"(?<!\d)(?:(\d{4})([-_.]?)(\d{2})\2(\d{2})|(\d{1,2})\.(\d{1,2})\.(\d{4}))(?!\d)", re.ASCII
)


def dated_by_name(profile: Profile, name: str) -> Profile:
    """Return a profile in which a date that the name of the file says is that date.

    Raises Refused where it says none, or more than one.
    """
    fields = [field for field, text in profile.constants.items() if text == IN_NAME]
    if not fields:
        return profile
    days = set()
    for year, _, month, day, first, second, last in _DAYS.findall(name):
        try:
            days.add(date(int(year or last), int(month or second), int(day or first)))
        except ValueError:
            continue
    if len(days) != 1:
        says = " and ".join(sorted(map(str, days))) or "no day"
        raise Refused(f"{name}: its name says {says}", _HINT)
    constants = {**profile.constants, **dict.fromkeys(fields, days.pop().isoformat())}
    return profile._replace(constants=constants)

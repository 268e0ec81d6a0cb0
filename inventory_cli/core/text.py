"""Knows what a name, a reason or a detail may be. Must never know what it stands for."""

import re

from inventory_cli.errors import WrongUsage

LONGEST_NAME = 200

# What Unicode lets be left unshown (Default_Ignorable_Code_Point): of no width, marks of order and
# direction, fillers; and the blank of Braille. But for what changes the sign before it.
INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f"
    "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063"
    "\u2064\u2065\u2066\u2067\u2068\u2069\u206a\u206b\u206c\u206d\u206e\u206f\u2800\u3164"
    "\ufeff\uffa0\ufff9\ufffa\ufffb\U000e0001"
)
_BLANKS = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
    "\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
_CONTROL = r"[\x00-\x1f\x7f-\x9f\u2028\u2029]"
# What to do about a name or a text that is none.
_EMPTY = "say what it is; where a script fills it in, a variable of it is empty"
_LONG = "shorten it; what is longer can stand in a reason, or in a detail"
_CODES = "leave it out; what is copied or scanned may bring such a character along"
_ENCODING = "write it in UTF-8"


def trimmed(text: str) -> str:
    """Return text without the blanks and the invisible characters around it."""
    name = text.strip()
    return name if name.isascii() else name.strip(INVISIBLE + _BLANKS)


def clean_name(text: str, what: str) -> str:
    """Return `text` without what cannot be seen around it, kept to the letter otherwise.

    For a SKU, a location, a reference or an id. Raises WrongUsage, naming `what`, when it is
    empty, longer than 200 characters, or holds control characters.
    """
    name = trimmed(text)
    if name.isascii() and name.isprintable() and 0 < len(name) <= LONGEST_NAME:
        return name  # As almost all are.
    if not name:
        raise WrongUsage(f"{what} is empty", _EMPTY)
    if len(name) > LONGEST_NAME:
        raise WrongUsage(f"{what} has {len(name)} characters; {LONGEST_NAME} is the most", _LONG)
    if not name.isprintable() and (found := re.search(_CONTROL, name)):
        raise WrongUsage(f"{what} {name!r} holds the control character {found[0]!r}", _CODES)
    _require_encodable(name, what)
    return name


def optional_name(text: str, what: str) -> str | None:
    """Return what `clean_name` does of a text that may be empty: then None."""
    name = text.strip()
    if name.isascii() and name.isprintable() and 0 < len(name) <= LONGEST_NAME:
        return name  # As almost all are.
    return clean_name(name, what) if trimmed(name) else None


def clean_text(text: str, what: str) -> str | None:
    """Return free text (a reason, a detail) without the blanks around it; None when empty."""
    cleaned = text.strip()
    if not cleaned:
        return None
    if "\x00" in cleaned:
        raise WrongUsage(f"{what} holds a NUL character", _CODES)
    _require_encodable(cleaned, what)
    return cleaned


def short_text(text: str, longest: int, what: str, hint: str) -> str:
    """Return text without the blanks around it. Raises WrongUsage where it is too long for one."""
    cut = text.strip()
    if len(cut) > longest:
        raise WrongUsage(f"{what} '{cut[:20]}…' has {len(cut)} characters", hint)
    return cut


def _require_encodable(text: str, what: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise WrongUsage(f"{what} {text!r} is not valid Unicode text", _ENCODING) from None

"""Knows what a name, a reason or a detail may be. Must never know what it stands for."""

import re

from inventory_cli.errors import WrongUsage

LONGEST_NAME = 200


_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def clean_name(text: str, what: str) -> str:
    """Return `text` without the blanks around it, kept to the letter otherwise.

    For a SKU, a location, a reference or an id. Raises WrongUsage, naming `what`, when it is
    empty, longer than 200 characters, or holds control characters.
    """
    name = text.strip()
    if name.isascii() and name.isprintable() and 0 < len(name) <= LONGEST_NAME:
        return name  # As almost all are.
    if not name:
        raise WrongUsage(f"{what} is empty")
    if len(name) > LONGEST_NAME:
        raise WrongUsage(f"{what} has {len(name)} characters; {LONGEST_NAME} is the most")
    if not name.isprintable() and (found := _CONTROL.search(name)):
        raise WrongUsage(f"{what} {name!r} holds the control character {found[0]!r}")
    _require_encodable(name, what)
    return name


def clean_text(text: str, what: str) -> str | None:
    """Return free text (a reason, a detail) without the blanks around it; None when empty."""
    cleaned = text.strip()
    if not cleaned:
        return None
    if "\x00" in cleaned:
        raise WrongUsage(f"{what} holds a NUL character")
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
        raise WrongUsage(f"{what} {text!r} is not valid Unicode text") from None

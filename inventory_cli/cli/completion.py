"""Knows what may stand where a person presses Tab: SKUs, locations, profiles and their like.

Must never say anything else, whatever goes wrong: the shell would take it for words to choose
from.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from inventory_cli.errors import InventoryError

if TYPE_CHECKING:
    from inventory_cli.storage.ledger_file import Ledger

# More than anybody looks through.
_MOST = 200


def complete_sku(context: typer.Context, incomplete: str) -> list[str]:
    """Return the SKUs that begin so."""
    from inventory_cli.storage.stock import skus_beginning

    return _asked(context, lambda ledger: skus_beginning(ledger, incomplete, _MOST))


def complete_location(context: typer.Context, incomplete: str) -> list[str]:
    """Return the locations that begin so."""
    from inventory_cli.storage.stock import all_locations

    return _beginning(incomplete, _asked(context, all_locations))


def complete_profile(incomplete: str) -> list[str]:
    """Return the shipped profiles, and the files, that begin so."""
    from inventory_cli.importing.profile import shipped_profiles

    files = map(str, Path().glob("*.toml"))
    return _beginning(incomplete, ["auto", *shipped_profiles(), *files])


def complete_format(incomplete: str) -> list[str]:
    """Return the formats of an answer that begin so."""
    from inventory_cli.render import FORMATS

    return _beginning(incomplete, FORMATS)


def complete_kind(incomplete: str) -> list[str]:
    """Return the kinds of event that begin so."""
    from inventory_cli.core.events import KINDS

    return _beginning(incomplete, KINDS)


def complete_period(incomplete: str) -> list[str]:
    """Return the periods that begin so."""
    from inventory_cli.core.spans import PERIODS

    return _beginning(incomplete, PERIODS)


def complete_method(incomplete: str) -> list[str]:
    """Return the methods of valuation that begin so."""
    from inventory_cli.core.valuation import METHODS

    return _beginning(incomplete, METHODS)


def complete_page(incomplete: str) -> list[str]:
    """Return the pages of the manual that begin so."""
    from inventory_cli.cli.guide import PAGES

    return _beginning(incomplete, PAGES)


def _beginning(incomplete: str, words: Iterable[str]) -> list[str]:
    return sorted(word for word in words if word.startswith(incomplete))


def _asked(context: typer.Context, answer: "Callable[[Ledger], list[str]]") -> list[str]:
    """Return what the ledger answers; nothing where it cannot be asked."""
    from inventory_cli.storage.ledger_file import open_ledger

    # No callback runs while words are completed, so the words themselves tell which ledger it is.
    named = context.params.get("ledger_behind") or context.find_root().params["ledger"]
    with suppress(InventoryError), open_ledger(Path(named)) as ledger:
        return answer(ledger)
    return []

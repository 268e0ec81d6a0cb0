"""Knows which names a ledger has in use, and what lies where. Must never know which are alike."""

from collections.abc import Iterable, Mapping
from functools import cached_property

from inventory_cli.actions.ask import Cut, state_at
from inventory_cli.actions.descriptions import skus_by_barcode
from inventory_cli.core.dates import END_OF_TIME, today_at, utc_text
from inventory_cli.core.names import Guard, NameRules, Newcomers
from inventory_cli.core.present import present_at
from inventory_cli.storage import stock
from inventory_cli.storage.ledger_file import Clock, Ledger


class LedgerNames:
    """The names in use at a cut: for `core.names`, as it is before a batch."""

    def __init__(self, ledger: Ledger, cut: Cut) -> None:
        self._ledger = ledger
        self._cut = cut

    def on_hand(self, sku: str) -> Mapping[str, int]:
        """Return what is on hand of a SKU at each location that it has, in smallest units."""
        stored = stock.stored_states(self._ledger, [sku])
        on_hand = {}
        for stream, state in stored.items():
            now = state_at(self._ledger, stream, state, self._cut)
            on_hand[stream[1]] = now.on_hand if now else 0
        return on_hand

    def has_sku(self, sku: str) -> bool:
        """Tell whether there is an event of a SKU."""
        return stock.has_sku(self._ledger, sku)

    def has_location(self, location: str) -> bool:
        """Tell whether there is an event at a location."""
        return stock.has_location(self._ledger, location)

    def skus(self) -> Iterable[str]:
        """Give every SKU once."""
        return stock.all_skus(self._ledger)

    def locations(self) -> Iterable[str]:
        """Give every location once."""
        return stock.all_locations(self._ledger)

    def skus_with_barcode(self, code: str) -> Iterable[str]:
        """Give the SKUs of which a barcode is said."""
        return self._barcodes.get(code, ())

    @cached_property
    def _barcodes(self) -> dict[str, list[str]]:
        return skus_by_barcode(self._ledger)


def newcomers(ledger: Ledger) -> Newcomers:
    """Return what tells which names no event carries."""
    return Newcomers(LedgerNames(ledger, Cut(END_OF_TIME, ledger.head().position)))


def names_now(ledger: Ledger, clock: Clock) -> LedgerNames:
    """Return the names in use at the head of a ledger, and what is on hand now."""
    head = ledger.head()
    now = present_at(clock(), head.recorded_at).now
    return LedgerNames(ledger, Cut(today_at(utc_text(now), ledger.zone).ends, head.position))


def guard_of(ledger: Ledger, rules: NameRules, clock: Clock) -> Guard:
    """Return what refuses names, for the drafts of one batch."""
    return Guard(names_now(ledger, clock), rules, ledger.decimals)

"""Knows how the chain is proved: every link of it is computed again.

Must never take the text of an event from SQLite where the hash does not fit it: then this
program's own decides.
"""

from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from hashlib import sha256
from itertools import repeat
from typing import Any

from inventory_cli.audit.check import (
    BATCH,
    HASH,
    KIND,
    LOCATION,
    POSITION,
    SKU,
    Piece,
    Row,
    batches_after,
)
from inventory_cli.audit.finding import Finding
from inventory_cli.core.events import Stream
from inventory_cli.storage.anchors import Place
from inventory_cli.storage.batches import Batch, headers_with_hash
from inventory_cli.storage.chain import genesis, link_batch, link_event
from inventory_cli.storage.failures import WRONG_TYPE
from inventory_cli.storage.ledger_file import Head, Ledger
from inventory_cli.storage.log import settings_rows, stored_rows


def _hexadecimal(link: object) -> str | None:
    return link.hex() if isinstance(link, bytes) else None


class Chain:
    """Every hash follows from the one before it and from what is recorded."""

    name = "chain"

    def __init__(self, ledger: Ledger, head: Head, start: Place) -> None:
        self._ledger = ledger
        self._headers = headers_with_hash(ledger, head.batch, batches_after(start))
        self._header: tuple[Batch, bytes] | None = None
        self._batch, self._link = start.batch, start.hash
        self._found: list[Finding] = []
        # The first event of each stream whose hash does not fit.
        self.broken: dict[Stream, int] = {}

    def feed(self, piece: Piece) -> None:
        written_here = _WrittenHere(self._ledger, piece)
        batches, links = piece.columns[BATCH], piece.columns[HASH]
        texts = piece.texts or repeat(None, len(links))
        before, current = self._link, self._batch
        for row, batch, text, stored in zip(piece.rows, batches, texts, links, strict=True):
            link = None
            try:
                if batch != current:
                    before = self._close_before(batch, before)
                    current = batch
                if text is not None:
                    link = sha256(before + text.encode()).digest()
                if link != stored:
                    link = link_event(before, written_here.fields(row[POSITION]))
            except WRONG_TYPE:
                link = None  # Nothing that can be recorded has such a cell, so no hash fits.
            if link is None or link != stored:
                self._break(row, link)
            # Go on from what is stored, so that every other break shows too.
            before = stored
        self._link, self._batch = before, current

    def _break(self, row: Row, link: bytes | None) -> None:
        position, sku, location = row[POSITION], row[SKU], row[LOCATION]
        text = (
            f"event {position} ({row[KIND]}, {sku} at {location}) does not fit the chain: it, "
            "or what came just before it, was altered, removed or moved"
        )
        self._found.append(
            Finding(
                "event-hash",
                text,
                sku,
                location,
                position,
                _hexadecimal(link),
                _hexadecimal(row[HASH]),
            )
        )
        self.broken.setdefault((sku, location), position)

    def _close_before(self, batch: int, link: bytes) -> bytes:
        """Check the headers of the batches that come before that of an event, given the hash before
        them; return the hash before the event.
        """
        self._link = link
        while (header := self._upcoming()) and header[0].batch < batch:
            self._close(*header)
        return self._link

    def _upcoming(self) -> tuple[Batch, bytes] | None:
        if self._header is None:
            self._header = next(self._headers, None)
        return self._header

    def _close(self, header: Batch, stored: bytes) -> None:
        link = None
        with suppress(*WRONG_TYPE):
            link = link_batch(self._link, header)
        if link is None or link != stored:
            text = (
                f"batch {header.batch} ({header.command}) does not fit the chain: its header, or "
                "what came just before it, was altered, removed or moved"
            )
            expected, found = _hexadecimal(link), _hexadecimal(stored)
            self._found.append(Finding("batch-hash", text, expected=expected, found=found))
        self._link, self._header = stored, None

    def finish(self) -> list[Finding]:
        while header := self._upcoming():
            self._close(*header)
        if not self._settings_fit():
            text = "the settings of the ledger were altered"
            self._found.insert(0, Finding("settings", text))
        return self._found

    def _settings_fit(self) -> bool:
        try:
            fit = genesis(self._ledger.settings) == self._ledger.start()
        except WRONG_TYPE:
            return False
        return fit and settings_rows(self._ledger) == [1]


class _WrittenHere:
    """The whole events of a piece, read once more when one of them is asked for."""

    def __init__(self, ledger: Ledger, piece: Piece) -> None:
        self._ledger = ledger
        self._first, self._last = piece.rows[0][POSITION], piece.rows[-1][POSITION]

    @cached_property
    def _events(self) -> dict[int, Sequence[Any]]:
        pieces = stored_rows(self._ledger, self._last, self._first - 1)
        return {position: (position, *said) for rows in pieces for position, *said, _ in rows}

    def fields(self, position: int) -> Sequence[Any]:
        """Return the fields of an event, whatever they are."""
        return self._events[position]

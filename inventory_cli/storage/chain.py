"""Knows the canonical text of what the log holds, and how one hash leads to the next.

Every link is SHA-256 over the 32 bytes of the hash before it, followed by the UTF-8 bytes of a
JSON array without blanks, non-ASCII characters as themselves:

    ["ledger",identity,created_at,decimals,timezone,negative]            (nothing before it)
    ["event",position,batch,sku,location,kind,quantity,effective_at,date_only,
             reason,reference,unit_cost,id,reverses,details]
    ["batch",batch,recorded_at,actor,command,source,source_sha256,
             first_position,last_position,lines_sha256,details]

The events of a batch come first and its header closes it. `details` is the stored JSON text as
one string; the array of a batch without any ends before it. A snapshot is a batch without events,
whose `lines_sha256` is SHA-256 over

    ["snapshot",snapshot,batch,name,as_of,position,whole_to,closes]
    ["line",sku,location,on_hand,last_incoming,last_outgoing,last_counted]   (by sku, location)

each followed by a line feed; a snapshot that was taken before there were `whole_to` and `closes`
has neither, and its array ends with `position`.

The details of batch 1 may name, as `carried_ids`, SHA-256 over

    ["carried_id",id,ledger,position,effective_at,date_only,content_sha256,voided_by]
                                                              (in the order of the first 3)

each followed by a line feed; `content_sha256` is made by `core.rules.content_of`. Must never know
where any of it is stored.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashlib import _Hash as HASH

from inventory_cli.core.events import Drafts

Fields = Sequence[str | int | None]


def _encoder() -> Callable[[Fields], str]:
    """Return what writes the canonical text of fields.

    `JSONEncoder.encode` makes its encoder in C anew for each call, which takes longer than the
    encoding. One is made here for all, where this Python has it in the form that is known.
    """
    documented = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    try:
        # markers, default, encoder, indent, key and item separator, sort, skip, NaN
        make = json.encoder.c_make_encoder  # type: ignore[attr-defined]
        string = json.encoder.encode_basestring
        parts = make(None, None, string, None, ":", ",", False, False, True)
        probe: Fields = ('ü"\\\n\x00\u2028', -1, 2**63 - 1, None, "")
        if "".join(parts(probe, 0)) == documented(probe):
            return lambda fields: "".join(parts(fields, 0))
    except (AttributeError, TypeError):
        pass
    return documented


canonical = _encoder()
# For fewer events than these a pattern is not worth it.
_FEW = 10
_ESCAPED = bytes(range(0x20)) + b'"\\'


def genesis(settings: Fields) -> bytes:
    """Return the hash that a ledger's chain starts from: its identity and its settings."""
    return sha256(canonical(["ledger", *settings]).encode()).digest()


def link_event(previous: bytes, fields: Fields) -> bytes:
    """Return the hash of an event, given the hash before it."""
    return sha256(previous + canonical(("event", *fields)).encode()).digest()


def texts_of(first: int, batch: int, drafts: Drafts) -> list[str]:
    """Return the canonical text of each event that drafts become in a batch, from position `first`
    on, as `canonical` writes it; in a third of the time.

    What all of a column have in common stands in a pattern, so that most columns take no step in
    Python for each event.
    """
    if drafts.how_many < _FEW:
        return [
            canonical(("event", position, batch, *draft))
            for position, draft in enumerate(drafts.each(), first)
        ]
    forms, values = [], list[Sequence[object]]([range(first, first + drafts.how_many)])
    for column in drafts:
        form, written = _written(column)
        forms.append(form)
        if written:
            values.append(written)
    pattern = f'["event",%s,{batch},{",".join(forms)}]'
    return [*map(pattern.__mod__, zip(*values, strict=True))]


def _written(column: Sequence[str | int | None]) -> tuple[str, Sequence[object]]:
    """Return how the values of a column stand in a text, and what they are there if they differ."""
    nulls = column.count(None)
    if nulls == len(column):
        return "null", ()
    said = column if not nulls else [value for value in column if value is not None]
    if isinstance(said[0], int):
        form = "%s"
    elif _is_plain("".join(said)):  # type: ignore[arg-type]
        form = '"%s"'
    else:
        return "%s", [canonical((value,))[1:-1] for value in column]
    if not nulls:
        return form, column
    return "%s", ["null" if value is None else form % value for value in column]


def _is_plain(text: str) -> bool:
    """Tell whether nothing in a text is escaped."""
    said = text.encode(errors="surrogatepass")
    return len(said.translate(None, _ESCAPED)) == len(said)


def link_texts(previous: bytes, texts: Iterable[str]) -> list[bytes]:
    """Return the hash of each event, given their canonical texts and the hash before them."""
    links = []
    for text in texts:
        previous = sha256(previous + text.encode()).digest()
        links.append(previous)
    return links


def link_batch(previous: bytes, fields: Fields) -> bytes:
    """Return the hash of a batch header, given the hash of its last event (or of the head)."""
    if fields[-1] is None:
        fields = fields[:-1]
    return sha256(previous + canonical(["batch", *fields]).encode()).digest()


def digest_lines(snapshot: Fields, lines: Iterable[Fields]) -> str:
    """Return the hexadecimal digest of a snapshot and its lines, sorted by SKU and location."""
    digest = begin_digest(snapshot)
    for line in lines:
        digest.update(line_text(line))
    return digest.hexdigest()


def begin_digest(snapshot: Fields) -> "HASH":
    """Return the digest of a snapshot before its lines, whose texts are added to it."""
    if tuple(snapshot[5:]) == (None, None):
        snapshot = snapshot[:5]
    return sha256(canonical(["snapshot", *snapshot]).encode() + b"\n")


def line_text(line: Fields) -> bytes:
    """Return the text of a line of a snapshot, as its digest covers it."""
    return canonical(["line", *line]).encode() + b"\n"


def digest_carried(rows: Iterable[Fields]) -> str | None:
    """Return the hexadecimal digest of carried ids, in order; None where there are none."""
    digest, any_at_all = sha256(), False
    for row in rows:
        digest.update(canonical(["carried_id", *row]).encode() + b"\n")
        any_at_all = True
    return digest.hexdigest() if any_at_all else None

"""Knows by what names other systems call the fields and the kinds of event.

Values in, values out. Must never know a file, or what stands in its columns.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

# For each field, patterns of header names, the surest first: two names in one pattern are as good
# as each other. They are compared with `plain` names. `before` and `status` are no fields, but
# say something about those that are.
_DATE_WORDS = r"(date|timestamp|datetime|date (and )?time|datum|fecha|data|jour)"
_DOCUMENT = r"(invoice|order|document|doc|voucher|bill|receipt|delivery note|po|so|transfer|beleg)"
_NUMBER = r"(id|no|nr|num|number|code|ref|nummer|key)"
_PLACE = (
    r"(location|warehouse|fulfillment cent(er|re)|store|site|depot|branch|place|shop|lager(ort)?)"
)
_PLACE_NAME = rf"{_PLACE}( {_NUMBER}| name)?"
_STOCK = r"(stock|balance|quantity|qty|on hand|inventory|level|bestand|saldo)"
_ITEM = r"(sku|item|product|stock|article|material|part|variant|artikel)"
_EVENT = r"(movement|transaction|event|entry|stock|inventory|trans|txn|move|ledger)"
_FIELD_NAMES: Mapping[str, tuple[str, ...]] = {
    "balance": (
        rf"(.* )?{_STOCK} after( .*)?",
        rf"(running|closing|ending|end|new|resulting)( .*)? {_STOCK}",
        r"balance( (qty|quantity|stock))?|saldo|bestand|(qty|quantity|stock) on hand|on hand( .*)?",
        r"(current |available |remaining )?(stock|inventory)( level| qty| quantity)?",
    ),
    "before": (
        rf"(.* )?{_STOCK} before( .*)?",
        rf"(opening|starting|start|previous|prior|old)( .*)? {_STOCK}",
    ),
    "quantity_in": (r"(in|incoming|received) (qty|quantity)|(qty|quantity|stock) in|zugang|in",),
    "quantity_out": (r"(out|outgoing|issued) (qty|quantity)|(qty|quantity|stock) out|abgang|out",),
    "date": (
        _DATE_WORDS,
        rf"({_EVENT}|posting|effective|booking|value) {_DATE_WORDS}|buchungsdatum",
        rf"({_DOCUMENT}|sales?|shipment|actual|done) {_DATE_WORDS}|{_DATE_WORDS} of .*",
        rf"(.* )?{_DATE_WORDS}|(.* )?time|(occurred|happened|created|done)( at| on)?|when|day",
    ),
    "quantity": (
        r"quantity|qty|menge|cantidad|quantite|qte|anzahl",
        r"(actual |stock |net )?(quantity|qty)( change| delta| moved| done| [a-z]{1,3})?"
        r"|(change|delta|units|pieces|pcs|count)",
        r"(.* )?(quantity|qty|menge)|(quantity|qty) .*|(stock |net )change|amount|difference",
    ),
    "sku": (
        rf"(seller |merchant |variant |product |item )?sku( {_NUMBER})?|msku",
        rf"{_ITEM} ?{_NUMBER}|codigo|artikelnummer",
        r"item|product|article|material|part|artikel|producto|produit|referencia",
        r"asin|fnsku|barcode|ean|upc|gtin|(item|product|article) name",
    ),
    "type": (
        rf"type|kind|({_EVENT}|voucher|document|record|operation) (type|kind)|bewegungsart|tipo",
        r"event|movement|transaction|operation|action|activity|direction|in out|what",
        r"(.* )?type",
    ),
    "to_location": (
        rf"to|to {_PLACE_NAME}|(destination|target|dest|counterparty|other)( {_PLACE_NAME})?",
        rf"{_PLACE} to|transfer to|para|nach",
    ),
    "location": (
        rf"(warehouse|location|fulfillment cent(er|re)|lager(ort)?|almacen|bodega)( {_NUMBER})?",
        rf"{_PLACE_NAME}|from|(from|source) {_PLACE_NAME}|source|{_PLACE} from|origin",
    ),
    "unit_cost": (r"(unit |purchase )?cost( price| per unit)?|purchase price|valuation rate",),
    "id": (
        r"id|uuid|guid",
        rf"(inventory )?({_EVENT}|row|line|record|log|line item)( {_EVENT})? {_NUMBER}",
    ),
    "reference": (
        rf"reference|ref|reference {_NUMBER}",
        rf"{_DOCUMENT}( {_NUMBER})?|belegnummer|factura|pedido",
        rf"transaction {_NUMBER}|transaction",
    ),
    "reason": (r"reason|reason code|grund|motivo", r"notes?|comments?|remarks?|bemerkung"),
    "by": (r"by|user|user ?name|operator|employee|(created|done|entered|recorded) by",),
    "status": (r"(.* )?(status|state)",),
}
# What has the name of a field and is another thing.
_OTHER_NAMES: Mapping[str, str] = {
    "date": r"expect|due|expir|plan|schedul|birth|updat|modif|best before|valid",
    "quantity": r"reconciled|reserved|expected|planned|ordered|min\b|max\b|reorder|committed",
    "balance": r"value|amount|cost",
}
# A column of this kind beside a quantity that nothing explains makes it a file of sales.
_SALES_NAMES = re.compile(r"invoice.*|customer.*|(unit |sales? |retail )?price|order.*|client.*")

# Patterns of words for kinds of event; the first that is found counts.
_KIND_WORDS = tuple(
    (re.compile(pattern), kind)
    for pattern, kind in (
        (r"\b(transfer|move|umlagerung)\w* (out|from)\b|\bout(going|bound) transfer",
         "transferred_out"),
        (r"\b(transfer|move|umlagerung)\w* (in|to)\b|\bin(coming|bound) transfer",
         "transferred_in"),
        (r"\b(vendor|supplier|purchase) (return|refund)|return\w* to (vendor|supplier)", "removed"),
        (r"return|refund|retour|devoluci|\brma\b|credit note|rückgabe", "returned"),
        (r"\bopen|\binitial|beginning|anfang|inicial", "opened"),
        (r"\bcount|stock ?tak|inventur\b|recuento|physical inventory|reconcil", "counted"),
        (r"transfer|\bmoved?\b|relocat|umlagerung|traslado", "transferred"),
        (r"adjust|correct|korrektur|ajuste|miscount", "adjusted"),
        (r"purchase|receipt|receiv|inbound|restock|replenish|produc|\bfound\b|zugang|eingang",
         "received"),
        (r"einkauf|compra|entrada|achat|^(stock |goods )?in$|^po$", "received"),
        (r"\bsales?\b|\bsell\b|\bsold\b|outbound|\bship|dispatch|deliver|\border|invoice|^pos$",
         "sold"),
        (r"verkauf|venta|vente|lieferung", "sold"),
        (r"issue|consum|\bused\b|scrap|damage|\blost\b|\bloss|dispos|expire|waste|write ?off|theft",
         "removed"),
        (r"remov|withdraw|breakage|broken|spoil|donat|salida|abgang|^(stock |goods )?out$",
         "removed"),
    )
)  # fmt: skip
_VOID = re.compile(r"\b(cancel|void|reject|delet|fail|storn|annul|abort)")
_WAITING = re.compile(r"\b(pending|draft|plan|open|schedul|wait|in progress|in transit|hold)")
# Places that are not ours: what coming from there, and going there, means.
_OUTSIDE = (
    (r"vendor|supplier|lieferant|production|manufactur", "received", "removed"),
    (r"customer|client|kunde", "returned", "sold"),
    (r"adjust|scrap|loss|virtual", "adjusted", "adjusted"),
)


# Each field asks for the name of each column.
@lru_cache(maxsize=1 << 18)
def plain(text: str) -> str:
    """Return a name as lower-case words: `stock code` for `StockCode`, `stock_code` and the like.

    A unit in parentheses is no part of a name.
    """
    text = re.sub(r"\([^)]*\)", " ", text).replace("#", " no ")
    text = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", text)
    return re.sub(r"[\W_]+", " ", text).strip().lower()


def rank(field: str, header: str) -> int | None:
    """Return how sure a header's name is for a field, 0 the surest; None where it is no name."""
    name = plain(header)
    if not name or re.search(_OTHER_NAMES.get(field, r"(?!)"), name):
        return None
    patterns = _FIELD_NAMES[field]
    return next((n for n, pattern in enumerate(patterns) if re.fullmatch(pattern, name)), None)


def is_known(header: str) -> bool:
    """Tell whether a header is a name of any field."""
    return any(rank(field, header) is not None for field in _FIELD_NAMES)


def tells_of_sales(header: str) -> bool:
    """Tell whether a column of that name stands in files of sales."""
    return bool(_SALES_NAMES.fullmatch(plain(header)))


def kind_of(word: str) -> str | None:
    """Return the kind, or side of a transfer, that a word of a type column most likely means."""
    name = plain(word)
    return next((kind for pattern, kind in _KIND_WORDS if pattern.search(name)), None)


def is_void(status: str) -> bool:
    """Tell whether a row of that status never happened."""
    return bool(_VOID.search(plain(status)))


def is_waiting(status: str) -> bool:
    """Tell whether a row of that status has perhaps not happened yet."""
    return bool(_WAITING.search(plain(status)))


def outside_of(place: str) -> tuple[str, str] | None:
    """Return what coming from a place, and going there, means; None where it may be ours."""
    name = plain(place)
    return next((ways for pattern, *ways in _OUTSIDE if re.search(pattern, name)), None)  # type: ignore[return-value]

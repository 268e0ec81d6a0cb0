"""Knows what can happen: the table of kinds, and the event. Must never know how it is stored."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from inventory_cli.errors import damaged

START_OF_DAY = "00:00:00.000"
MIDDLE_OF_DAY = "12:00:00.000"
END_OF_DAY = "23:59:59.998"
CLOSE_OF_DAY = "23:59:59.999"

# To what a cost belongs: what came in, what was sold (less what came back), or what was lost (less
# what was found).
INCOMING, SOLD, OTHER = "incoming", "sold", "other"


class Kind(NamedTuple):
    """What sort of fact an event is, and all that depends on it.

    `sign` turns the recorded quantity into a change of on hand; None where the quantity
    is not a difference (`counted`, `reversed`). `time_of_day` is where an event known only
    by its date stands in that day: stock arrives before it leaves, and a count closes the
    day. `adjusted` takes `END_OF_DAY` when its quantity is negative. `opposite` is what a source
    means that gives this kind the contrary sign: a sale of −1 is a return. `least` is the least
    quantity that may be given; None where it is signed, and not 0. `account` is the one to which
    what it costs belongs; None where it only moves stock from one place to another.
    """

    name: str
    command: str
    sign: int | None
    time_of_day: str
    sets: str | None
    opposite: str | None = None
    least: int | None = 1
    account: str | None = OTHER


DESCRIBED = "described"

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("opened", "open", +1, START_OF_DAY, None, least=0, account=INCOMING),
        Kind(
            "received",
            "receive",
            +1,
            START_OF_DAY,
            "last_incoming",
            "removed",
            account=INCOMING,
        ),
        Kind("returned", "return", +1, START_OF_DAY, "last_incoming", "sold", account=SOLD),
        Kind("sold", "sell", -1, END_OF_DAY, "last_outgoing", "returned", account=SOLD),
        Kind("removed", "remove", -1, END_OF_DAY, "last_outgoing", "received"),
        Kind("adjusted", "adjust", +1, START_OF_DAY, None, least=None),
        Kind("counted", "count", None, CLOSE_OF_DAY, "last_counted", least=0),
        Kind("transferred", "transfer", +1, MIDDLE_OF_DAY, None, account=None),
        Kind("reversed", "reverse", None, START_OF_DAY, None),
        # At no location: it says what the SKU is, and no stock depends on it.
        Kind(DESCRIBED, "describe", 0, START_OF_DAY, None, least=0),
    )
}
COMMAND_KINDS: Mapping[str, str] = {kind.command: kind.name for kind in KINDS.values()}
# Kinds whose recorded quantity has a sign: a leg of a transfer says which way it goes.
SIGNED = ("adjusted", "transferred")

# The two facts that only an opening balance carries; they live in its details.
OPENING_DETAILS = ("last_incoming", "last_outgoing")
# What the stock of a SKU cost, where a rollover opens it; it lives there too. And the reason that
# a rollover gives for what was below zero.
CARRIED_COSTS = "carried_costs"
ROLLOVER = "rollover"
# The closed period into which an event was recorded all the same; it lives in the details too.
INTO_CLOSED = "into_closed"
# The file in which an ended ledger goes on; it lives in the details of the batch that ends it.
ENDED_BY = "ended_by"
# Whether a log is shared from a batch on, in the details of that; and the file, and its machine, in
# which a log goes on that is shared no more: the last batch of the others says so, and the next of
# that file says that it is alone.
SHARED = "shared"
BEGUN, STOPPED, ALONE = "begun", "stopped", "alone"
GOES_ON_IN = "goes_on_in"
# The import that a batch voids as a whole, so that its file may come again; and how a file was
# read. In the details of batches too.
FORGETS = "forgets"
READ_AS = "read_as"
# The digest of the ids that a ledger takes over from those before it, and the files of those,
# counted from the oldest, which is 1. In the details of its first batch.
CARRIED_IDS = "carried_ids"
CARRIED_FROM = "ledger_{}"
RESERVED_DETAILS = (*OPENING_DETAILS, INTO_CLOSED)


# When an event takes effect whose moment is that of its batch; it sorts behind every moment.
AT_ONCE = "now"

# A SKU at a location.
Stream = tuple[str, str]


def is_stock(stream: Stream) -> bool:
    """Tell whether stock can lie there: what describes a SKU is at no location, and no stream."""
    return stream[1] != ""


# All that a fold wants to know of an event: its position, kind, quantity, effective_at, date_only,
# the position of the reversal that voids it, and the details of an opening balance. A bare tuple,
# because a stream may hold a million of them.
Effect = tuple[int, str, int, str, int, int | None, str | None]


class Draft(NamedTuple):
    """An event before the ledger has given it a position.

    `quantity` is in the ledger's smallest unit, as given: signed for `adjusted` and for the
    two legs of `transferred`, zero for `reversed`, not negative for all others.
    `effective_at` is UTC text with milliseconds (`2022-03-15T23:59:59.998Z`), so that text
    order is time order, or AT_ONCE until its batch has a moment. `details` is a JSON object with
    sorted keys, or None.
    """

    sku: str
    location: str
    kind: str
    quantity: int
    effective_at: str
    date_only: int
    reason: str | None = None
    reference: str | None = None
    unit_cost: str | None = None
    id: str | None = None
    reverses: int | None = None
    details: str | None = None

    @property
    def stream(self) -> Stream:
        """The stream that it belongs to."""
        return self[0], self[1]


class Drafts(NamedTuple):
    """Many drafts beside each other: of each field of a draft what it is in all of them, in order.

    So thousands are handed on, looked at and stored without a value being made of each.
    """

    sku: Sequence[str]
    location: Sequence[str]
    kind: Sequence[str]
    quantity: Sequence[int]
    effective_at: Sequence[str]
    date_only: Sequence[int]
    reason: Sequence[str | None]
    reference: Sequence[str | None]
    unit_cost: Sequence[str | None]
    id: Sequence[str | None]
    reverses: Sequence[int | None]
    details: Sequence[str | None]

    @classmethod
    def of(cls, drafts: Iterable[Draft]) -> "Drafts":
        """Return drafts as they stand beside each other."""
        columns: list[tuple[Any, ...]] = [*zip(*drafts, strict=True)] or [()] * len(cls._fields)
        return cls(*columns)

    @property
    def how_many(self) -> int:
        """How many drafts these are."""
        return len(self.sku)

    def each(self) -> Iterator[Draft]:
        """Give the drafts one by one."""
        return map(Draft._make, zip(*self, strict=True))

    def at(self, place: int) -> Draft:
        """Return the draft at a place, counted from 0."""
        return Draft._make(column[place] for column in self)


class Event(NamedTuple):
    """A fact that happened to one SKU at one location: a draft with its place in the log."""

    position: int
    batch: int
    sku: str
    location: str
    kind: str
    quantity: int
    effective_at: str
    date_only: int
    reason: str | None
    reference: str | None
    unit_cost: str | None
    id: str | None
    reverses: int | None
    details: str | None

    @property
    def stream(self) -> Stream:
        """The stream that it belongs to."""
        return self[2], self[3]

    @property
    def said(self) -> Draft:
        """What it says, without its place in the log."""
        return Draft(*self[2:])


DEFAULT_LOCATION = "main"


def pack_details(details: Mapping[str, str]) -> str | None:
    """Return details as the JSON text that the log keeps, keys sorted; None when there are none."""
    if not details:
        return None
    import json  # Most events carry none.

    return json.dumps(details, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def unpack_details(text: str | None) -> dict[str, str]:
    """Return the details of an event as a mapping, empty when it carries none."""
    if text is None:
        return {}
    import json

    try:
        details = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        details = None
    if not isinstance(details, dict) or not all(isinstance(v, str) for v in details.values()):
        # It may be of any length, and of any type.
        raise damaged(f"{repr(text)[:60]} stands where details belong")
    return details


def time_of_day(kind: str, quantity: int) -> str:
    """Return the time at which an event known only by its date takes effect."""
    if kind == "adjusted" and quantity < 0:
        return END_OF_DAY
    return KINDS[kind].time_of_day

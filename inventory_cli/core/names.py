"""Knows which names are new, which are alike, and which place cannot be taken for granted.

Compares values. Must never know where the names that are in use are kept; they are given to it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from inventory_cli.core.events import DEFAULT_LOCATION, Draft, Drafts
from inventory_cli.core.quantities import format_quantity
from inventory_cli.core.text import INVISIBLE
from inventory_cli.errors import Refused

# Of a name with fewer letters, one letter is too much to be a slip.
LEAST_LETTERS = 3
# How many names that are like one are named beside it.
_MOST_NAMED = 3
# How many new names of a batch are compared by their spelling too; and how many names are looked
# up one by one, before all that are in use are read.
_FEW = 10


def folded(name: str) -> str:
    """Return what two names have in common that look alike: NFKC, without case and invisible
    characters.
    """
    if name.isascii():
        return name.lower()
    from unicodedata import normalize  # Most names are plain.

    seen = "".join(letter for letter in name if letter not in INVISIBLE)
    return normalize("NFKC", normalize("NFKC", seen).casefold())


def one_letter_away(name: str, others: Iterable[str]) -> list[str]:
    """Return the names that one letter more, less or other makes of a name, or two neighbours
    that change places.
    """
    found: set[str] = set()
    # Each part holds names that are the same before its start and behind its end.
    parts = [(0, len(name), list(others))] if len(name) >= LEAST_LETTERS else []
    while parts:
        start, end, names = parts.pop()
        if len(names) <= _FEW or end - start <= LEAST_LETTERS:
            found.update(other for other in names if _differs_by_a_slip(name, other))
            continue
        # A slip leaves a name whole before its middle letter, or behind it.
        middle = (start + end) // 2
        head, tail = name[:middle], name[middle + 1 :]
        parts.append((middle, end, [other for other in names if other.startswith(head)]))
        parts.append((start, middle + 1, [other for other in names if other.endswith(tail)]))
    return sorted(found)


def _differs_by_a_slip(one: str, other: str) -> bool:
    if abs(len(one) - len(other)) > 1 or len(other) < LEAST_LETTERS:
        return False
    pairs = enumerate(zip(one, other, strict=False))
    same = next((at for at, (left, right) in pairs if left != right), min(len(one), len(other)))
    left, right = one[same:], other[same:]
    return left != right and (
        left[1:] == right[1:]
        or left[1:] == right
        or left == right[1:]
        or (left[:2] == right[1::-1] and left[2:] == right[2:])
    )


def there_is(alike: Sequence[str]) -> str:
    """Return, in parentheses, the names that are like one; "" where there is none."""
    if not alike:
        return ""
    shown = ", ".join(alike[:_MOST_NAMED])
    rest = len(alike) - _MOST_NAMED
    more = f" and {rest} more" if rest > 0 else ""
    return f" (there {'is' if len(alike) == 1 else 'are'} {shown}{more})"


class NamesInUse(Protocol):
    """What a ledger holds before a batch: SKUs, and the locations at which they lie."""

    def on_hand(self, sku: str) -> Mapping[str, int]:
        """Return what is on hand now of a SKU at each location that it has, in smallest units."""

    def has_sku(self, sku: str) -> bool:
        """Tell whether there is an event of a SKU."""

    def has_location(self, location: str) -> bool:
        """Tell whether there is an event at a location."""

    def skus(self) -> Iterable[str]:
        """Give every SKU once."""

    def locations(self) -> Iterable[str]:
        """Give every location once."""

    def skus_with_barcode(self, code: str) -> Iterable[str]:
        """Give the SKUs of which a barcode is said."""


class _Names:
    """The names of one sort: those in use, and those that a batch adds.

    A few are looked up one by one; for more, or for a new one, all are read.
    """

    def __init__(
        self, is_in_use: Callable[[str], bool], all_in_use: Callable[[], Iterable[str]]
    ) -> None:
        self._is_in_use = is_in_use
        self._all_in_use = all_in_use
        self._looked_up: set[str] = set()
        self._names: set[str] | None = None
        self._by_fold: dict[str, str] = {}
        # Those in use that are folded to the same as an earlier one: a few at most.
        self._also: dict[str, list[str]] = {}
        # Those in use, folded. What a batch adds is a series, in which a letter makes a name.
        self._spellings: list[str] = []
        self._spelled = 0

    def is_new(self, name: str) -> bool:
        """Tell whether a name is neither in use nor added."""
        if self._names is None and len(self._looked_up) < _FEW:
            if name not in self._looked_up:
                if not self._is_in_use(name):
                    return True
                self._looked_up.add(name)
            return False
        return name not in self._all()

    def like(self, name: str) -> list[str]:
        """Return other names that a new name is like; by its spelling only for the first few."""
        self._all()
        fold = folded(name)
        folds = [fold] if fold in self._by_fold else []
        if self._spelled < _FEW:
            self._spelled += 1
            folds += one_letter_away(fold, self._spellings)
        return [name for at in folds for name in (self._by_fold[at], *self._also.get(at, ()))]

    def add(self, name: str) -> None:
        """Take a name into use."""
        self._all().add(name)
        self._by_fold.setdefault(folded(name), name)

    def is_first(self) -> bool:
        """Tell whether no name is in use or added."""
        return not self._all()

    def _all(self) -> set[str]:
        if self._names is None:
            names = list(self._all_in_use())
            self._names = set(names)
            self._spellings = [n.lower() if n.isascii() else folded(n) for n in names]
            self._by_fold = dict(zip(self._spellings, names, strict=True))
            if len(self._by_fold) < len(names):
                self._name_all(names)
        return self._names

    def _name_all(self, names: Sequence[str]) -> None:
        """Keep the first name of each fold, and beside it the others, as many as are named."""
        self._by_fold = {}
        for fold, name in zip(self._spellings, names, strict=True):
            if self._by_fold.setdefault(fold, name) != name:
                also = self._also.setdefault(fold, [])
                if len(also) < _MOST_NAMED:
                    also.append(name)


class New(NamedTuple):
    """A name that no event before carries: a SKU or a location, as `sort` says, and those that it
    is like.
    """

    sort: str
    name: str
    alike: list[str]

    def in_words(self) -> str:
        """Return the name, with those that it is like."""
        return self.name + there_is(self.alike)


class Newcomers:
    """The names that a batch is the first to carry."""

    def __init__(self, in_use: NamesInUse) -> None:
        self._skus = _Names(in_use.has_sku, in_use.skus)
        self._locations = _Names(in_use.has_location, in_use.locations)

    def look_at(self, sku: str, location: str) -> list[New]:
        """Return which of the names of a stream are new, and take them into use. What describes a
        SKU is at no location.
        """
        found = [self.look_at_sku(sku)]
        if location:
            found.append(self.look_at_location(location))
        return [new for new in found if new]

    def look_at_sku(self, sku: str) -> New | None:
        """Return a SKU that is new, and take it into use; None where it was in use before."""
        return _take("SKU", sku, self._skus) if self._skus.is_new(sku) else None

    def look_at_location(self, location: str) -> New | None:
        """Return a location that is new, and take it into use; None where it was in use before.

        The built-in location is not new where there is no other yet.
        """
        if not self._locations.is_new(location):
            return None
        is_usual = location == DEFAULT_LOCATION and self._locations.is_first()
        new = _take("location", location, self._locations)
        return None if is_usual else new


def _take(sort: str, name: str, names: _Names) -> New:
    new = New(sort, name, names.like(name))
    names.add(name)
    return new


class NameRules(NamedTuple):
    """What a user decided about names, and how to say where something is."""

    known_only: bool = False
    say_where: str = "say where with --location"


ANY_NAMES = NameRules()


class NameRefused(Refused):
    """A name that is new where only known ones may be, or of whose place nothing was said.

    `reason` says it of a row, beside what stands in its `field`: the `name`, or "" where that is
    what is missing.
    """

    def __init__(self, field: str, name: str, message: str, hint: str) -> None:
        super().__init__(message, hint)
        self.field = field
        self.name = name
        self.reason = message if name else f"{message}; {hint}"


class Guard:
    """Refuses the drafts of a batch whose place was only guessed, or whose names are new.

    It is shown all of them that are to be recorded, in order, under the lock.
    """

    def __init__(self, in_use: NamesInUse, rules: NameRules, decimals: int) -> None:
        self._in_use = in_use
        self._rules = rules
        self._decimals = decimals
        self._skus = _Names(in_use.has_sku, in_use.skus)
        self._locations = _Names(in_use.has_location, in_use.locations)
        # The places of each SKU that were let pass.
        self._passed: dict[str, set[str]] = {}

    def check(self, draft: Draft, place_said: bool) -> None:
        """Raise NameRefused where a draft is not to be recorded."""
        passed = self._passed.get(draft.sku, ())
        if draft.location in passed:
            return
        if not draft.location:
            if self._rules.known_only:
                self._refuse_new("SKU", draft.sku, self._skus)
            return
        if not place_said and draft.location == DEFAULT_LOCATION:
            self._refuse_guess(draft.sku, passed)
        if self._rules.known_only:
            self._refuse_new("SKU", draft.sku, self._skus)
            self._refuse_new("location", draft.location, self._locations)
        self._passed.setdefault(draft.sku, set()).add(draft.location)

    def check_all(self, drafts: Drafts, guessed: Sequence[bool]) -> None:
        """Raise NameRefused where any of some drafts, of which each one's place was guessed or not,
        is not to be recorded; those before it were let pass.
        """
        passed = self._passed
        streams = zip(drafts.sku, drafts.location, strict=True)
        for place, (sku, location) in enumerate(streams):
            # Almost all are of a stream that was looked at before.
            if location not in passed.get(sku, ()):
                self.check(drafts.at(place), not guessed[place])

    def _refuse_guess(self, sku: str, passed: Iterable[str]) -> None:
        on_hand = self._in_use.on_hand(sku)
        if DEFAULT_LOCATION in on_hand:
            return
        places = [
            f"{name} ({format_quantity(quantity, self._decimals)})"
            for name, quantity in _most_first(on_hand)
        ]
        places += sorted(place for place in passed if place not in on_hand)
        if places:
            lies = f"{sku} lies at {_listed(places)}, not at {DEFAULT_LOCATION}"
            raise NameRefused("location", "", lies, self._rules.say_where)

    def _refuse_new(self, sort: str, name: str, names: _Names) -> None:
        if names.is_new(name):
            new = there_is(names.like(name))
            raise NameRefused(
                sort.lower(),
                name,
                f"{name} is a new {sort}{new}, and only known names are allowed",
                "where it is spelled as it should be, leave out --known-only "
                "(INVENTORY_KNOWN_ONLY=0)",
            )


def _listed(parts: list[str]) -> str:
    """Return some parts in one line, as people list them."""
    if (rest := len(parts) - _MOST_NAMED) > 1:
        parts = [*parts[:_MOST_NAMED], f"{rest} more"]
    *most, last = parts
    return f"{', '.join(most)} and {last}" if most else last


def _most_first(on_hand: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(on_hand.items(), key=lambda place: (-place[1], place[0]))


def where_there_is(on_hand: Mapping[str, int], decimals: int) -> str:
    """Return where there is something, like `12 at depot and 3 at shop`; "" where nowhere."""
    places = [
        f"{format_quantity(quantity, decimals)} at {name}"
        for name, quantity in _most_first(on_hand)
        if quantity > 0
    ]
    return f"there is some elsewhere: {_listed(places)}" if places else ""

"""Knows how the balances of an unknown file prove what its columns and words mean.

A balance is proved where in each stream it is the one before and what the row moves. Must never
know how a profile is written.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import NamedTuple

from inventory_cli.drafting.sample import Sample

# How many steps of balances are tried in all, and how many of them must agree.
_MOST_STEPS = 400_000
_LEAST_STEPS = 2
_LEAST_SHARE = 0.8
# Adjustments go both ways.
_LEAST_ALIKE = 0.6


class Claim(NamedTuple):
    """Which columns may be what: the balance after a row and perhaps before it, one quantity or
    what came in and what went out, and what keeps the streams apart.
    """

    before: int | None
    balance: int
    quantities: tuple[int, ...]
    keys: tuple[int, ...]
    is_upside_down: bool = False


class Proof(NamedTuple):
    """A claim that the balances bear out: how many of their steps do, how many do not, and how
    many were cut off at zero.
    """

    claim: Claim
    good: int
    bad: int
    cut: int


class Step(NamedTuple):
    """What one row does: what was there, what it says that moved, signed if it says so, and what
    is there then.
    """

    row: int
    was: int
    moved: int
    now: int

    @property
    def way(self) -> int:
        """1 if the balance rose by what moved, -1 if it fell by it, else 0."""
        change, size = self.now - self.was, abs(self.moved)
        if not size or abs(change) != size:
            return -1 if self.is_cut else 0
        return 1 if change > 0 else -1

    @property
    def is_cut(self) -> bool:
        """Whether more was to leave than was there, and the source called it 0."""
        return self.now == 0 <= self.was < abs(self.moved)


def moved(sample: Sample, quantities: Sequence[int]) -> list[int | None]:
    """Return by how much each row says that stock moved."""
    first, *rest = map(sample.numbers, quantities)
    if not rest:
        return first
    pairs = zip(first, rest[0], strict=True)
    return [None if a is None and b is None else (a or 0) - abs(b or 0) for a, b in pairs]


def steps(sample: Sample, claim: Claim, most: int | None = None) -> Iterator[Step]:
    """Give the steps of the balances, those of each stream in order.

    Where a file has no balance before a row, it is that after the one before.
    """
    balances, moves = sample.numbers(claim.balance), moved(sample, claim.quantities)
    before = None if claim.before is None else sample.numbers(claim.before)
    for row, last in _in_streams(sample, claim, most):
        was = last if before is None else before[row]
        now, change = balances[row], moves[row]
        if was is not None and now is not None and change:
            yield Step(row, was, change, now)


def _in_streams(sample: Sample, claim: Claim, most: int | None) -> Iterator[tuple[int, int | None]]:
    """Give the rows in order, and what the one before in the same stream has for a balance."""
    balances = sample.numbers(claim.balance)
    keys = list(zip(*map(sample.cells, claim.keys), strict=True)) or [()] * len(sample)
    order = range(len(sample))[:most]
    last: dict[tuple[str, ...], int | None] = {}
    for row in reversed(order) if claim.is_upside_down else order:
        yield row, last.get(keys[row])
        last[keys[row]] = balances[row]


def _tried(sample: Sample, claim: Claim, most: int) -> Proof:
    """Return how well the balances bear a claim out."""
    good = bad = cut = 0
    if claim.before is None:
        for step in steps(sample, claim, most):
            good, bad, cut = good + (step.way != 0), bad + (step.way == 0), cut + step.is_cut
        return Proof(claim, good, bad, cut)
    before = sample.numbers(claim.before)
    for row, last in _in_streams(sample, claim, most):
        if last is not None and before[row] is not None:
            good, bad = good + (before[row] == last), bad + (before[row] != last)
    return Proof(claim, good, bad, cut)


def prove(
    sample: Sample,
    balances: Sequence[tuple[int | None, int]],
    quantities: Sequence[tuple[int, ...]],
    keys: Sequence[tuple[int, ...]],
    least: int = _LEAST_STEPS,
) -> Proof | None:
    """Return the claim that the balances bear out best, if they bear any out; of equal ones the
    first. `keys` are in the order of how likely they are. Where only the balances before and after
    each row bear one out, it has no keys, and what contradicts the likeliest is counted as bad.
    `least` is how many steps must agree.
    """
    pairs = [
        (balance, quantity)
        for balance, quantity in product(balances, quantities)
        if not {*balance} & {*quantity} and _rows_agree(sample, *balance, quantity)
    ]
    claims = [
        Claim(*balance, quantity, key, upside_down)
        for balance, quantity in pairs
        for key in keys
        if not {*key} & {*balance, *quantity}
        for upside_down in (False, True)
        # In both directions one step is found soon.
        if not upside_down or least >= _LEAST_STEPS
    ]
    if not claims:
        return None
    most = max(len(sample) // len(claims), _MOST_STEPS // len(claims))
    tried = [_tried(sample, claim, most) for claim in claims]
    best = max(tried, key=lambda proof: _merit(proof, least))
    if _merit(best, least) > 0:
        return best
    likeliest = tried[0]
    if likeliest.claim.before is None:
        return None
    return likeliest._replace(claim=likeliest.claim._replace(keys=()))


def _merit(proof: Proof, least: int) -> int:
    steps = proof.good + proof.bad
    # Balances before and after each row have shown by themselves that they belong together.
    least = least if proof.claim.before is None else 1
    enough = proof.good >= least and proof.good >= _LEAST_SHARE * steps
    return proof.good - proof.bad if enough else 0


def _rows_agree(
    sample: Sample, before: int | None, balance: int, quantities: tuple[int, ...]
) -> bool:
    """Tell whether the balances before and after most rows differ by what they move."""
    if before is None:
        return True
    found = [step.way != 0 for step in steps(sample, Claim(before, balance, quantities, ()))]
    return sum(found) >= max(1, _LEAST_SHARE * len(found))


def ways_of_words(sample: Sample, claim: Claim, column: int | None) -> Mapping[str, list[int]]:
    """Return for each word of a column, folded, or for all rows, how many of them rose and fell.

    The first row of a stream rose if all that is there then is what it moved.
    """
    found: dict[str, list[int]] = {}
    words = sample.cells(column) if column is not None else [""] * len(sample)
    for step in [*steps(sample, claim), *_beginnings(sample, claim)]:
        counts = found.setdefault(words[step.row].casefold(), [0, 0])
        counts[0] += step.way > 0
        counts[1] += step.way < 0
    return found


def words_agree(sample: Sample, claim: Claim, column: int | None) -> bool:
    """Tell whether rows of the same word and sign mostly go the same way, as chance would not."""
    words = sample.cells(column) if column is not None else [""] * len(sample)
    found = Counter((words[s.row], s.moved > 0, s.way) for s in steps(sample, claim) if s.way)
    groups = {key[:2] for key in found}
    same = sum(max(found[(*group, 1)], found[(*group, -1)]) for group in groups)
    return same >= _LEAST_ALIKE * found.total()


def _beginnings(sample: Sample, claim: Claim) -> Iterator[Step]:
    balances, moves = sample.numbers(claim.balance), moved(sample, claim.quantities)
    for row, last in _in_streams(sample, claim, None):
        now, change = balances[row], moves[row]
        if claim.before is None and last is None and now and change and now == abs(change):
            yield Step(row, 0, change, now)


def sign_of(sample: Sample, claim: Claim) -> str | None:
    """Return what signs mean by the balances; None where quantities have none, or they differ."""
    ways = [(step.way > 0) == (step.moved > 0) for step in steps(sample, claim) if step.way]
    if min(filter(None, moved(sample, claim.quantities)), default=0) >= 0 or not ways:
        return None
    share = sum(ways) / len(ways)
    return "change" if share >= _LEAST_SHARE else "inverted" if share <= 1 - _LEAST_SHARE else None

"""Knows the scenarios of the vectors: how each came about, and what must be found in it.

What must be found is written here by hand. Must never ask the program what it finds.
"""

import json
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

Lines = list[str]


class Good(NamedTuple):
    """A ledger that is as it should be: the commands that make it, after `init`.

    A command is its words, and what stands on its standard input. `stock` is what is on hand at the
    end of time, in the smallest unit.
    """

    scenario: str
    commands: Sequence[tuple[str, str]]
    stock: Sequence[tuple[str, str, int]]


class Altered(NamedTuple):
    """An export of a good scenario that somebody altered, and what must be found in it.

    `found` is the number of the first line that does not fit, or else the names of the checks that
    fail, where every line fits. `anchor` tells whether they fail only against the head before.
    """

    scenario: str
    original: str
    alter: Callable[[Lines], Lines]
    found: int | str
    anchor: bool = False


def typed(text: str) -> list[tuple[str, str]]:
    """Return the commands of a text, one a line, none of which reads standard input."""
    return [(line, "") for line in text.strip().splitlines()]


# The file that a rollover makes.
NEXT = "next.db"

STORY = """
init --timezone Europe/Berlin
open XYZ-1 100 --on 2022-02-01 --last-incoming 2022-01-01 --last-outgoing 2022-02-01
receive XYZ-1 100 --on 2022-03-01
sell XYZ-1 20 --on 2022-03-15
receive XYZ-1 50 --on 2022-03-15
sell XYZ-1 20 --on 2022-04-01
adjust XYZ-1 -20 --on 2022-04-01 --reason miscount
"""

GOOD = {
    "empty": Good(
        "A ledger into which nothing was recorded: the settings and the head.",
        typed("init --timezone UTC"),
        [],
    ),
    "story": Good(
        "The six events of XYZ-1: an opening balance, arrivals, sales, and a miscount.",
        typed(STORY),
        [("XYZ-1", "main", 190)],
    ),
    "transfers": Good(
        "Transfers between three locations. Both legs stand in one batch, the leaving one first.",
        typed("""
init --timezone UTC
receive A 10 --on 2022-03-01
transfer A 4 --from main --to shop --on 2022-03-02
transfer A 1 --from shop --to fair --on 2022-03-03T09:30
"""),
        [("A", "fair", 1), ("A", "main", 6), ("A", "shop", 3)],
    ),
    "reversals": Good(
        "A sale, a leg of a transfer and a whole batch are voided. The voided events stay.",
        [
            *typed("""
init --timezone UTC
receive A 10 --on 2022-03-01
sell A 3 --on 2022-03-02 --id R-1
reverse 2 --reason twice
transfer A 4 --from main --to shop --on 2022-03-03
reverse 4 --reason 'never left'
"""),
            ("import -", "date,sku,type,quantity\n2022-03-04,A,sold,1\n2022-03-04,B,received,2\n"),
            ("reverse --batch 6 --reason 'wrong file'", ""),
        ],
        [("A", "main", 10), ("A", "shop", 0), ("B", "main", 0)],
    ),
    "counts": Good(
        "Counts are observations: what is recorded after one and took effect before it alters its"
        " variance and not the stock.",
        typed("""
init --timezone UTC
receive A 10 --on 2022-03-01
count A 9 --on 2022-03-31
sell A 4 --on 2022-03-15
count B 5 --on 2022-03-31
sell B 1 --on 2022-04-01
"""),
        [("A", "main", 9), ("B", "main", 4)],
    ),
    "closed": Good(
        "A snapshot, a snapshot that closes its period, and a late entry that names that period.",
        typed("""
init --timezone UTC
receive A 10 --on 2022-03-01
receive B 4 --location shop --on 2022-03-02
sell A 3 --on 2022-03-20
snapshot take --as-of 2022-03-15
snapshot take march --as-of 2022-03-31 --close
sell A 1 --on 2022-03-30 --into-closed march --reason 'slip found'
sell A 1 --on 2022-04-02
"""),
        [("A", "main", 5), ("B", "shop", 4)],
    ),
    "follows": Good(
        "A ledger that follows on another: it closes the same period, opens what is there, carries"
        " what takes effect later, and knows the ids of what stays in the old one.",
        typed(f"""
init --timezone UTC
receive Ä 10 --on 2022-03-01 --id d-1 --cost 1.50 --detail lot=L9
sell Ä 3 --on 2022-03-02 --id s-1
transfer Ä 4 --from main --to shop --on 2022-03-03 --id t-1
reverse 2 --reason twice --id r-1
sell Ä 1 --on 2022-04-02 --id s-2
rollover {NEXT} --as-of 2022-03-31
sell Ä 1 --location shop --on 2022-04-03 --id s-3
"""),
        [("Ä", "main", 5), ("Ä", "shop", 3)],
    ),
    "decimals": Good(
        "Three decimals: a quantity is an integer in thousandths, a unit cost stays text.",
        typed("""
init --decimals 3 --timezone UTC
receive FLOUR 2.5 --on 2022-03-01 --cost 1.10
sell FLOUR 0.125 --on 2022-03-02
adjust FLOUR -0.005 --on 2022-03-03 --reason spilt
"""),
        [("FLOUR", "main", 2370)],
    ),
    "unicode": Good(
        "Letters of every sort, and what JSON escapes: written as themselves wherever JSON allows.",
        [
            ("init --timezone UTC", ""),
            (
                "receive 'Ä 1' 7 --location schöp --on 2022-03-01 --reason 'a \"b\" \\c\u2028d'"
                " --detail 'größe=\U0001f600'",
                "",
            ),
            ("sell 'Ä 1' 1 --location schöp --on 2022-03-02 --by 王 --ref '</é>'", ""),
            ("receive 0012 1 --on 2022-03-02 --reason 'e\u0301 is not é'", ""),
        ],
        [("0012", "main", 1), ("Ä 1", "schöp", 6)],
    ),
    "batches": Good(
        "Batches of one event, of none, and of several: an import, a transfer, a snapshot.",
        [
            ("init --negative allow --timezone America/New_York", ""),
            (
                "import -",
                "date,sku,type,quantity,remark,id\n2022-03-01,A,received,5,,1\n"
                "2022-03-02T10:00,A,sold,7,late,2\n2022-03-13,B,returned,1,,3\n",
            ),
            ("transfer A 2 --from main --to shop --on 2022-03-20", ""),
            ("snapshot take", ""),
            ("remove B 1 --on 2022-03-21 --reason broken --id 4", ""),
        ],
        [("A", "main", -4), ("A", "shop", 2), ("B", "main", 0)],
    ),
}


# --- how lines are altered ----------------------------------------------------------------------


def packed(value: Any) -> str:
    """Return a line as `export` writes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def with_value(number: int, *path: str | int, value: Any) -> Callable[[Lines], Lines]:
    """Return what sets a value of line `number`, the first being 1."""

    def alter(lines: Lines) -> Lines:
        entry = json.loads(lines[number - 1])
        *way, last = path
        place = entry
        for step in way:
            place = place[step]
        assert place[last] != value
        place[last] = value
        return [*lines[: number - 1], packed(entry), *lines[number:]]

    return alter


def without(first: int, last: int) -> Callable[[Lines], Lines]:
    """Return what removes lines `first` to `last`."""
    return lambda lines: [*lines[: first - 1], *lines[last:]]


def swapped(number: int) -> Callable[[Lines], Lines]:
    """Return what swaps line `number` with the next."""
    return lambda lines: [
        *lines[: number - 1], lines[number], lines[number - 1], *lines[number + 1 :],
    ]  # fmt: skip


def relinked(lines: Lines) -> Lines:
    """Compute every hash and digest again, as somebody would who knows how they are made."""
    found, link, position, digest = [], b"", 0, None
    for line in lines:
        entry = json.loads(line)
        what = next(iter(entry))
        fields = entry[what]
        if what == "head":
            entry["head"] = f"{position}:{link.hex()}"
        elif what == "snapshot":
            rows = [["snapshot", *fields.values()], *(["line", *row] for row in entry["lines"])]
            digest = sha256("".join(f"{packed(row)}\n" for row in rows).encode()).hexdigest()
        else:
            if digest:
                fields["lines_sha256"], digest = digest, None
            position = fields.get("position", position)
            values = [fields[name] for name in fields if name not in ("format", "hash")]
            link = sha256(link + packed([what, *values]).encode()).digest()
            fields["hash"] = link.hex()
        found.append(packed(entry))
    return found


def forged(alter: Callable[[Lines], Lines]) -> Callable[[Lines], Lines]:
    """Return what alters lines and then makes every hash fit."""
    return lambda lines: relinked(alter(lines))


def of_another(lines: Lines) -> Lines:
    """Put the settings of another ledger, with their own hash, in the place of these."""
    other = with_value(1, "ledger", "identity", value="another")(lines)
    return [*relinked(other[:1]), *lines[1:]]


# The story has these lines: 1 the settings, 2 an event, 3 its header, … 12 an event, 13 its header,
# 14 the head. Of `closed`: 8 the first snapshot, 9 its header, 10 the second, 11 its header, …
ALTERED = {
    "altered-quantity": Altered(
        "The second event says 90 where 100 was recorded.",
        "story",
        with_value(4, "event", "quantity", value=90),
        4,
    ),
    "altered-hash": Altered(
        "The hash of the second event is another; what it says is as it was recorded.",
        "story",
        with_value(4, "event", "hash", value="0" * 64),
        4,
    ),
    "altered-header": Altered(
        "The header of the third batch names somebody else.",
        "story",
        with_value(7, "batch", "actor", value="somebody"),
        7,
    ),
    "altered-settings": Altered(
        "The ledger is said to keep two decimals, so that every quantity would mean a hundredth.",
        "story",
        with_value(1, "ledger", "decimals", value=2),
        1,
    ),
    "altered-identity": Altered(
        "The events of one ledger behind the settings of another.",
        "story",
        of_another,
        2,
    ),
    "altered-snapshot-line": Altered(
        "A line of the first snapshot has another quantity. Its header has the digest of the lines,"
        " so it is the header that does not fit.",
        "closed",
        with_value(8, "lines", 0, 2, value=9),
        9,
    ),
    "removed-event": Altered(
        "The second of three events of a batch is gone.",
        "batches",
        without(3, 3),
        3,
    ),
    "removed-batch": Altered(
        "A batch of one event is gone with its header.",
        "story",
        without(4, 5),
        4,
    ),
    "removed-snapshot": Altered(
        "A snapshot is gone; its header stays.",
        "closed",
        without(8, 8),
        8,
    ),
    "swapped-events": Altered(
        "Two events of a batch have changed places.",
        "batches",
        swapped(2),
        2,
    ),
    "event-without-header": Altered(
        "The header of the last batch is gone, and the head is that of the batch before: an event"
        " belongs to no batch.",
        "story",
        lambda lines: [*lines[:-2], relinked([*lines[:-3], lines[-1]])[-1]],
        13,
    ),
    "snapshot-without-header": Altered(
        "The log ends with a snapshot, and the header that has its digest is gone.",
        "closed",
        lambda lines: [*lines[:8], relinked([*lines[:7], lines[-1]])[-1]],
        9,
    ),
    "forged-position": Altered(
        "The last event is number 8, after number 5, and every hash fits.",
        "story",
        forged(
            lambda lines: with_value(12, "event", "position", value=8)(
                with_value(13, "batch", "first_position", value=8)(
                    with_value(13, "batch", "last_position", value=8)(lines)
                )
            )
        ),
        12,
    ),
    "altered-id": Altered(
        "A carried id is another one. It is the first header that has their digest.",
        "follows",
        lambda lines: [lines[0], lines[1].replace("s-1", "s-9"), *lines[2:]],
        4,
    ),
    "removed-ids": Altered(
        "The carried ids are gone, of which the first header has the digest.",
        "follows",
        lambda lines: [lines[0], *lines[2:]],
        3,
    ),
    "cut-tail": Altered(
        "The last batch is gone, and the head is that of the batch before. Nothing in it is wrong:"
        " only an anchor shows it that was kept elsewhere.",
        "story",
        lambda lines: relinked([*lines[:-3], lines[-1]]),
        "anchor",
        anchor=True,
    ),
    "forged-history": Altered(
        "The second event says 90 where 100 was recorded, and every hash after it was made anew.",
        "story",
        forged(with_value(4, "event", "quantity", value=90)),
        "anchor",
        anchor=True,
    ),
    "forged-snapshot": Altered(
        "A line of the first snapshot has another quantity, and the digest and every hash after it"
        " fit: it is not what the log gives when it is replayed.",
        "closed",
        forged(with_value(8, "lines", 0, 2, value=9)),
        "snapshots",
    ),
    "forged-transfer": Altered(
        "One more arrives than left, and every hash fits.",
        "transfers",
        forged(with_value(5, "event", "quantity", value=5)),
        "transfers",
    ),
    "forged-reversal": Altered(
        "A reversal names an event that is not there, and every hash fits.",
        "reversals",
        forged(with_value(6, "event", "reverses", value=99)),
        "reversals",
    ),
}

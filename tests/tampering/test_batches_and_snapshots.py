"""Every way to alter a batch, a setting or a snapshot is found by `verify`.

Each alteration lists every check that finds it and what that check says; checks that are not
listed must pass. Where only one is listed, the alteration would pass without that check.
"""

import math
import re

import pytest

from inventory_cli.audit import replayed, snapshots
from inventory_cli.storage.chain import genesis
from tests.conftest import Shop
from tests.tampering.altering import BROKEN_AT_2, Found, alter, assert_found, behind_the_back

HEADER_2 = "batch 2 (receive) does not fit the chain"

# What is set in batch 2 → who finds it.
BATCH_EDITS: list[tuple[str, Found]] = [
    (
        "batch = 20",
        {
            "positions": "batch 2 is missing",
            "chain": "batch 20 (receive) does not fit",
            # The last batch now says that the log ends with its event.
            "snapshots": "snapshot 1 (march) was taken at position 7, but the log ends at 2",
        },
    ),
    (
        "recorded_at = '2022-03-01T00:00:00.000Z'",
        {"positions": "batch 2 was recorded before the one before it", "chain": HEADER_2},
    ),
    ("actor = 'nobody'", {"chain": HEADER_2}),
    ("command = 'return'", {"chain": "batch 2 (return) does not fit the chain"}),
    ("source = 'moves.csv'", {"chain": HEADER_2}),
    ("source_sha256 = '00'", {"chain": HEADER_2}),
    (
        "first_position = 1",
        {"positions": "batch 2 claims events 1 to 2, but the one before", "chain": HEADER_2},
    ),
    (
        "first_position = NULL, last_position = NULL",
        {"positions": "event 2 lies in no batch", "chain": HEADER_2},
    ),
    (
        "last_position = 3",
        {"positions": "batch 3 claims events 3 to 3, but the one before", "chain": HEADER_2},
    ),
    (
        "lines_sha256 = '00'",
        {"chain": HEADER_2, "snapshots": "the snapshot that batch 2 recorded is missing"},
    ),
    ("hash = zeroblob(32)", {"chain": HEADER_2}),
]


@pytest.mark.parametrize(("edit", "found"), BATCH_EDITS)
def test_an_edited_batch_header_is_found(ledger: Shop, edit: str, found: Found) -> None:
    alter(ledger, f"UPDATE batches SET {edit} WHERE batch = 2")
    assert_found(ledger, found)


DELETED_BATCHES: list[tuple[int, Found]] = [
    (1, {"positions": "batch 1 is missing", "chain": BROKEN_AT_2}),
    (
        6,
        {
            "positions": "batch 6 is missing",
            "chain": "event 8 (transferred, XYZ-1 at main) does not fit the chain",
            "snapshots": "snapshot 1 (march): batch 6 did not record it",
        },
    ),
    (11, {"positions": "event 13 lies in no batch"}),
]


@pytest.mark.parametrize(("batch", "found"), DELETED_BATCHES)
def test_a_deleted_batch_header_is_found(ledger: Shop, batch: int, found: Found) -> None:
    alter(ledger, f"DELETE FROM batches WHERE batch = {batch}")
    assert_found(ledger, found)


def test_a_batch_header_added_by_hand_is_found(ledger: Shop) -> None:
    alter(
        ledger,
        "INSERT INTO batches SELECT 12, recorded_at, actor, command, source, source_sha256,"
        " NULL, NULL, NULL, hash, NULL FROM batches WHERE batch = 11",
    )
    assert_found(ledger, {"chain": "batch 12 (remove) does not fit the chain"})


@pytest.mark.parametrize(
    "edit",
    [
        "identity = 'another'",
        "created_at = '2020-01-01T00:00:00.000Z'",
        "decimals = 2",
        "timezone = 'Asia/Tokyo'",
        "timezone = 'Mars/Olympus'",
        "negative = 'allow'",
        "hash = zeroblob(32)",
    ],
)
def test_an_edited_setting_is_found(ledger: Shop, edit: str) -> None:
    alter(ledger, f"UPDATE ledger SET {edit}")
    assert_found(ledger, {"chain": "the settings of the ledger were altered"})


def test_settings_cannot_be_edited_together_with_the_hash_that_they_give(ledger: Shop) -> None:
    with behind_the_back(ledger) as connection:
        connection.execute("UPDATE ledger SET negative = 'allow'")
        (*settings, _) = connection.execute("SELECT * FROM ledger").fetchone()[1:]
        connection.execute("UPDATE ledger SET hash = ?", (genesis(settings),))
    assert_found(ledger, {"chain": "event 1 (opened, XYZ-1 at main) does not fit the chain"})


def test_a_ledger_without_settings_is_not_opened(ledger: Shop) -> None:
    alter(ledger, "DELETE FROM ledger")
    ran = ledger("verify")
    assert (ran.code, ran.out) == (4, "")
    assert "its settings are missing" in ran.err


ALTERED = "snapshot 1 (march) was altered: it does not have the digest in its batch header"

SNAPSHOT_EDITS: list[tuple[str, str]] = [
    ("UPDATE snapshots SET snapshot = 2", "snapshot 2 (march) was altered"),
    ("UPDATE snapshots SET batch = 7", "the snapshot that batch 6 recorded is missing"),
    ("UPDATE snapshots SET name = 'april'", "snapshot 1 (april) was altered"),
    ("UPDATE snapshots SET name = NULL", "snapshot 1 was altered"),
    ("UPDATE snapshots SET as_of = '2022-03-31T00:00:00.000Z'", ALTERED),
    ("UPDATE snapshots SET position = 6", ALTERED),
    ("UPDATE snapshots SET position = 14", "taken at position 14, but the log ends at 13"),
    ("DELETE FROM snapshots", "the snapshot that batch 6 recorded is missing"),
    (
        "UPDATE snapshots SET whole_to = 6",
        "nothing takes effect after its date; that is so up to",
    ),
    ("UPDATE snapshots SET whole_to = NULL", ALTERED),
    ("UPDATE snapshots SET whole_to = NULL, closes = NULL", ALTERED),
    ("UPDATE snapshots SET closes = 1", ALTERED),
    (
        "INSERT INTO snapshots VALUES (2, 7, 'x', '2022', 7, 7, 0)",
        "(x): batch 7 did not record it",
    ),
    ("UPDATE snapshot_lines SET snapshot = 2 WHERE sku = 'ABC-2'", "ABC-2 at main: not stored"),
    ("UPDATE snapshot_lines SET sku = 'ABC-3' WHERE sku = 'ABC-2'", "ABC-3 at main: stored as 9"),
    ("UPDATE snapshot_lines SET location = 'attic' WHERE sku = 'ABC-2'", "ABC-2 at attic: stored"),
    ("UPDATE snapshot_lines SET on_hand = 8 WHERE sku = 'ABC-2'", "on hand expected 9, found 8"),
    (
        "UPDATE snapshot_lines SET last_incoming = '2022-03-01' WHERE sku = 'ABC-2'",
        "ABC-2 at main: last incoming expected 2022-03-02T00:00:00.000+01:00, found 2022-03-01",
    ),
    (
        "UPDATE snapshot_lines SET last_outgoing = NULL WHERE sku = 'ABC-2'",
        "ABC-2 at main: last outgoing expected 2022-03-04T23:59:59.998+01:00, found nothing",
    ),
    (
        "UPDATE snapshot_lines SET last_counted = '2022-03-01' WHERE sku = 'ABC-2'",
        "ABC-2 at main: last counted expected nothing, found 2022-03-01",
    ),
    ("DELETE FROM snapshot_lines WHERE sku = 'ABC-2'", "ABC-2 at main: not stored, though"),
    ("DELETE FROM snapshot_lines", "XYZ-1 at shop: not stored, though the log has 30 on hand"),
    (
        "INSERT INTO snapshot_lines VALUES (1, 'NEW', 'main', 1, NULL, NULL, NULL)",
        "NEW at main: stored as 1 on hand, but the log has no event of it",
    ),
    # A line of a snapshot that there is not.
    ("INSERT INTO snapshot_lines VALUES (9, 'NEW', 'main', 1, NULL, NULL, NULL)", "snapshot 9"),
]


@pytest.fixture(params=["while the log is replayed", "stream by stream, with all others"])
def compared(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have snapshots compared in one of the two ways, whatever it costs."""
    most = 0 if request.param.startswith("stream") else math.inf
    monkeypatch.setattr(replayed, "MOST_PER_EVENT", most)


@pytest.mark.parametrize(("statement", "named"), SNAPSHOT_EDITS)
@pytest.mark.usefixtures("compared")
def test_an_altered_snapshot_is_found(ledger: Shop, statement: str, named: str) -> None:
    alter(ledger, statement)
    assert_found(ledger, {"snapshots": named})


@pytest.mark.usefixtures("compared")
def test_a_snapshot_that_is_right_is_not_compared_line_by_line_in_the_end(
    ledger: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in ("2022-02-28", "2022-03-20", "2022-04-06"):
        ledger.ok("snapshot", "take", "--as-of", day)
    ledger.ok("receive", "XYZ-1", 1, "--on", "2022-03-02")
    monkeypatch.delattr(snapshots, "replay_log")
    assert ledger.failed_checks() == {}


def test_late_arrivals_are_counted_for_each_snapshot(ledger: Shop) -> None:
    taken = [("a", "2022-03-02"), ("b", "2022-03-31"), ("c", "2022-03-10"), ("d", "2022-04-30")]
    dates = {"march": "2022-03-31", **dict(taken)}
    days = ("2022-03-01", "2022-03-05", "2022-03-31", "2022-04-01", "2022-03-10", "2022-02-01")
    expected = {"march": 0}
    for name, as_of in taken:
        ledger.ok("snapshot", "take", name, "--as-of", as_of)
        expected[name] = 0
        for day in days:
            ledger.ok("receive", "XYZ-1", 1, "--on", day)
            for before in expected:
                expected[before] += day <= dates[before]
    notes = next(
        check["notes"] for check in ledger.json("verify")["checks"] if check["name"] == "snapshots"
    )
    counted = {}
    for note in notes:
        name = note.split("(")[1].split(")")[0]
        more = re.search(r", and (\d+) more$", note)
        counted[name] = (
            note.count(": event ") + note.count(", event ") + int(more[1] if more else 0)
        )
    assert counted == expected


def test_a_snapshot_that_agrees_with_the_log_is_still_found_to_be_altered(ledger: Shop) -> None:
    # March had no event after the 20th, so the state at another moment is the same.
    alter(ledger, "UPDATE snapshots SET as_of = '2022-03-25T00:00:00.000Z'")
    assert ledger.failed_checks() == {"snapshots": [ALTERED]}


def test_a_deleted_snapshot_is_found_with_its_lines_and_without(ledger: Shop) -> None:
    alter(ledger, "DELETE FROM snapshots", "DELETE FROM snapshot_lines")
    assert_found(ledger, {"snapshots": "the snapshot that batch 6 recorded is missing"})


FORGED = (
    "INSERT INTO snapshots VALUES (2, {}, 'forged', '2199-12-31T22:59:59.999Z', 7, 7, 1)",
    "INSERT INTO snapshot_lines VALUES (2, 'XYZ-1', 'main', 999, NULL, NULL, NULL)",
)


@pytest.mark.parametrize("batch", [-(2**63), -1, 0, 5, 12, 2**63 - 1])
def test_a_snapshot_is_proved_only_by_the_batch_that_recorded_it(ledger: Shop, batch: int) -> None:
    kept = ledger.folder / "kept"
    kept.write_text(ledger.ok("head").out)
    alter(ledger, *(statement.format(batch) for statement in FORGED))
    found = {"snapshots": f"snapshot 2 (forged): batch {batch} did not record it"}
    for words in ((), ("--strict",), ("--anchor", kept), ("--anchor", kept, "--since-anchor")):
        assert_found(ledger, found, *words)
    # Nor does it close a period, so nothing is kept from being recorded.
    ledger.ok("receive", "XYZ-1", 1)


def test_a_snapshot_that_took_the_place_of_the_recorded_one_is_found(ledger: Shop) -> None:
    alter(ledger, "UPDATE snapshots SET batch = 0")
    found = {"snapshots": "the snapshot that batch 6 recorded is missing"}
    assert_found(ledger, found)
    anchor = ledger.ok("head").out.strip()
    found = {"snapshots": "snapshot 1 (march): batch 0 did not record it"}
    assert_found(ledger, found, "--expect", anchor, "--since-anchor")

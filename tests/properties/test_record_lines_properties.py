"""Lines that are recorded together, against the same lines recorded one by one: the same answers
to the letter, and the same log to the last hash.
"""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory_cli.cli import options, waiting
from tests.conftest import Shop
from tests.properties.lives import NOW, examples

kinds = ("received", "received", "sold", "sold", "adjusted", "counted", "opened", "lost")
days = st.sampled_from((None, None, "2022-03-01", "2022-03-02", "2022-03-03T10:00", "now", "soon"))
sources = st.fixed_dictionaries(
    {
        "type": st.sampled_from(kinds),
        "sku": st.sampled_from(("A", "A", "B", "a")),
        "quantity": st.integers(-2, 9),
        "date": days,
        "location": st.sampled_from((None, "main", "shop")),
        "id": st.sampled_from((None, None, "k1", "k2")),
        "reason": st.just("found"),
    }
).map(json.dumps)
transfers = st.builds(
    lambda quantity, day: json.dumps(
        {
            "type": "transferred", "sku": "A", "quantity": quantity,
            "location": "main", "to_location": "shop", "date": day,
        }
    ),
    st.integers(1, 5),
    days,
)  # fmt: skip
lines = st.lists(st.one_of(sources, sources, transfers, st.sampled_from(("", "{"))), max_size=25)


def recorded(made: Shop, file: Path, most: int) -> tuple[int, str, str]:
    """Record a file into a copy of a ledger; return the exit code, the answers, and the anchor."""
    original = made.path.read_bytes()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(options, "now", lambda: NOW)
        patch.setattr(waiting, "MOST_TOGETHER", most)
        ran = made("record", file)
    ended = ran.code, ran.out, made.ok("head").out
    assert made.failed_checks() == {}
    made.path.write_bytes(original)
    return ended


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(tmp_path_factory.mktemp("made"))


@examples(60)
@given(lines, st.integers(2, 9))
def test_what_is_recorded_together_is_recorded_as_one_by_one(
    made: Shop, said: Sequence[str], most: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "lines.jsonl")
        file.write_text("\n".join(said))
        assert recorded(made, file, most) == recorded(made, file, 1)

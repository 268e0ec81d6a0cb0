"""A short command starts quickly: it imports nothing that it does not use."""

import subprocess
import sys

import pytest

from tests.conftest import Shop, unmeasured

SLOW = {"rich", "sqlite_utils", "dateutil", "pydantic", "random", "logging", "tomllib"}
# Wanted only for text that is not plain.
SLOW |= {"unicodedata"}


@pytest.mark.parametrize(
    "words",
    [
        ["stock"],
        ["stock", "--format", "json"],
        ["receive", "A", "1"],
        ["sell", "XYZ-1", "1", "--known-only"],
        ["stock", "XYZ-2", "--location", "shop"],
        ["history", "XYZ-1", "--from", "2022-03-01"],
        ["as-of", "2022-03-15"],
        ["batches"],
        ["head"],
        ["verify", "--quiet"],
        ["rebuild"],
        ["snapshot", "take"],
        ["reverse", "6", "--reason", "miscounted"],
        ["export"],
        ["--help"],
        ["receive", "--help"],
    ],
)
def test_a_short_command_imports_nothing_slow(story: Shop, words: list[str]) -> None:
    assert not loaded_by(story, words) & SLOW


@pytest.mark.parametrize("words", [["stock"], ["as-of", "2022-03-15"], ["history", "XYZ-1"]])
def test_a_question_does_not_load_the_library_of_hashes(story: Shop, words: list[str]) -> None:
    assert "hashlib" not in loaded_by(story, words)


def loaded_by(story: Shop, words: list[str]) -> set[str]:
    """Run a command in a process of its own, and return the modules that it has loaded."""
    program = (
        "import sys\n"
        "from inventory_cli.__main__ import main\n"
        f"sys.argv = ['inventory', '--ledger', {str(story.path)!r}, *{words!r}]\n"
        "try:\n"
        "    main()\n"
        "except SystemExit as end:\n"
        "    assert not end.code, end.code\n"
        "print(*(name for name in sys.modules if '.' not in name), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env=unmeasured(),
    )
    loaded = set(done.stderr.splitlines()[-1].split())
    assert "typer" in loaded
    return loaded

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
        ["log"],
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


# What each short command may do without, of Python and of this program. (Details are JSON.)
QUESTION = {"json", "hashlib", "inventory_cli.audit", "inventory_cli.importing"}
QUESTION |= {
    "inventory_cli.storage.chain",
    "inventory_cli.core.judging",
    "inventory_cli.core.names",
}
RECORDING = {"inventory_cli.audit", "inventory_cli.importing", "inventory_cli.storage.export"}
AUDIT = {"inventory_cli.importing", "inventory_cli.core.judging", "inventory_cli.actions.ask"}


@pytest.mark.parametrize(
    ("words", "unused"),
    [
        (["stock"], QUESTION),
        (["as-of", "2022-03-15"], QUESTION - {"json"}),
        (["log"], QUESTION - {"json"}),
        (["history", "XYZ-1"], QUESTION - {"json"}),
        (["head"], QUESTION | {"inventory_cli.actions"}),
        (["receive", "XYZ-1", "1"], RECORDING),
        (["sell", "XYZ-1", "1"], RECORDING),
        (["verify"], AUDIT),
        (["--help"], QUESTION | {"sqlite3", "inventory_cli.actions", "inventory_cli.core"}),
    ],
)
def test_a_short_command_imports_no_part_that_it_does_not_use(
    story: Shop, words: list[str], unused: set[str]
) -> None:
    assert loaded_by(story, words) & unused == set()


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
        "print(*sys.modules, file=sys.stderr)\n"
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

"""What the help of a command says stands once, and every example in it does what it should."""

import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from inventory_cli.cli import COMMANDS, RECORD, app, lazy
from inventory_cli.cli.lazy import Command
from inventory_cli.core.events import COMMAND_KINDS
from tests.cli.test_terminal import on_terminal, without_style
from tests.conftest import Shop
from tests.transcript import ROOT, put_command, run_line

# Examples that find a difference, and say so with their exit code.
FIND_A_DIFFERENCE = {
    "inventory reconcile counted.csv --as-of 2022-04-30",
    "inventory reconcile counted.csv --partial --location shop",
}
# Commands whose examples need a database: `tests/shared/test_examples.py` runs them.
NEED_A_DATABASE = ("share", "clone", "sync")
# Words that only a shell understands.
SHELL = {"|", "||", "<", ">", ">>"}
# Examples that make the ledger which the others work on.
MAKE_A_LEDGER = {"inventory init", "inventory init --timezone Europe/Berlin"}
FILES = {
    "codes.txt": "XYZ-1\nXYZ-1 2\n",
    "counted.csv": "sku,location,quantity\nMUG-BLUE,shop,25\nMUG-BLUE,depot,168\n",
    "events.jsonl": '{"type": "sold", "sku": "XYZ-1", "quantity": 1}\n',
    "february.csv": "date,sku,type,quantity\n2022-02-01,TEA,sold,3\n",
    "january.csv": "date,sku,type,quantity\n2022-01-01,TEA,received,9\n",
    "sales.csv": "Date,Article,Type,Quantity\n02/03/2022,XYZ-1,Sale,3\n15/03/2022,XYZ-1,Sale,1\n",
}
PREPARE = """
inventory init --timezone Europe/Berlin
inventory import story.csv
inventory import movements.csv
inventory receive XYZ-1 500 --location depot --on 2022-01-01
inventory snapshot take march --as-of 2022-03-31
inventory head > anchors.txt
inventory export > log.jsonl
"""


# Every command as it is typed, those of groups too.
PATHS = [
    path
    for name, row in COMMANDS.items()
    for path in ([f"{name} {part}" for part in row.parts] if row.parts else [name])
]


def built(path: str) -> Any:
    """Return a command as it is run."""
    command: Any = get_command(app)
    for name in path.split():
        command = command.get_command(None, name)
    return command


def row_of(path: str) -> Command:
    """Return the row of a command in its table."""
    name, *part = path.split()
    row = COMMANDS[name]
    return row.parts[part[0]] if part and row.parts else row


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all that the examples name."""
    folder = tmp_path_factory.mktemp("examples")
    shutil.copytree(ROOT / "sample_data", folder, dirs_exist_ok=True)
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    put_command(folder)
    for line in PREPARE.strip().splitlines():
        done = run_line(line, folder)
        assert done.returncode == 0, done
    return folder


def exit_code(example: str, folder: Path) -> int:
    """Run an example in a folder, by a shell where it asks for one."""
    program, *words = shlex.split(example)
    assert program == "inventory"
    if SHELL.isdisjoint(words):
        return CliRunner().invoke(app, words).exit_code
    return run_line(example, folder).returncode


@pytest.mark.parametrize("path", [path for path in PATHS if path not in NEED_A_DATABASE])
def test_every_example_of_a_command_does_what_it_should(
    path: str, prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    examples = built(path).examples
    assert examples
    for number, example in enumerate(examples):
        assert f" {path}" in example
        folder = tmp_path / str(number)
        shutil.copytree(prepared, folder)
        if example in MAKE_A_LEDGER:
            (folder / "inventory.db").unlink()
        monkeypatch.chdir(folder)
        assert exit_code(example, folder) == (1 if example in FIND_A_DIFFERENCE else 0), example


@pytest.mark.parametrize("path", PATHS)
def test_the_help_shows_the_summary_and_each_example_on_a_line(path: str, shop: Shop) -> None:
    command = built(path)
    assert command.get_short_help_str(200) == row_of(path).summary
    shown = shop.ok(*path.split(), "--help").out.splitlines()
    begin = shown.index("Examples:") + 1
    assert shown[begin:] == [f"  {example}" for example in command.examples]
    assert all(len(line) <= 80 for line in shown)


def test_a_group_shows_the_first_example_of_each_of_its_commands(shop: Shop) -> None:
    shown = shop.ok("snapshot", "--help").out.splitlines()
    assert shown[shown.index("Examples:") + 1 :] == [
        "  inventory snapshot take",
        "  inventory snapshot list",
        "  inventory snapshot show march",
    ]


@pytest.mark.parametrize("path", ["sell", "snapshot", "snapshot take"])
def test_a_terminal_shows_the_examples_too(path: str, shop: Shop) -> None:
    shown = without_style(on_terminal(shop, *path.split(), "--help")).splitlines()
    assert any("╭" in line for line in shown)
    assert f"  inventory {path}" in shown[shown.index("Examples:") + 1]


@pytest.mark.parametrize("path", PATHS)
def test_the_function_of_a_command_is_at_home_in_its_module(path: str) -> None:
    function = lazy._find_function(path, row_of(path).file)
    file = row_of(path).file or path.split()[0].replace("import", "import_")
    assert function.__module__ == f"inventory_cli.cli.{file}"


def test_a_kind_without_options_of_its_own_needs_a_row_and_nothing_else(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(COMMAND_KINDS, "produce", "received")
    row = Command(RECORD, "Record stock that was made here.", "movements")
    monkeypatch.setitem(COMMANDS, "produce", row)
    shown = shop.ok("produce", "--help").out
    assert row.summary in shown
    assert "inventory produce XYZ-1 20" in shown
    assert shop.ok("produce", "A", 5, "--ref", 7).out.startswith("event 1: received 5 of A")
    assert shop.json("log")[0]["reference"] == "7"


def test_recording_commands_share_every_option_but_what_they_say_otherwise() -> None:
    shared = set(options_of("sell"))
    assert {"on", "reference", "id", "by", "detail", "into_closed", "format"} <= shared
    assert set(options_of("count")) == shared
    assert set(options_of("adjust")) == shared
    assert set(options_of("open")) - shared == {"last_incoming", "last_outgoing"}
    assert shared - set(options_of("transfer")) == {"location"}
    assert shared - set(options_of("reverse")) == {"on", "location", "cost"}
    assert (options_of("sell")["on"].default, options_of("open")["on"].default) == ("now", "today")
    assert not options_of("sell")["reason"].required
    assert options_of("adjust")["reason"].required


def options_of(path: str) -> dict[str, Any]:
    """Return the options of a command by the names of its parameters."""
    return {param.name: param for param in built(path).params if param.param_type_name == "option"}

"""Knows the files of the vectors: how they are made and how they are read.

Each is made anew to the letter: the clock is put forward by a minute a command, and a ledger is
identified by the name of its scenario.
"""

import json
import os
import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from unittest import mock
from uuid import NAMESPACE_URL, uuid5

from typer.testing import CliRunner

from inventory_cli.cli import app
from tests.vectors.scenarios import ALTERED, GOOD, NEXT, Altered, Good, Lines

FOLDER = Path(__file__).parent


class Vector(NamedTuple):
    """A vector as it stands in its file: what the header says, and the lines of the export."""

    header: dict[str, list[str]]
    lines: Lines

    def text(self) -> str:
        """Return the file."""
        header = [f"{key}: {value}" for key, values in self.header.items() for value in values]
        return "".join(f"{line}\n" for line in (*header, "", *self.lines))


def read_vector(name: str) -> Vector:
    """Read the file of a scenario. Its lines end with a line feed and nothing else."""
    header, _, body = (FOLDER / f"{name}.txt").read_bytes().decode().partition("\n\n")
    found: dict[str, list[str]] = {}
    for line in header.split("\n"):
        key, _, value = line.partition(": ")
        found.setdefault(key, []).append(value)
    return Vector(found, body.split("\n")[:-1])


def make_vector(name: str) -> Vector:
    """Make the vector of a scenario."""
    if name in GOOD:
        return _good(name, GOOD[name])
    return _altered(ALTERED[name])


def make_all() -> None:
    """Write every vector."""
    for name in (*GOOD, *ALTERED):
        (FOLDER / f"{name}.txt").write_bytes(make_vector(name).text().encode())


def _good(name: str, good: Good) -> Vector:
    lines = _exported(name, good)
    header = {
        "scenario": [good.scenario],
        "found": ["nothing"],
        "head": [json.loads(lines[-1])["head"]],
        "stock": [json.dumps(row, ensure_ascii=False) for row in good.stock],
    }
    return Vector(header, lines)


def _altered(altered: Altered) -> Vector:
    original = _exported(altered.original, GOOD[altered.original])
    found = altered.found
    header = {
        "scenario": [altered.scenario],
        "original": [f"{altered.original}.txt"],
        "found": [f"line {found}" if isinstance(found, int) else f"check {found}"],
    }
    if altered.anchor:
        header["anchor"] = [json.loads(original[-1])["head"]]
    return Vector(header, altered.alter(original))


def _exported(name: str, good: Good) -> Lines:
    """Run the commands of a scenario in a folder of their own, and return the export."""
    moment = datetime(2022, 6, 1, 8, tzinfo=UTC)

    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> Any:
            return moment

    identity = uuid5(NAMESPACE_URL, f"vector:{name}")
    with (
        TemporaryDirectory() as folder,
        mock.patch("inventory_cli.cli.options.datetime", Clock),
        mock.patch("uuid.uuid4", return_value=identity),
        mock.patch.dict(os.environ, {"LOGNAME": "keeper"}),
    ):
        ledger = str(Path(folder) / "inventory.db")

        # A rollover makes the next one, with which the scenario goes on.
        def run(command: str, typed: str = "") -> str:
            words = ["--ledger", ledger, *shlex.split(command)]
            result = CliRunner().invoke(app, words, input=typed)
            assert result.exit_code == 0, (command, result.output)
            return result.stdout

        for command, typed in good.commands:
            run(command.replace(NEXT, str(Path(folder) / NEXT)), typed)
            if command.startswith("rollover"):
                ledger = str(Path(folder) / NEXT)
            moment += timedelta(minutes=1)
        assert run("verify --quiet") == ""
        # Not by splitlines, which would split at letters within a line.
        return run("export").split("\n")[:-1]

"""What several test modules share: a ledger in a temporary folder, and the command run on it."""

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, Self

import pytest
from hypothesis import settings
from typer.testing import CliRunner

from inventory_cli.cli import app, lazy
from inventory_cli.cli.lazy import Command

# For `--hypothesis-profile`, where every example more is a wait: a tenth of them.
settings.register_profile("quick", max_examples=10)


class Ran(NamedTuple):
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def csv(self) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.out)))


class Shop:
    """A ledger file and the ways to use it."""

    def __init__(self, folder: Path, *init: str) -> None:
        self.folder = folder
        self.path = folder / "inventory.db"
        if "--timezone" not in init:
            init = (*init, "--timezone", "Europe/Berlin")
        self.ok("init", *init)

    @classmethod
    def holding(cls, ledger: bytes, folder: Path) -> Self:
        """Return a ledger in `folder` that is a copy: the bytes of one that was made before."""
        shop = cls.__new__(cls)
        shop.folder, shop.path = folder, folder / "inventory.db"
        shop.path.write_bytes(ledger)
        return shop

    def after(self, commands: Iterable[Sequence[object]]) -> bytes:
        """Run commands that must succeed, and return the bytes of the ledger that they leave, for
        tests to have copies of.
        """
        for words in commands:
            self.ok(*words)
        return self.path.read_bytes()

    def __call__(self, *words: object, input: str | bytes | None = None) -> Ran:
        """Run a command inside this process."""
        result = CliRunner().invoke(
            app, ["--ledger", str(self.path), *map(str, words)], input=input
        )
        assert result.exception is None or isinstance(result.exception, SystemExit), result
        return Ran(result.exit_code, result.stdout, result.stderr)

    def ok(self, *words: object, input: str | bytes | None = None) -> Ran:
        """Run a command that must succeed."""
        ran = self(*words, input=input)
        assert ran.code == 0, ran
        return ran

    def json(self, *words: object) -> Any:
        """Run a command that must succeed, and return what it answers as JSON."""
        return self.ok(*words, "--format", "json").json

    def import_text(self, text: str, *words: object, name: str = "moves.csv") -> Ran:
        """Import a CSV file with this text."""
        file = self.folder / name
        file.write_text(text, encoding="utf-8", newline="")
        return self("import", file, *words)

    def on_hand(self, sku: str, *words: object) -> int | str | None:
        """Return what `stock`, or `as-of` with a date as first word, says of a SKU."""
        command = words or ("stock",)
        rows = self.json(*command, sku)
        return rows[0]["on_hand"] if rows else None

    def process(self, *words: object, **options: Any) -> "subprocess.CompletedProcess[str]":
        """Run a command as a process of its own."""
        return subprocess.run(
            self.command(*words), capture_output=True, text=True, check=False, **options
        )

    def command(self, *words: object) -> list[str]:
        """Return the words of a command as a process of its own."""
        return [sys.executable, "-m", "inventory_cli", "--ledger", str(self.path), *map(str, words)]

    def failed_checks(self, *words: object) -> dict[str, list[str]]:
        """Run `verify` and return the problems of each check that failed, in words."""
        ran = self("verify", *words, "--format", "json")
        failed = {
            check["name"]: [problem["text"] for problem in check["problems"]]
            for check in ran.json["checks"]
            if not check["ok"]
        }
        assert ran.code == (1 if failed else 0), ran
        assert ran.json["ok"] == (not failed)
        return failed


def unmeasured() -> dict[str, str]:
    """Return the environment for a process that nobody measures: one that may write no file, or
    of which it matters what it imports.
    """
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}


@pytest.fixture(autouse=True, scope="session")
def commands_built_once() -> Iterator[None]:
    """Keep each command as Typer makes it: a process builds one, and a process of tests all of
    them, thousands of times.
    """
    build = lazy._build
    built: dict[tuple[str, int], tuple[Command, Any]] = {}

    def build_once(path: str, row: Command) -> Any:
        # A test may put another row into the table; no row that is kept here loses its identity.
        key = path, id(row)
        if key not in built:
            built[key] = row, build(path, row)
        return built[key][1]

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(lazy, "_build", build_once)
        yield


@pytest.fixture(scope="session")
def new_ledger(plain_environment: None, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a new ledger. To make one anew takes as long as most tests do by themselves."""
    return Shop(tmp_path_factory.mktemp("new")).path.read_bytes()


@pytest.fixture(scope="session")
def story_ledger(new_ledger: bytes, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a ledger that holds the six events of XYZ-1."""
    return Shop.holding(new_ledger, tmp_path_factory.mktemp("story")).after(STORY)


@pytest.fixture
def shop(tmp_path: Path, new_ledger: bytes) -> Shop:
    """A new, empty ledger of whole units in Europe/Berlin."""
    return Shop.holding(new_ledger, tmp_path)


@pytest.fixture
def story(shop: Shop, story_ledger: bytes) -> Shop:
    """A ledger that holds the six events of XYZ-1."""
    shop.path.write_bytes(story_ledger)
    return shop


@pytest.fixture
def in_memory(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: to wait thousands of times for a slow disk takes
    long, and processes that do not wait for it get into each other's way more often.
    """
    if not os.access("/dev/shm", os.W_OK):
        yield tmp_path
        return
    with TemporaryDirectory(dir="/dev/shm") as folder:
        yield Path(folder)


STORY: list[list[str]] = [
    words.split()
    for words in (
        "open XYZ-1 100 --on 2022-02-01 --last-incoming 2022-01-01 --last-outgoing 2022-02-01",
        "receive XYZ-1 100 --on 2022-03-01",
        "sell XYZ-1 20 --on 2022-03-15",
        "receive XYZ-1 50 --on 2022-03-15",
        "sell XYZ-1 20 --on 2022-04-01",
        "adjust XYZ-1 -20 --on 2022-04-01 --reason miscount",
    )
]


@pytest.fixture(autouse=True, scope="session")
def plain_environment() -> Iterator[None]:
    """Keep what a developer's machine sets out of the tests, and of the ledgers made for them."""
    ours = ("LEDGER", "LOCATION", "KNOWN_ONLY", "TRACEBACK")
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name in (*(f"INVENTORY_{one}" for one in ours), "FORCE_COLOR"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("LOGNAME", "keeper")
        monkeypatch.setenv("COLUMNS", os.environ.get("COLUMNS", "80"))
        yield

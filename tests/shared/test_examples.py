"""The examples in the help of commands that need a database do what they should."""

import re
from pathlib import Path

import pytest

from tests.cli.test_help import NEED_A_DATABASE, built
from tests.conftest import Shop
from tests.transcript import put_command, run_line

# One has no end, and one is for a server that lost something: other tests run them.
ELSEWHERE = {"inventory sync --follow", "inventory sync --reset > lost.jsonl"}


@pytest.mark.parametrize("path", NEED_A_DATABASE)
def test_every_example_does_what_it_should(path: str, database: str, tmp_path: Path) -> None:
    for number, example in enumerate(built(path).examples):
        assert re.match(rf"inventory {path}\b", example)
        if example in ELSEWHERE:
            continue
        folder = tmp_path / str(number)
        folder.mkdir()
        put_command(folder)
        shop = Shop(folder)
        name = f"shop-{number}"
        if "://owner@" not in example and "--sql" not in example:
            shop.ok("share", database, "--name", name)
        if path == "clone":
            shop.path.unlink()
        line = re.sub(r"postgresql://\S+", f"'{database}'", example).replace("shop-1", name)
        if path == "clone" and "--" not in line:
            line += f" --name {name}"
        done = run_line(line, folder)
        assert done.returncode == 0, (line, done)

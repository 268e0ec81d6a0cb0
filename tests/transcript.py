"""Reads console blocks out of Markdown and runs them, so that what is shown is what happens.

In a block, a line that begins with `$ ` is a command, and what follows it is what it prints, on
both streams, errors last. `…` stands for any text within a line, and alone on a line for any
lines. A command that does not exit with 0 is followed by `[exit N]`. All blocks of a page are one
session, in a folder of its own with the files of `sample_data`.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent


class Step(NamedTuple):
    """A command of a page with the output that is promised."""

    line: int
    command: str
    expected: list[str]


def read_steps(page: Path) -> list[Step]:
    """Return the commands of all console blocks of a page."""
    steps: list[Step] = []
    inside = False
    for number, text in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        if text.startswith("```"):
            inside = text == "```console"
        elif inside and text.startswith("$ "):
            steps.append(Step(number, text[2:], []))
        elif inside and text.startswith("> ") and not steps[-1].expected:
            steps[-1] = steps[-1]._replace(command=f"{steps[-1].command}\n{text[2:]}")
        elif inside:
            steps[-1].expected.append(text)
    return steps


def matches(expected: list[str], found: list[str]) -> bool:
    """Tell whether output is as promised."""
    pattern = "".join(
        r"(?:.*\n)*?" if text == "…" else re.escape(text).replace("…", ".*") + r"\n"
        for text in expected
    )
    return re.fullmatch(pattern, "".join(text + "\n" for text in found)) is not None


def put_command(folder: Path) -> None:
    """Put the command `inventory` into a folder, where `run_line` finds it."""
    bin_folder = folder / ".bin"
    bin_folder.mkdir()
    command = bin_folder / "inventory"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m inventory_cli "$@"\n')
    command.chmod(0o755)


def run_line(line: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run a line of the shell in a folder that has the command."""
    environment = {
        "PATH": f"{folder / '.bin'}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}"
        f"{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "LOGNAME": "keeper",
        "TZ": "Europe/Berlin",
        "LC_ALL": "C.UTF-8",
        **{name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")},
    }
    return subprocess.run(
        ["sh", "-c", line],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def run_page(page: Path, folder: Path) -> None:
    """Run a page's commands in a new folder, and fail at the first that is not as promised."""
    shutil.copytree(ROOT / "sample_data", folder, dirs_exist_ok=True)
    put_command(folder)
    for step in read_steps(page):
        done = run_line(step.command, folder)
        found = (done.stdout + done.stderr).splitlines()
        if done.returncode:
            found.append(f"[exit {done.returncode}]")
        if not matches(step.expected, found):
            raise AssertionError(
                f"{page.name}, line {step.line}: $ {step.command}\n--- promised\n"
                + "\n".join(step.expected)
                + "\n--- found\n"
                + "\n".join(found)
            )

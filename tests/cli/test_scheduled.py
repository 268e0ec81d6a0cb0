"""What the guide gives to cron and to systemd runs as it stands there, and says nothing needlessly.

The lines are read out of the page. Only their folders are replaced by temporary ones.
"""

import configparser
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from inventory_cli.audit import verify
from tests.conftest import Ran, Shop
from tests.tampering.altering import alter
from tests.transcript import ROOT

PAGE = (ROOT / "inventory_cli" / "guide" / "audit.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """Return the blocks of the page that are in this language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def read_crontab(text: str) -> tuple[dict[str, str], list[str]]:
    """Return what a crontab sets in the environment, and its commands as cron hands them to sh."""
    settings, commands = {}, []
    for line in text.splitlines():
        if found := re.fullmatch(r"(\w+)=(.*)", line):
            settings[found[1]] = found[2]
            continue
        *moments, command = line.split(maxsplit=5)
        assert all(re.fullmatch(r"\*|\d+", moment) for moment in moments), line
        # To cron a % that is not escaped is the end of the command.
        assert re.search(r"(?<!\\)%", command) is None, line
        commands.append(command.replace("\\%", "%"))
    return settings, commands


CRONTABS = [read_crontab(text) for text in blocks("crontab")]
VERIFYING, BACKING_UP = (commands for _, commands in CRONTABS)


class Machine(NamedTuple):
    """The folders that the guide speaks of, with a ledger and the command where it has them."""

    root: Path
    shop: Shop

    def moved(self, text: str) -> str:
        """Return text with the folders of the guide replaced."""
        return re.sub(r"/(opt|srv|mnt)/", rf"{self.root}/\1/", text)

    def cron(self, command: str) -> Ran:
        """Run a command as cron does: through sh, at home, and with next to no environment."""
        path = CRONTABS[0][0]["PATH"]
        environment = {"PATH": self.moved(path), "HOME": str(self.root), "LOGNAME": "auditor"}
        return self._run(["/bin/sh", "-c", self.moved(command)], environment)

    def service(self, words: list[str], **more: str) -> Ran:
        """Run the words of an ExecStart as systemd does: without sh, and in the root folder."""
        return self._run(words, {"PATH": "/usr/bin:/bin", "LANG": "C"} | more)

    def _run(self, words: list[str], environment: dict[str, str]) -> Ran:
        done = subprocess.run(
            words, cwd=self.root, env=environment, capture_output=True, check=False, timeout=60
        )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    @property
    def anchors(self) -> Path:
        return self.root / "mnt" / "audit" / "anchors.txt"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    for folder in ("opt/inventory/bin", "srv/shop/backup", "mnt/audit"):
        (tmp_path / folder).mkdir(parents=True)
    command = tmp_path / "opt" / "inventory" / "bin" / "inventory"
    command.write_text(
        f'#!/bin/sh\nexport PYTHONPATH="{ROOT}"\nexec "{sys.executable}" -m inventory_cli "$@"\n'
    )
    command.chmod(0o755)
    shop = Shop(tmp_path / "srv" / "shop")
    shop.ok("receive", "Dörr-1", 5, "--on", "2022-03-01")
    return Machine(tmp_path, shop)


SILENT = Ran(0, "", "")


def test_the_page_has_a_line_for_every_night_and_one_for_every_hour() -> None:
    assert len(VERIFYING) == 2
    assert "--since-anchor" not in VERIFYING[0]
    assert "--since-anchor" in VERIFYING[1]
    for command in VERIFYING:
        assert "--quiet" in command
    assert "MAILTO" in CRONTABS[0][0]
    assert CRONTABS[0][0]["PATH"].endswith(":/usr/bin:/bin")


@pytest.mark.parametrize("command", VERIFYING)
def test_a_line_of_the_crontab_speaks_only_when_something_is_wrong(
    machine: Machine, command: str
) -> None:
    assert machine.cron(command) == SILENT
    machine.shop.ok("sell", "Dörr-1", 1, "--on", "2022-03-02")
    assert machine.cron(command) == SILENT
    # Each run proved the head and added it.
    assert [line.split(":")[0] for line in machine.anchors.read_text().splitlines()] == ["1", "2"]
    machine.shop.ok("sell", "Dörr-1", 1, "--on", "2022-03-03")
    alter(machine.shop, "UPDATE stock SET on_hand = 7")
    ran = machine.cron(command)
    assert ran.code == 1
    assert "stock      FAILED\n    Dörr-1 at main: on hand expected 3, found 7\n" in ran.out
    assert "chain      ok\n" in ran.out
    assert len(machine.anchors.read_text().splitlines()) == 2
    machine.shop.path.unlink()
    ran = machine.cron(command)
    assert (ran.code, ran.out) == (4, "")
    assert ran.err.startswith(f"error: there is no ledger at {machine.shop.path}\nhint: ")
    assert not machine.shop.path.exists()


@pytest.mark.parametrize("command", VERIFYING)
def test_a_folder_of_anchors_that_is_not_there_is_told(machine: Machine, command: str) -> None:
    machine.anchors.parent.rmdir()
    ran = machine.cron(command)
    assert (ran.code, ran.out) == (2, "")
    assert "anchors.txt: there is no folder" in ran.err


def test_the_backup_line_backs_up_and_proves_the_copy(machine: Machine) -> None:
    (command,) = BACKING_UP
    ran = machine.cron(command)
    assert (ran.code, ran.err) == (0, "")
    (copy,) = (machine.root / "srv" / "shop" / "backup").iterdir()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d\.db", copy.name)
    alter(machine.shop, "UPDATE stock SET on_hand = 7")
    copy.unlink()
    ran = machine.cron(command)
    assert ran.code == 1
    assert "on hand expected 5, found 7" in ran.out


# Quiet, but never about what went wrong, whichever exit code says so.


def test_quiet_is_silent_in_every_format_when_all_is_well(story: Shop) -> None:
    for format in ("table", "json", "jsonl", "csv"):
        assert story("verify", "--quiet", "--format", format) == SILENT


def test_quiet_says_a_difference_in_full(story: Shop) -> None:
    alter(story, "UPDATE events SET quantity = 7 WHERE position IN (2, 4)")
    for format in ("table", "json", "jsonl", "csv"):
        ran = story("verify", "--quiet", "--format", format)
        assert ran == story("verify", "--format", format)
        assert (ran.code, "does not fit the chain" in ran.out) == (1, True)


@pytest.mark.parametrize("content", [b"", b"no ledger", None])
def test_quiet_says_why_a_ledger_cannot_be_used(story: Shop, content: bytes | None) -> None:
    if content is None:
        story.path.unlink()
    else:
        story.path.write_bytes(content)
    ran = story("verify", "--quiet")
    assert (ran.code, ran.out) == (4, "")
    assert ran.err.startswith("error: ")


def test_quiet_says_that_there_is_a_bug(story: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    # A check that is promised, and not run.
    monkeypatch.setattr(verify, "_OF_THE_LOG", ("positions", "weather"))
    ran = story("verify", "--quiet")
    assert (ran.code, ran.out) == (70, "")
    assert "error: this is a bug in inventory: KeyError: 'weather'\nhint: run it again" in ran.err


# systemd.


def read_units() -> dict[str, configparser.ConfigParser]:
    """Return the units that the page shows, by their names."""
    (text,) = blocks("systemd")
    parts = re.split(r"^# /etc/systemd/system/(\S+)\n", text, flags=re.MULTILINE)
    assert parts[0] == ""
    units = {}
    for name, body in zip(parts[1::2], parts[2::2], strict=True):
        # A key twice, or a line that is none, is refused; keys keep their capitals.
        units[name] = configparser.ConfigParser(interpolation=None, delimiters="=")
        units[name].optionxform = str  # type: ignore[assignment,method-assign]
        units[name].read_string(body)
    return units


UNITS = read_units()
AUDIT = "inventory-verify"
KNOWN_KEYS = {
    "Unit": {"Description", "OnFailure"},
    "Service": {"Type", "ExecStart"},
    "Timer": {"OnCalendar", "Persistent"},
    "Install": {"WantedBy"},
}


def test_the_units_belong_together() -> None:
    assert set(UNITS) == {f"{AUDIT}.service", f"{AUDIT}.timer", "inventory-mail@.service"}
    for unit in UNITS.values():
        for section in unit.sections():
            assert set(unit[section]) <= KNOWN_KEYS[section]
    for name in (f"{AUDIT}.service", "inventory-mail@.service"):
        assert UNITS[name]["Service"]["Type"] == "oneshot"
        assert UNITS[name]["Service"]["ExecStart"].startswith("/")
    # A timer starts the service of its own name.
    timer = UNITS[f"{AUDIT}.timer"]
    assert re.fullmatch(r"\*-\*-\* ([01]\d|2[0-3]):[0-5]\d:[0-5]\d", timer["Timer"]["OnCalendar"])
    assert timer["Timer"]["Persistent"] == "true"
    assert timer["Install"]["WantedBy"] == "timers.target"
    template, _, instance = UNITS[f"{AUDIT}.service"]["Unit"]["OnFailure"].partition("%n")
    assert f"{template}{instance}" in UNITS


def test_the_service_runs_and_fails_as_systemd_counts_it(machine: Machine) -> None:
    words = shlex.split(machine.moved(UNITS[f"{AUDIT}.service"]["Service"]["ExecStart"]))
    assert machine.service(words) == SILENT
    assert len(machine.anchors.read_text().splitlines()) == 1
    alter(machine.shop, "UPDATE stock SET on_hand = 7")
    ran = machine.service(words)
    assert ran.code == 1
    assert "Dörr-1 at main: on hand expected 5, found 7" in ran.out
    machine.shop.path.unlink()
    assert machine.service(words).code == 4


def test_what_is_done_on_failure_mails_what_was_printed(machine: Machine) -> None:
    stubs = machine.root / "stubs"
    stubs.mkdir()
    for name, body in {
        "journalctl": 'echo "printed by: $*"',
        "mail": f'{{ echo "mail $*"; cat; }} > {machine.root}/sent',
    }.items():
        (stubs / name).write_text(f"#!/bin/sh\n{body}\n")
        (stubs / name).chmod(0o755)
    command = UNITS["inventory-mail@.service"]["Service"]["ExecStart"]
    words = shlex.split(command.replace("%i", f"{AUDIT}.service"))
    ran = machine.service(words, PATH=f"{stubs}{os.pathsep}/usr/bin:/bin")
    assert ran == SILENT
    assert (machine.root / "sent").read_text() == (
        f"mail -s {AUDIT}.service failed owner@example.org\n"
        f"printed by: --no-pager --lines=100 --unit={AUDIT}.service\n"
    )


def test_systemd_itself_has_nothing_to_say_against_the_units(machine: Machine) -> None:
    """What can be checked without systemd is checked above; this asks it too, where it is."""
    if (analyze := shutil.which("systemd-analyze")) is None:
        return
    folder = machine.root / "units"
    folder.mkdir()
    (text,) = blocks("systemd")
    parts = re.split(r"^# /etc/systemd/system/(\S+)\n", machine.moved(text), flags=re.MULTILINE)
    for name, body in zip(parts[1::2], parts[2::2], strict=True):
        (folder / name).write_text(body)
    names = [f"{AUDIT}.service", f"{AUDIT}.timer"]
    done = subprocess.run(
        [analyze, "verify", "--man=no", *names],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "SYSTEMD_UNIT_PATH": f"{folder}:"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert str(folder) not in done.stderr
    assert not any(name in done.stderr for name in UNITS), done.stderr

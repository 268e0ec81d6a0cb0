"""Every console block of the README, the guide and tests/transcripts does what it shows."""

import re
from pathlib import Path

import pytest

from inventory_cli.cli import COMMANDS
from inventory_cli.cli.guide import PAGES as GUIDE_PAGES
from tests.conftest import Shop
from tests.transcript import ROOT, matches, put_command, read_steps, run_line, run_page

GUIDE = ROOT / "inventory_cli" / "guide"
# Pages about the program itself; `python` has a test of its own.
WITHOUT_COMMANDS = {"architecture", "changes", "costs", "decisions", "python"}
PAGES = [
    ROOT / "README.md",
    *sorted(GUIDE.glob("*.md")),
    *sorted((ROOT / "tests" / "transcripts").glob("*.md")),
]

GALLERY = ROOT / "tests" / "transcripts" / "errors.md"
# A message that names what there is to choose from, or what is in the way, needs no hint.
CHOICES = re.compile(
    r"is not one of|is neither|give either|what can is|has an option of its own|is of (no )?use"
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_shows_what_happens(page: Path, tmp_path: Path) -> None:
    run_page(page, tmp_path)


def test_a_transcript_that_differs_is_noticed() -> None:
    assert matches(["event 1: …; on hand 5"], ["event 1: sold 5; on hand 5"])
    assert matches(["a", "…", "z"], ["a", "b", "c", "z"])
    assert not matches(["event 1: …; on hand 5"], ["event 1: sold 5; on hand 6"])
    assert not matches(["a"], ["a", "b"])


def test_the_tour_ends_with_a_forgery_that_the_audit_finds(tmp_path: Path) -> None:
    put_command(tmp_path)
    done = run_line(f"sh '{ROOT}/sample_data/tour.sh'", tmp_path)
    assert done.returncode == 0, done
    audits = done.stdout.split(" verify\n")[1:]
    assert [[line for line in audit.splitlines() if "FAILED" in line] for audit in audits] == [
        [],
        ["chain      FAILED", "snapshots  FAILED"],
    ]
    assert "event 4 (received, XYZ-1 at main) does not fit the chain" in audits[1]
    assert done.stdout.endswith("\nIt is found: exit 1.\n")


def test_every_message_of_the_gallery_says_what_to_do() -> None:
    shown = [step.expected for step in read_steps(GALLERY)]
    errors = [lines for lines in shown if any(text.startswith("error: ") for text in lines)]
    assert len(errors) > 150
    without = [lines for lines in errors if not any(text.startswith("hint: ") for text in lines)]
    assert [lines for lines in without if not CHOICES.search(lines[0])] == []


def test_there_are_transcripts_in_every_page_of_the_manual_that_shows_commands() -> None:
    assert {page.stem for page in GUIDE.glob("*.md")} == set(GUIDE_PAGES)
    for topic in set(GUIDE_PAGES) - WITHOUT_COMMANDS:
        assert read_steps(GUIDE / f"{topic}.md"), topic


def test_the_guide_command_shows_every_page(shop: Shop) -> None:
    for topic in GUIDE_PAGES:
        assert shop.ok("guide", topic).out == (GUIDE / f"{topic}.md").read_text(encoding="utf-8")


def test_the_guide_lists_its_pages_on_a_line_each(shop: Shop) -> None:
    how, empty, *pages = shop.ok("guide").out.splitlines()
    assert "inventory guide PAGE" in how
    assert empty == ""
    assert [text.split()[0] for text in pages] == list(GUIDE_PAGES)


def test_every_command_is_in_the_manual_and_has_help(shop: Shop) -> None:
    manual = (GUIDE / "commands.md").read_text(encoding="utf-8")
    listed = shop.ok("--help").out
    for name in COMMANDS:
        assert f"`{name}" in manual, name
        shown = shop.ok(name, "--help").out
        assert "Usage:" in shown
        assert name in listed

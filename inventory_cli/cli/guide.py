"""Knows the pages of the manual by name. Must never know what they say."""

from collections.abc import Iterator
from typing import Annotated

import typer

from inventory_cli.cli.completion import complete_page
from inventory_cli.errors import WrongUsage
from inventory_cli.terminal import line, note, print_markdown

# Each page with what it is about, in the order in which they are read.
PAGES = {
    "tutorial": "a month in a shop, typed by hand",
    "concepts": "what a ledger, an event, a stream and a replay are",
    "events": "the kinds of event, and what each does",
    "commands": "every command, by what it is for",
    "import": "CSV files of movements, and what is refused",
    "profiles": "files of other systems, and how to describe one",
    "answers": "what happened, how it sells, what to buy, what it is worth, what is restated",
    "audit": "snapshots, verify, anchors, and the line for cron",
    "proof": "what all this proves, and what it does not",
    "sharing": "several machines and one log, and the feed for other programs",
    "errors": "exit codes, and what a failure leaves behind",
    "python": "the same from a program",
    "costs": "what each command costs, and how that is measured",
    "architecture": "how the package is laid out",
    "decisions": "why it is as it is",
    "changes": "what changed, by version",
}


def guide(
    topic: Annotated[
        str | None,
        typer.Argument(
            metavar="PAGE",
            help="Which page; the list of them if none.",
            autocompletion=complete_page,
        ),
    ] = None,
    search: Annotated[
        str | None,
        typer.Option("--search", metavar="WORD", help="Show the lines that hold a word."),
    ] = None,
) -> None:
    """
    Examples:
        inventory guide
        inventory guide import
        inventory guide --search anchor
    """
    if topic is not None and topic not in PAGES:
        raise WrongUsage(f"there is no page {topic!r}", f"the pages are {', '.join(PAGES)}")
    if search is not None:
        found = list(_lines_with(search, [topic] if topic else list(PAGES)))
        for text in found:
            line(text)
        if not found:
            note(f"no line of the manual holds {search!r}")
    elif topic is None:
        line("`inventory guide PAGE` shows a page, `inventory guide --search WORD` finds one:")
        line("")
        for name, about in PAGES.items():
            line(f"  {name:12}  {about}")
    else:
        print_markdown(_read(topic))


def _read(page: str) -> str:
    from importlib.resources import files  # No other command reads one.

    return (files("inventory_cli") / "guide" / f"{page}.md").read_text(encoding="utf-8")


def _lines_with(word: str, pages: list[str]) -> Iterator[str]:
    """Give the lines that hold a word, each with its page and the heading above it."""
    for page in pages:
        heading = ""
        for text in _read(page).splitlines():
            if text.startswith("#"):
                heading = text.lstrip("# ")
            if word.casefold() in text.casefold():
                yield f"{page}, {heading}: {text.strip()}"

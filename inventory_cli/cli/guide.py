"""Knows the pages of the manual by name. Must never know what they say."""

from typing import Annotated

import typer

from inventory_cli.errors import WrongUsage
from inventory_cli.terminal import print_markdown

TOPICS = (
    "concepts",
    "events",
    "commands",
    "import",
    "profiles",
    "audit",
    "proof",
    "errors",
    "python",
    "costs",
    "architecture",
    "decisions",
    "changes",
)


def guide(
    topic: Annotated[
        str | None, typer.Argument(metavar="TOPIC", help="Which page; the first if none.")
    ] = None,
) -> None:
    """
    Examples:
        inventory guide
        inventory guide import
    """
    name = topic or TOPICS[0]
    if name not in TOPICS:
        raise WrongUsage(f"there is no page {name!r}", f"the pages are {', '.join(TOPICS)}")
    from importlib.resources import files  # No other command reads one.

    print_markdown((files("inventory_cli") / "guide" / f"{name}.md").read_text(encoding="utf-8"))

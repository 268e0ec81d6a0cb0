"""Knows in which order the doubts of a draft are told: what would do the most harm first.

Must never know a column.
"""

from inventory_cli.drafting.toml_text import comment

# What a doubt is about: a wrong SKU spoils more than a wrong day.
_BY_HARM = ("sku", "location", "quantity", "direction", "type", "date", "opening", "rows")


class Doubts:
    """What a draft is not sure of."""

    def __init__(self) -> None:
        self._found: list[tuple[int, str]] = []

    def note(self, about: str, text: str) -> None:
        """Take a doubt in."""
        self._found.append((_BY_HARM.index(about), text))

    def lines(self) -> list[str]:
        """Return the doubts as comments, the most harmful first."""
        if not self._found:
            return []
        told = [comment(f"- {text}") for _, text in sorted(self._found, key=lambda one: one[0])]
        return ["# Unsure, what would do the most harm first:", *told]

"""Knows how counts, lists, events and streams are put into words, for all messages alike."""


def count_of(number: int, noun: str) -> str:
    """Return how many there are of something: `1 row`, `2 rows`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


# How many problems, or other things worth a word, of one command are shown one by one.
MOST_SHOWN = 20

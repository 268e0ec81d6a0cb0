"""Knows how a line of a drafted profile is written as TOML. Must never know what it means."""

from collections.abc import Iterable, Mapping

_MOST_LISTED = 12


def _on_one_line(text: str) -> str:
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in text)


def quoted(text: str) -> str:
    """Return text as a TOML string, whatever characters it holds."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{_on_one_line(escaped)}"'


def comment(text: str) -> str:
    """Return a line that says something to the reader alone."""
    return f"# {_on_one_line(text)}"


def either(texts: Iterable[str]) -> str:
    """Return one text, or a list of several, as TOML."""
    found = [quoted(text) for text in texts]
    return found[0] if len(found) == 1 else f"[{', '.join(found)}]"


def entry(key: str, value: str, remark: str = "", sure: bool = True) -> str:
    """Return a line that sets a key, commented out unless it is sure."""
    return f"{'' if sure else '# '}{key} = {value}" + (remark and f"   {comment(remark)}")


def listed(words: Mapping[str, int]) -> str:
    """Return words with their counts, the most frequent first, for a comment."""
    most = sorted(words.items(), key=lambda item: -item[1])
    text = ", ".join(f"{quoted(word)} ({count})" for word, count in most[:_MOST_LISTED])
    return text + (", …" if len(most) > _MOST_LISTED else "")

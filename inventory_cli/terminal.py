"""Knows how lines, remarks, errors, progress and the manual are written, and what a terminal shows
of a text. Uses rich where it helps. Must never know what they are about.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import IO, Any

# Format characters that change nothing but how letters join.
_JOINERS = "\u200c\u200d"


def printable(text: str) -> str:
    """Return text as it may go to a terminal: what could change the lines around it, control
    characters and marks of direction, becomes a visible escape.
    """
    if text.isprintable():
        return text
    import unicodedata  # Most text is plain.

    return "".join(
        c
        if c.isprintable() or c in _JOINERS or unicodedata.category(c) == "Zs"
        else c.encode("unicode_escape", "backslashreplace").decode()
        for c in text
    )


def width_of(text: str) -> int:
    """Return how many cells of a terminal a text takes."""
    if text.isascii():
        return len(text)
    import unicodedata

    return sum(
        0
        if unicodedata.combining(c) or c in _JOINERS
        else 2
        if unicodedata.east_asian_width(c) in "WF"
        else 1
        for c in text
    )


def line(text: str) -> None:
    """Write a line of the answer to standard output."""
    sys.stdout.write(printable(text) + "\n")


def say(text: str) -> None:
    """Write a line of the answer, and let it be read at once."""
    line(text)
    sys.stdout.flush()


def note(text: str) -> None:
    """Write a remark to standard error. Lines of a text stay lines."""
    sys.stderr.writelines(printable(line) + "\n" for line in text.split("\n"))


def complain(message: str, hint: str | None) -> None:
    """Write an error, and what to do about it, to standard error. Lines of a message stay lines."""
    error, advice = ("error:", "hint:")
    if _is_coloured(sys.stderr):
        error, advice = "\x1b[1;31merror:\x1b[0m", "\x1b[1mhint:\x1b[0m"
    first, *rest = message.split("\n")
    sys.stderr.write(f"{error} {printable(first)}\n")
    sys.stderr.writelines(printable(text) + "\n" for text in rest)
    if hint:
        sys.stderr.write(f"{advice} {printable(hint)}\n")


def can_ask() -> bool:
    """Tell whether a person is there who can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def is_terminal() -> bool:
    """Tell whether the answer looks as for a person, on a terminal that can draw; $FORCE_COLOR says
    so of what goes elsewhere.
    """
    is_forced = bool(os.environ.get("FORCE_COLOR"))
    return (sys.stdout.isatty() or is_forced) and os.environ.get("TERM") != "dumb"


def width_of_terminal() -> int:
    """Return how many letters a line of the terminal holds; $COLUMNS says it for sure."""
    import shutil

    return shutil.get_terminal_size().columns


@contextmanager
def paged(lines: int) -> Iterator[IO[str]]:
    """Give where an answer of so many lines is written that a person reads: into $PAGER, where it
    is more than a screenful, as git does.
    """
    import shlex
    import shutil
    import signal
    import subprocess

    command = shlex.split(os.environ.get("PAGER", "less"))
    few = not sys.stdout.isatty() or lines < shutil.get_terminal_size().lines - 2
    if few or not command or shutil.which(command[0]) is None or command == ["cat"]:
        yield sys.stdout
        return
    # What is on the screen already stays, colours are colours, and a screenful is not held back.
    environment = {"LESS": "FRX", "LV": "-c", **os.environ}
    sys.stdout.flush()
    pager = subprocess.Popen(command, stdin=subprocess.PIPE, env=environment, text=True)
    assert pager.stdin is not None
    # It is the pager that Ctrl-C is meant for.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with suppress(BrokenPipeError):  # Whoever has read enough need not read the rest.
            yield pager.stdin
        with suppress(BrokenPipeError):
            pager.stdin.close()
        pager.wait()
    finally:
        signal.signal(signal.SIGINT, before)


def agreed(shown: Sequence[str], question: str) -> bool:
    """Show what is about to be done and ask, where a person is there to answer; else agree."""
    if not can_ask():
        return True
    for text in shown:
        note(text)
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().casefold() in ("y", "yes")


def _is_coloured(stream: IO[str]) -> bool:
    """Tell whether what goes there may have colours: $NO_COLOR and $FORCE_COLOR have the word."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return stream.isatty() or bool(os.environ.get("FORCE_COLOR"))


def alarm(text: str, word: str) -> None:
    """Write a line of the answer whose last word stands out, where that may be."""
    shown = f"\x1b[1;31m{word}\x1b[0m" if _is_coloured(sys.stdout) else word
    sys.stdout.write(f"{printable(text)}{shown}\n")


def print_markdown(text: str) -> None:
    """Write a page of the manual: set for reading on a terminal, as it is elsewhere."""
    if not sys.stdout.isatty():
        sys.stdout.write(text)
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console().print(Markdown(text))


Progress = Callable[[int, int | None], None]


@contextmanager
def progress(label: str) -> Iterator[Progress]:
    """Give what tells how much is done, of how much. A bar shows on a terminal after a second."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    started = time.monotonic()
    bars: list[Any] = []

    def advance(done: int, total: int | None) -> None:
        if not bars:
            if time.monotonic() - started < 1:
                return
            bars.append(_start_bar(label))
        bars[0].update(bars[0].task_ids[0], completed=done, total=total)

    try:
        yield advance
    finally:
        for shown in bars:
            shown.stop()


def _start_bar(label: str) -> Any:
    import rich.progress
    from rich.console import Console

    shown = rich.progress.Progress(console=Console(stderr=True), transient=True)
    shown.add_task(label)
    shown.start()
    return shown

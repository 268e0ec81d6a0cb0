"""Knows how every way to end becomes an exit code and a message: the one place for that.

Must never know which command it was that ended.
"""

import io
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import typer

from inventory_cli import errors
from inventory_cli.cli.lazy import Group
from inventory_cli.errors import InventoryError, WrongUsage
from inventory_cli.terminal import complain


class Boundary(Group):
    """A group of commands out of which no traceback comes."""

    def make_context(self, *args: Any, **extra: Any) -> Any:
        """Read the words before the command."""
        _prepare_streams()
        with _ending():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        with _ending():
            code = super().invoke(ctx)
            if isinstance(code, int) and code:
                raise typer.Exit(code)
            return code


def _prepare_streams() -> None:
    """Make output that cannot fail for its letters: nothing recorded may look like a failure."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            # It was closed before the start; what goes there is for nobody.
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))
        elif isinstance(stream, io.TextIOWrapper):
            if not stream.isatty() and "PYTHONIOENCODING" not in os.environ:
                stream.reconfigure(encoding="utf-8")
            stream.reconfigure(errors="backslashreplace")


@contextmanager
def _ending() -> Iterator[None]:
    """Turn every way to end into an exit code, with the message that belongs to it."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except (typer.Exit, typer.Abort):
        raise
    except SystemExit:
        # So rich ends a program whose help nobody reads to the end.
        _give_up_output()
        raise typer.Exit(errors.OUTPUT_CLOSED) from None
    except KeyboardInterrupt:
        _complain("interrupted", "`inventory batches` shows what is recorded")
        raise typer.Exit(errors.INTERRUPTED) from None
    except typer.TyperException as error:
        # Without words Typer has shown the help already, and says nothing more.
        if message := error.format_message():
            _complain(message[:1].lower() + message[1:].rstrip("."), _where_to_look(error))
        raise typer.Exit(WrongUsage.exit_code) from None
    except InventoryError as error:
        _complain(error.message, error.hint)
        raise typer.Exit(error.exit_code) from None
    except OSError as error:
        _give_up_output()
        if not isinstance(error, BrokenPipeError):
            _complain(
                f"the answer cannot be given: {error.strerror or error}",
                "what was recorded is recorded: see `inventory batches`",
            )
        raise typer.Exit(errors.OUTPUT_CLOSED) from None
    except Exception as error:  # noqa: BLE001  (the boundary: nothing may pass)
        if os.environ.get("INVENTORY_TRACEBACK"):
            traceback.print_exc()
        _complain(
            f"this is a bug in inventory: {type(error).__name__}: {error}",
            "run it again with INVENTORY_TRACEBACK=1 and report what it prints",
        )
        raise typer.Exit(errors.BUG) from None


def _give_up_output() -> None:
    """Throw away what is still buffered, so that it is not tried again at exit."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _complain(message: str, hint: str | None) -> None:
    # Where errors cannot be written either, the exit code has to say it alone.
    try:
        complain(message, hint)
        sys.stderr.flush()
    except OSError:
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def _where_to_look(error: typer.TyperException) -> str | None:
    context = getattr(error, "ctx", None)
    if context is None:
        return None
    command = context.command
    shows = f"`{context.command_path} --help` shows how it is used"
    if examples := getattr(command, "examples", ()):
        shows = f"as in `{examples[0]}`; {shows}"
    if "extra argument" in error.message:
        words = [param.metavar for param in command.params if param.param_type_name == "argument"]
        takes = f"it takes {' '.join(words) or 'no words'} and no more: give the rest a command "
        return f"{takes}of its own, and quote what holds blanks; {shows}"
    return shows

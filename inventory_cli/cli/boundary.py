"""Knows how every way to end becomes an exit code and a message: the one place for that."""

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer

from inventory_cli import errors
from inventory_cli.cli.lazy import Group
from inventory_cli.errors import InventoryError, LedgerUnusable, WrongUsage


class Boundary(Group):
    """A group of commands out of which no traceback comes."""

    def make_context(self, *args: Any, **extra: Any) -> Any:
        """Read the words before the command."""
        with _ending():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        with _ending():
            code = super().invoke(ctx)
            sys.stdout.flush()
            if isinstance(code, int) and code:
                raise typer.Exit(code)
            return code


@contextmanager
def _ending() -> Iterator[None]:
    from inventory_cli.render import complain

    try:
        yield
    except (typer.Exit, typer.Abort):
        raise
    except KeyboardInterrupt:
        complain("interrupted; what was not yet reported as recorded is not recorded", None)
        raise typer.Exit(errors.INTERRUPTED) from None
    except typer.TyperException as error:
        # Without words Typer has shown the help already, and says nothing more.
        if message := error.format_message():
            complain(_lower_first(message), _where_to_look(error))
        raise typer.Exit(WrongUsage.exit_code) from None
    except InventoryError as error:
        complain(error.message, error.hint)
        raise typer.Exit(error.exit_code) from None
    except BrokenPipeError:
        # What is still buffered must not be tried again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(errors.OUTPUT_CLOSED) from None
    except OSError as error:
        complain(f"the answer cannot be given: {error.strerror or error}", None)
        raise typer.Exit(LedgerUnusable.exit_code) from None
    except Exception as error:  # noqa: BLE001  (the boundary: nothing may pass)
        if os.environ.get("INVENTORY_TRACEBACK"):
            traceback.print_exc()
        complain(
            f"this is a bug in inventory: {type(error).__name__}: {error}",
            "run it again with INVENTORY_TRACEBACK=1 and report what it prints",
        )
        raise typer.Exit(errors.BUG) from None


def _where_to_look(error: typer.TyperException) -> str | None:
    context = getattr(error, "ctx", None)
    return context and f"`{context.command_path} --help` shows how it is used"


def _lower_first(message: str) -> str:
    return message[:1].lower() + message[1:].rstrip(".")

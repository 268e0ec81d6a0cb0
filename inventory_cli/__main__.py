"""`inventory`, and `python -m inventory_cli`: starts the command line."""

import gc
import os
import signal
import sys


def main() -> None:
    """Run the command line, so that Ctrl-C is quiet even while its parts are imported."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # Rows make no cycles. To look for some after every 700 new objects takes 5 % of an import.
    gc.set_threshold(200_000)
    if sys.stdout is None or not sys.stdout.isatty():
        # Typer would draw help with rich, which takes longer to import than all else.
        os.environ.setdefault("TYPER_USE_RICH", "0")
    from inventory_cli.cli import app

    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        app(prog_name="inventory")
    finally:
        # All is said and done; what is left is Python's own tidying up, which shows a traceback.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        # Without this it looks through all that was imported for what nobody needs any more.
        gc.freeze()


if __name__ == "__main__":
    main()

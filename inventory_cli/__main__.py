"""`inventory`, and `python -m inventory_cli`: starts the command line."""

import signal


def main() -> None:
    """Run the command line, so that Ctrl-C is quiet even while its parts are imported."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from inventory_cli.cli import app

    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        app(prog_name="inventory")
    finally:
        # All is said and done; what is left is Python's own tidying up, which shows a traceback.
        signal.signal(signal.SIGINT, signal.SIG_IGN)


if __name__ == "__main__":
    main()

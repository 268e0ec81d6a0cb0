"""`inventory`, and `python -m inventory_cli`: starts the command line."""

import signal


def main() -> None:
    """Run the command line, so that Ctrl-C is quiet even while its parts are imported."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from inventory_cli.cli import app

    signal.signal(signal.SIGINT, signal.default_int_handler)
    app(prog_name="inventory")


if __name__ == "__main__":
    main()

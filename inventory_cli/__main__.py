"""`python -m inventory_cli` is the `inventory` command."""

from inventory_cli.cli import main

if __name__ == "__main__":
    main()

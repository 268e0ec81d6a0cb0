"""Knows how several machines are made that share a log, each with its own file."""

from pathlib import Path

from tests.conftest import Shop


class Machine(Shop):
    """A machine with a replica: it clones instead of making a ledger."""

    def __init__(self, folder: Path, url: str, *words: str) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.path = folder / "inventory.db"
        self.ok("clone", url, *words)

    @property
    def head(self) -> str:
        """Where its log ends."""
        return self.ok("head").out.strip()


def first_machine(folder: Path, url: str, *init: str) -> Shop:
    """Return a ledger that is new and shared."""
    folder.mkdir(exist_ok=True)
    shop = Shop(folder, *init)
    shop.ok("share", url)
    return shop


def head(shop: Shop) -> str:
    """Return where the log of a machine ends."""
    return shop.ok("head").out.strip()

"""Knows every family of failure and its exit code. Must never know what caused one.

| code | meaning |
|---|---|
| 0 | done |
| 1 | the audit found a difference |
| 2 | wrong usage |
| 3 | refused, nothing was appended |
| 4 | the ledger cannot be used |
| 70 | a bug |
| 130 | interrupted from the keyboard |
| 141 | the answer could not be written: its reader is gone, or the disk is full |

1, 130 and 141 are not failures of a request, so no exception carries them.
"""

DIFFERENCE_FOUND = 1
BUG = 70
INTERRUPTED = 130
OUTPUT_CLOSED = 141


class InventoryError(Exception):
    """A failure that a user can do something about: what happened, and what to do."""

    exit_code = BUG

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class WrongUsage(InventoryError):
    """The command cannot be understood: a bad date, quantity, name or combination of options."""

    exit_code = 2


class Refused(InventoryError):
    """The command is understood, but the ledger's rules forbid it. Nothing was appended."""

    exit_code = 3


class LedgerUnusable(InventoryError):
    """The file is missing, foreign, newer, damaged, not permitted, full or busy."""

    exit_code = 4


class NotFree(InventoryError):
    """A new file cannot have its name, because something has it. Nothing was made."""

    exit_code = Refused.exit_code


def damaged(what: str) -> LedgerUnusable:
    """Return the failure of a ledger in which something stands that cannot have been recorded."""
    return LedgerUnusable(f"the ledger is damaged: {what}", "`inventory verify` says more")

"""Knows how a file of anchors is read, and how a log is held against them.

Whoever can write the ledger can rewrite all of it with hashes that fit; only what is kept
elsewhere shows that. Must never write such a file.
"""

from collections.abc import Sequence
from pathlib import Path

from inventory_cli.audit.finding import Finding
from inventory_cli.core.lines import NoLine, bounded_lines
from inventory_cli.errors import WrongUsage
from inventory_cli.storage.anchors import Anchor, find_place, parse_anchor
from inventory_cli.storage.ledger_file import Head, Ledger

# No anchor is longer, nor should a remark be.
_LONGEST = 10_000
_ADVICE = "name the file to which `inventory verify --anchor FILE` has added its lines"


def read_anchors(path: Path) -> list[Anchor]:
    """Return the anchors of a file, one a line, oldest first; none where there is no file yet.

    Blank lines, and those that begin with #, are passed over. Raises WrongUsage for any other.
    """
    anchors = []
    number = 0
    try:
        with path.open("rb") as file:
            for number, line in enumerate(bounded_lines(file, _LONGEST), start=1):
                text = line.decode("utf-8-sig" if number == 1 else "utf-8")
                if text.strip() and not text.startswith("#"):
                    anchors.append(parse_anchor(text))
    except FileNotFoundError:
        if not path.absolute().parent.is_dir():
            raise WrongUsage(
                f"--anchor {path}: there is no folder {path.parent}",
                "make that folder, or name a file in another",
            ) from None
    except UnicodeDecodeError:
        raise WrongUsage(
            f"--anchor {path} is not a file of anchors: it is not text", _ADVICE
        ) from None
    except OSError as error:
        raise WrongUsage(f"--anchor {path} cannot be read: {error.strerror}", _ADVICE) from error
    except NoLine as error:
        raise WrongUsage(f"--anchor {path} is not a file of anchors: {error}", _ADVICE) from None
    except WrongUsage as error:
        raise WrongUsage(f"{path}, line {number}: {error.message}", error.hint) from None
    return anchors


def check_anchors(ledger: Ledger, head: Head, anchors: Sequence[Anchor]) -> list[Finding]:
    """Return a finding for every anchor that does not lie on the stored chain."""
    found = []
    for anchor in anchors:
        if find_place(ledger, anchor) is not None:
            continue
        why = (
            f"the log ends at event {head.position}: its end was cut off, or this is an older copy"
            if anchor.position > head.position
            else f"the log has another hash at event {anchor.position}: it was rewritten, or this "
            "is another ledger"
        )
        text = f"anchor {str(anchor)[:24]}… is not on the chain: {why}"
        found.append(Finding("anchor", text, position=anchor.position, expected=anchor.hash.hex()))
    return found

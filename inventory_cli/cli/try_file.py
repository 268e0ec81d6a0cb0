"""Knows how a file is tried: its draft, what an import by it would do, and the stock then.

Must never write to the ledger: it works on a copy, which is gone afterwards.
"""

import csv
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import typer

from inventory_cli.actions.ask import arrange, stock_now
from inventory_cli.actions.import_file import import_file
from inventory_cli.actions.imported import Choices, Imported
from inventory_cli.cli import options
from inventory_cli.cli.files import opened, source_name
from inventory_cli.cli.import_report import complain_of, remark_on, summarize_in_words
from inventory_cli.cli.options import ledger_path
from inventory_cli.core.wording import and_more, count_of
from inventory_cli.drafting.draft import draft_profile
from inventory_cli.drafting.field_lines import Opening
from inventory_cli.errors import Refused
from inventory_cli.importing.profile import Profile, read_profile
from inventory_cli.render import Answer, Column, show
from inventory_cli.storage.backup import back_up
from inventory_cli.storage.ledger_file import Ledger, open_ledger
from inventory_cli.storage.new_ledger import create_ledger
from inventory_cli.terminal import line, note, progress

_MOST_ROWS = 30
_COLUMNS = (
    Column("sku"),
    Column("location"),
    Column("on_hand", "level"),
    Column("last_incoming"),
    Column("last_outgoing"),
)


class _Copy(Ledger):
    """A ledger that is gone afterwards: that the log it was copied from is shared binds no one."""

    def sharing(self) -> Mapping[str, str]:
        """Return that it is not."""
        return {}


def try_file(context: typer.Context, file: str, given: Profile, choices: Choices) -> None:
    """Show the draft for a file, what it would record by that, and the stock then.

    Raises Exit where an import would refuse it.
    """
    with TemporaryDirectory(prefix="inventory-try-") as name:
        folder = Path(name)
        path = _kept(file, folder)
        with path.open("rb") as stream, progress("reading") as advance:
            draft = draft_profile(stream, source_name(file), given, advance)
        for text in (*draft.lines, ""):
            line(text)
        profile = read_profile("\n".join(draft.lines), "of the draft")
        copy = _copy(ledger_path(context), folder / "copy.db", draft.decimals)
        with open_ledger(copy, write=True, kind=_Copy) as ledger:
            _open_first(context, ledger, folder / "openings.csv", draft.openings)
            imported = _import(context, ledger, path, file, profile, choices)
            complain_of(ledger, file, imported)
            summarize_in_words(ledger, None, imported)
            remark_on(imported)
            if imported.is_refused and imported.refusal is None:
                note("with what is refused left out, or below zero, there would be:")
            if imported.refusal is None:
                anyway = choices._replace(dry_run=False, skip_bad=True, allow_negative=True)
                _show_stock(ledger, _import(context, ledger, path, file, profile, anyway))
    note("nothing was written: `inventory import --draft FILE > FILE.toml` keeps the draft")
    if imported.is_refused:
        raise typer.Exit(Refused.exit_code)


def _kept(file: str, folder: Path) -> Path:
    """Return where a file can be read more than once."""
    if file != "-":
        with opened(file):
            return Path(file)
    path = folder / "input"
    with opened(file) as stream, path.open("wb") as kept:
        shutil.copyfileobj(stream, kept)
    return path


def _copy(original: Path, copy: Path, decimals: int) -> Path:
    """Make a copy of the ledger, or an empty one with the decimals that the file needs."""
    if original.exists():
        with open_ledger(original) as ledger:
            back_up(ledger, copy)
        note(f"tried on a copy of {original}:")
        return copy
    create_ledger(copy, options.now(), decimals, options.machine_zone(), "refuse")
    note(f"there is no {original}, so it was tried on an empty ledger:")
    return copy


def _open_first(
    context: typer.Context, ledger: Ledger, path: Path, openings: Sequence[Opening]
) -> None:
    """Record what the draft says was there before the first rows, unless more is known of it."""
    if not openings:
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("sku", "location", "quantity", "date", "type"))
        rows.writerows((*opening, "opened") for opening in openings)
    done = _import(context, ledger, path, path.name, Profile(), Choices())
    count = count_of(len(openings), "opening balance")
    if done.is_refused:
        note(f"{count} of the draft would be refused, and so were not recorded first")
    else:
        note(f"{count} of the draft recorded first")


def _import(
    context: typer.Context,
    ledger: Ledger,
    path: Path,
    file: str,
    profile: Profile,
    choices: Choices,
) -> Imported:
    with path.open("rb") as stream, progress("importing") as advance:
        origin = options.origin(context, None, source_name(file))
        return import_file(ledger, stream, origin, profile, choices, options.now, advance)


def _show_stock(ledger: Ledger, imported: Imported) -> None:
    """Show the stock of the SKUs of the file, by location."""
    skus = sorted(imported.reading.skus)
    if not skus:
        return
    today = options.end_of_today(ledger, options.moment_asked(ledger))
    rows = arrange(ledger, stock_now(ledger, today, skus), None, each_location=True)
    shown = [list(row) for row in rows[:_MOST_ROWS]]
    line("")
    show(Answer(_COLUMNS, shown, ledger.decimals), "table")
    for text in and_more(len(rows) - len(shown)):
        line(text)
    note(f"the stock of {count_of(len(skus), 'SKU')} as it would be")

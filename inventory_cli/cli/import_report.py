"""Knows how the report of an import reads."""

from collections.abc import Sequence
from shlex import quote

from inventory_cli.actions.imported import Imported
from inventory_cli.actions.known_rows import LeftOut
from inventory_cli.actions.stated_balances import Broken
from inventory_cli.core.dates import show_day
from inventory_cli.core.quantities import format_quantity
from inventory_cli.core.wording import MOST_SHOWN, and_more, count_of
from inventory_cli.importing.columns import DRAFT_HINT
from inventory_cli.importing.profile_keys import KINDS_HINT
from inventory_cli.importing.tally import Foremost
from inventory_cli.render import Answer, Column, show
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.terminal import complain, line, note

_LISTED = "; --errors FILE lists them all"


def complain_of(ledger: Ledger, file: str, imported: Imported) -> None:
    """Write what is wrong with the rows, or why the file is refused, to standard error."""
    lines = _bad_rows(imported)
    bad = count_of(imported.bad, "bad row")
    if lines and (imported.choices.skip_bad or imported.known_as):
        note("\n  ".join([f"{file}: left out {bad}", *lines]))
    elif lines:
        hint = "mend them, or record only the good rows with --skip-bad"
        if types := imported.reading.unknown_types:
            words = " ".join(f"--kind {quote(word + '=KIND')}" for word in [*types][:MOST_SHOWN])
            hint = f"say what the words mean with {words} ({KINDS_HINT}); {DRAFT_HINT}; or {hint}"
        complain("\n  ".join([f"{file}: {bad}, so nothing was appended", *lines]), hint)
    broken = imported.broken if imported.broken and imported.broken.breaks.count else None
    balances = _breaks(ledger, broken) if broken else []
    if imported.refusal:
        complain("\n  ".join([imported.refusal.message, *balances]), imported.refusal.hint)
    elif broken:
        first = f"warning: {file}: {broken.in_words()}"
        note("\n  ".join([first, *balances]))
    if imported.problems:
        shown = [
            found.in_words(ledger.zone) + (f" (line {line})" if line else "")
            for found, line in imported.problems[:MOST_SHOWN]
        ]
        shown += and_more(len(imported.problems) - len(shown), _LISTED)
        complain(
            "\n  ".join([f"{file}: refused by the rules, so nothing was appended", *shown]),
            imported.problems[0][0].hint,
        )


def _bad_rows(imported: Imported) -> list[str]:
    """Return a line for each bad row that is shown; one stands for all of the same unknown type."""
    lines = []
    shown = 0
    stands_for = imported.reading.stands_for()
    for row in imported.bad_rows:
        count = stands_for.get(row.line, 1)
        lines.append(row.described() + (f" ({count_of(count, 'row')})" if count > 1 else ""))
        shown += count
    return lines + and_more(imported.bad - shown, _LISTED)


def _breaks(ledger: Ledger, broken: Broken) -> list[str]:
    """Return a line for each balance that is shown, and how many there are."""
    count, first = broken.breaks.count, broken.breaks.first
    lines = [
        f"line {line}: {found.in_words(ledger.decimals, ledger.zone, broken.over_places)}"
        for line, found in first
    ]
    lines += and_more(count - len(lines), _LISTED)
    if broken.cut:
        rows = count_of(broken.cut, "row")
        lines.append(f"cut at 0 in {rows}: more left than there was, and the source showed 0")
    return lines


_COLUMNS = (
    *(Column(name, "number") for name in ("read", "appended", "skipped", "refused", "skus")),
    Column("first_day"),
    Column("last_day"),
    Column("net_change", "change"),
    *(Column(name, "number") for name in ("batch", "first_position", "last_position")),
    Column("would_append", "number"),
    Column("dry_run", "flag"),
)
# Of a file that has a column of balances.
_BALANCE_COLUMNS = (Column("balance_breaks", "number"), Column("cut_at_zero", "number"))


def show_summaries(ledger: Ledger, files: Sequence[tuple[str, Imported]], format: str) -> None:
    """Write what was read of each file, and what became of it, as data; of several with names."""
    several = len(files) > 1
    columns = [Column("file"), *_COLUMNS] if several else [*_COLUMNS]
    columns += _BALANCE_COLUMNS if files and files[0][1].broken else ()
    rows = [(*([name] if several else []), *_summary(ledger, imported)) for name, imported in files]
    show(Answer(columns, rows, ledger.decimals), format)


def _summary(ledger: Ledger, imported: Imported) -> tuple[object, ...]:
    batch, broken = imported.batch, imported.broken
    return (
        *_counts(imported),
        len(imported.reading.skus),
        *_days(ledger, imported),
        imported.net_change,
        batch and batch.batch,
        batch and batch.first_position,
        batch and batch.last_position,
        imported.would_append if imported.choices.dry_run else None,
        imported.choices.dry_run,
        *((broken.breaks.count, broken.cut) if broken else ()),
    )


def summarize_in_words(ledger: Ledger, name: str | None, imported: Imported) -> None:
    """Write what was read of a file, and what became of it, to standard output."""
    read, appended, skipped, refused = _counts(imported)
    file = f"{name}: " if name else ""
    done = f"appended {appended}"
    if imported.choices.dry_run:
        change = imported.net_change
        shown = "unknown" if change is None else format_quantity(change, ledger.decimals)
        first, last = _days(ledger, imported)
        span = f"from {first} to {last}" if first else "no dates"
        skus = count_of(len(imported.reading.skus), "SKU")
        net = f", net change {shown}" if imported.is_last else ""
        line(f"{file}dry run: {skus}, {span}{net}; nothing was appended")
        done = f"would be appended {imported.would_append}"
    line(f"{file}read {read}, {done}, skipped {skipped}, refused {refused}")
    if (batch := imported.batch) and imported.is_last:
        line(f"batch {batch.batch}: events {batch.first_position} to {batch.last_position}")


def remark_on(imported: Imported) -> None:
    """Write what is to be known of what was read, and why some of it was not recorded."""
    for remark in imported.reading.remarks:
        note(remark)
    if left_out := imported.reading.left_out:
        note(f"{count_of(left_out, 'row')} left out by the rules of the profile")
    if unfolded := imported.reading.unfolded:
        note(f"read as a row for each quantity: {unfolded} more than the file has")
    if nothing := imported.reading.nothing:
        note(f"{count_of(nothing, 'row')} of zeros, or without a quantity, left out")
    if repeated := imported.reading.repeated:
        note(f"{count_of(repeated, 'row')} with a figure that was said before, taken once")
    if headers := imported.reading.second_headers.first:
        more = and_more(imported.reading.second_headers.count - len(headers))
        note(f"the header stands once more on line {', '.join([*map(str, headers), *more])}")
    if doubtful := imported.reading.in_doubtful_hour.first:
        count = count_of(imported.reading.in_doubtful_hour.count, "row")
        number, text = doubtful[0]
        note(
            f"{count} in the hour that occurs twice, the first is line {number}, {text}: nothing "
            "says in which, so they are in the first one; a time with an offset says it"
        )
    if known := imported.known_as:
        note(f"the same file was recorded before, as batch {known.batch}; nothing was appended")
        if not imported.compared:
            note("hint: --overlap skip records what of it is not in the log")
    if imported.before and not imported.is_refused:
        belong = "belongs" if imported.before == 1 else "belong"
        older = imported.older or "a ledger before this one"
        note(f"{count_of(imported.before, 'row')} {belong} to {older}")
    if not imported.is_refused and (voided := _left_out(imported.voided)):
        note(voided)
    for text in imported.notes.summed_up():
        note(text)


def _left_out(voided: Foremost[LeftOut]) -> str | None:
    """Return what is to be known of the rows that say what was voided."""
    if not voided.first:
        return None
    line, position, by, file = voided.first[0]
    event = f"event {position}" if file is None else f"event {position} of {file}"
    kept = "--overlap keep records such rows"
    if voided.count == 1:
        return f"1 row equals {event}, voided by {by}: left out line {line}; {kept}"
    return (
        f"{voided.count} rows equal events that were voided: left out, the first is line {line}, "
        f"which equals {event}, voided by {by}; {kept}"
    )


def _counts(imported: Imported) -> tuple[int, int, int, int]:
    return imported.reading.read, imported.appended, imported.skipped, imported.refused


def _days(ledger: Ledger, imported: Imported) -> tuple[str | None, str | None]:
    """Return the days of the first and the last of the good rows, if there are any."""
    first, last = imported.reading.first, imported.reading.last
    return (show_day(first, ledger.zone), show_day(last, ledger.zone)) if last else (None, None)

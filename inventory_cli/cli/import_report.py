"""Knows how the report of an import reads."""

from shlex import quote

from inventory_cli.actions.import_file import Choices
from inventory_cli.core.balances import Disagreement
from inventory_cli.core.dates import show_effective
from inventory_cli.core.quantities import format_quantity
from inventory_cli.core.wording import MOST_SHOWN, count_of
from inventory_cli.importing.profile_keys import KINDS_HINT
from inventory_cli.importing.tally import Report
from inventory_cli.render import Answer, Column, show
from inventory_cli.storage.ledger_file import Ledger
from inventory_cli.terminal import complain, line, note


def complain_of(ledger: Ledger, file: str, report: Report, choices: Choices) -> None:
    """Write what is wrong with the rows, or why the file is refused, to standard error."""
    lines = _bad_rows(report)
    bad = count_of(report.bad_row_count, "bad row")
    if lines and (choices.skip_bad or report.known_as):
        note("\n".join([f"{file}: left out {bad}", *lines]))
    elif lines:
        hint = "mend them, or record only the good rows with --skip-bad"
        if report.unknown_types:
            words = " ".join(
                f"--kind {quote(word + '=KIND')}" for word in [*report.unknown_types][:MOST_SHOWN]
            )
            hint = f"say what the words mean with {words} ({KINDS_HINT}); or {hint}"
        complain("\n".join([f"{file}: {bad}, so nothing was appended", *lines]), hint)
    balances = _disagreements(ledger, report)
    if report.refusal:
        complain("\n".join([report.refusal.message, *balances]), report.refusal.hint)
    elif balances:
        streams = count_of(len(report.disagreements), "stream")
        first = f"warning: {file}: the balances of {streams} are not those of the log"
        note("\n".join([first, *balances]))
    if report.problems:
        shown = [
            "  " + found.in_words(ledger.zone) + (f" (line {line})" if line else "")
            for found, line in report.problems[:MOST_SHOWN]
        ]
        if (rest := len(report.problems) - len(shown)) > 0:
            shown.append(f"  and {rest} more; --errors FILE lists them all")
        complain(
            "\n".join([f"{file}: refused by the rules, so nothing was appended", *shown]),
            report.problems[0][0].hint,
        )


def _bad_rows(report: Report) -> list[str]:
    """Return a line for each bad row that is shown; one stands for all of the same unknown type."""
    lines = []
    shown = 0
    for row in report.bad_rows:
        count = report.stands_for.get(row.line, 1)
        times = f" ({count_of(count, 'row')})" if count > 1 else ""
        lines.append(f"  {row.described()}{times}")
        shown += count
    if (rest := report.bad_row_count - shown) > 0:
        lines.append(f"  and {rest} more; --errors FILE lists them all")
    return lines


def _disagreements(ledger: Ledger, report: Report) -> list[str]:
    """Return a line for each stream whose balances in the file are not those of the log."""
    lines = [
        _disagreement(ledger, found, number) for found, number in report.disagreements[:MOST_SHOWN]
    ]
    if (rest := len(report.disagreements) - len(lines)) > 0:
        lines.append(f"  and {count_of(rest, 'more stream')}")
    return lines


def _disagreement(ledger: Ledger, found: Disagreement, number: int) -> str:
    event = found.event
    stated, replayed, missing = (
        format_quantity(quantity, ledger.decimals)
        for quantity in (found.stated, found.replayed, found.stated - found.replayed)
    )
    text = (
        f"  line {number}: {event.sku} at {event.location} on "
        f"{show_effective(event.effective_at, event.date_only, ledger.zone)}: "
        f"{stated} in the file, {replayed} in the log"
    )
    if found.is_first and found.stated > found.replayed:
        text += f"; an opening balance of {missing} before it would explain that"
    return text


_COLUMNS = (
    *(Column(name, "number") for name in ("read", "appended", "skipped", "refused", "skus")),
    Column("first_day"),
    Column("last_day"),
    Column("net_change", "change"),
    *(Column(name, "number") for name in ("batch", "first_position", "last_position")),
)


def summarize(ledger: Ledger, report: Report, choices: Choices, format: str) -> None:
    batch = report.batch
    if format != "table":
        row = (
            *report[:8],
            batch and batch.batch,
            batch and batch.first_position,
            batch and batch.last_position,
        )
        show(Answer(_COLUMNS, [row], ledger.decimals), format)
    else:
        if choices.dry_run:
            _describe_rows(ledger, report)
        would = "would be " if choices.dry_run else ""
        line(
            f"read {report.read}, {would}appended {report.appended}, skipped {report.skipped}, "
            f"refused {report.refused}"
        )
        if batch is not None:
            line(f"batch {batch.batch}: events {batch.first_position} to {batch.last_position}")
    if report.left_out:
        note(f"{count_of(report.left_out, 'row')} left out by the rules of the profile")
    if headers := report.second_headers:
        note(f"the header stands once more on line {', '.join(map(str, headers))}")
    if known := report.known_as:
        note(f"the same file was recorded before, as batch {known.batch}; nothing was appended")
        if not report.compared:
            note("hint: --overlap skip records what of it is not in the log")
    for text in report.notes.summed_up():
        note(text)


def _describe_rows(ledger: Ledger, report: Report) -> None:
    change = (
        "unknown"
        if report.net_change is None
        else format_quantity(report.net_change, ledger.decimals)
    )
    span = f"from {report.first_day} to {report.last_day}" if report.first_day else "no dates"
    skus = count_of(report.skus, "SKU")
    line(f"dry run: {skus}, {span}, net change {change}; nothing was appended")

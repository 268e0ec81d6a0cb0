"""Knows how the lines of a draft say how a file is spelled: its marks, its dates, its empty cells.

Must never know which way goods go.
"""

from inventory_cli.core.wording import count_of
from inventory_cli.drafting.facts import Facts
from inventory_cli.drafting.toml_text import comment, either, entry, quoted
from inventory_cli.errors import Refused
from inventory_cli.importing.date_formats import ISO


def spelling_lines(facts: Facts) -> list[str]:
    """Return how the file is spelled, where an import would not find that by itself."""
    profile, lines = facts.survey.shape.profile, []
    if profile.encoding:
        remark = f"it is not UTF-8; read so, a word is {quoted(facts.survey.shape.sample)}"
        remark = remark if facts.survey.shape.sample else ""
        lines.append(entry("encoding", quoted(profile.encoding), remark))
    if profile.sheet:
        lines.append(entry("sheet", quoted(profile.sheet)))
    if profile.delimiter:
        lines.append(entry("delimiter", quoted(profile.delimiter)))
    if not profile.quotes:
        lines.append(entry("quotes", "false", "quotes stand in the text, and part no cells"))
    if profile.skip_lines:
        lines.append(entry("skip_lines", str(profile.skip_lines), "lines before the header"))
    if not profile.header:
        lines.append(entry("header", "false", "the first line looks like the others"))
    if facts.mark:
        lines.append(entry("decimal_mark", quoted(facts.mark), "other marks part thousands"))
    asked = [] if facts.given.decimal_mark or facts.mark == "," else facts.numbers()
    for column in asked:
        # As 1,234 and 1.234 are: a thousand, or little more than one.
        if column.doubtful and column.numbers[","] == column.numbers[facts.mark]:
            remark = (
                f"or so? Then {column.header!r} has {count_of(column.decimals[','], 'decimal')}"
            )
            lines.append(entry("decimal_mark", quoted(","), remark, sure=False))
            facts.doubts.note("quantity", f"what the marks in {column.doubtful!r} part")
            break
    return [*lines, *_empty_words(facts)]


def _empty_words(facts: Facts) -> list[str]:
    """Return which words say that a cell is empty, where a figure or a date is wanted."""
    columns = [*facts.numbers(), *filter(None, map(facts.column, ("date", "balance", "unit_cost")))]
    words = {word: None for column in columns for word in column.empty_words}
    return [entry("empty", f"[{', '.join(map(quoted, words))}]")] if words else []


def date_lines(facts: Facts) -> list[str]:
    """Return how dates are written: what is sure, or what it may be with the reason for doubt."""
    if facts.given.date_format:
        return [entry("date_format", either(facts.given.date_format))]
    column = facts.column("date")
    if column is None:
        return []
    if column.mixed:
        facts.doubts.note("date", "how dates are written: more than one way")
        formats = column.likely_formats()
        return [comment(column.mixed), entry("date_format", either(formats), "likely", sure=False)]
    try:
        format = column.dates.decide()
    except Refused as error:
        if len(likely := column.likely_formats()) == 1:
            return [entry("date_format", quoted(likely[0]), "the year has two digits")]
        facts.doubts.note("date", "how dates are written: there are two readings")
        lines = [
            comment(error.message),
            "# Say which one is meant; the fewer days they span, the likelier:",
        ]
        for format in column.likely_formats():
            first, last = column.spans[format]
            remark = f"then they are from {first} to {last}"
            lines.append(entry("date_format", quoted(format), remark, sure=False))
        return lines
    return [] if format == ISO else [entry("date_format", quoted(format))]

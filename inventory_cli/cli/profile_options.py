"""Knows the options that say what the columns and words of a file mean, and joins them."""

from collections.abc import Sequence
from typing import Annotated

import typer

from inventory_cli.importing.profile import Profile, find_profile, with_options

PROFILES = "What the file means"

CsvFile = Annotated[
    str, typer.Argument(metavar="FILE", help="A CSV file, or - for standard input.")
]
ProfileName = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="NAME|FILE.toml",
        help="A profile of your own, or one that is shipped: see `inventory guide profiles`.",
        rich_help_panel=PROFILES,
    ),
]
ColumnNames = Annotated[
    list[str] | None,
    typer.Option(
        "--column",
        metavar="FIELD=HEADER",
        help="The column that holds a field; repeatable.",
        rich_help_panel=PROFILES,
    ),
]
Constants = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="FIELD=VALUE",
        help="What a field is in every row; repeatable.",
        rich_help_panel=PROFILES,
    ),
]
KindWords = Annotated[
    list[str] | None,
    typer.Option(
        "--kind",
        metavar="SOURCE=KIND",
        help="The kind that a word of the type column means; repeatable.",
        rich_help_panel=PROFILES,
    ),
]
DateFormats = Annotated[
    list[str] | None,
    typer.Option(
        "--date-format",
        metavar="FORMAT",
        help="How dates are written, like '%d/%m/%Y' or iso.",
        rich_help_panel=PROFILES,
    ),
]
Signed = Annotated[
    str | None,
    typer.Option(
        "--signed",
        metavar="change|inverted",
        help="The quantity's sign says which way: + comes in, or (inverted) + goes out.",
        rich_help_panel=PROFILES,
    ),
]
DecimalMark = Annotated[
    str | None,
    typer.Option(
        "--decimal-mark",
        metavar=".|,",
        help="What parts the decimals; other marks part thousands then.",
        rich_help_panel=PROFILES,
    ),
]
Delimiter = Annotated[
    str | None,
    typer.Option(
        "--delimiter",
        metavar="CHARACTER",
        help="What parts the columns, if not found rightly; or tab.",
        rich_help_panel=PROFILES,
    ),
]
Encoding = Annotated[
    str | None,
    typer.Option(
        "--encoding",
        metavar="NAME",
        help="The encoding, if not UTF-8: cp1252, latin-1, …",
        rich_help_panel=PROFILES,
    ),
]
NoHeader = Annotated[
    bool,
    typer.Option(
        "--no-header",
        help="There is no header line: the columns are named 1, 2, …",
        rich_help_panel=PROFILES,
    ),
]
SkipLines = Annotated[
    str | None,
    typer.Option(
        "--skip-lines",
        metavar="N",
        help="Pass over as many lines before the header.",
        rich_help_panel=PROFILES,
    ),
]


def chosen_profile(
    name: str | None,
    column: Sequence[str] | None,
    constants: Sequence[str] | None,
    date_format: Sequence[str] | None,
    decimal_mark: str | None,
    delimiter: str | None,
    encoding: str | None,
    no_header: bool,
    skip_lines: str | None,
) -> Profile:
    """Return the profile of that name, or an empty one, in which the options win."""
    profile = Profile() if name is None else find_profile(name)
    if no_header:
        profile = profile._replace(header=False)
    return with_options(
        profile,
        {
            "columns": column,
            "set": constants,
            "date_format": date_format,
            "decimal_mark": decimal_mark,
            "delimiter": delimiter,
            "encoding": encoding,
            "skip_lines": skip_lines,
        },
    )

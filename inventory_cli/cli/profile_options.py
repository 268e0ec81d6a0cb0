"""Knows the options that say what the columns and words of a file mean, and joins them.

Must never know what such a file is read for.
"""

from typing import Annotated, NamedTuple

import typer

from inventory_cli.cli.completion import complete_profile
from inventory_cli.importing.profile import Profile, find_profile, with_options

PROFILES = "What the file means"

CsvFiles = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE",
        help="CSV files, also as .gz or .zip, or workbooks (.xlsx, .ods); - is standard input.",
    ),
]


class Meaning(NamedTuple):
    """What was typed of what a file means: a profile, and options of the names of its keys."""

    profile: Annotated[
        str | None,
        typer.Option(
            "--profile",
            metavar="NAME|FILE.toml",
            help="A profile of your own, or one that is shipped: see `inventory guide profiles`.",
            autocompletion=complete_profile,
            rich_help_panel=PROFILES,
        ),
    ] = None
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column",
            metavar="FIELD=HEADER",
            help="The column that holds a field; repeatable.",
            rich_help_panel=PROFILES,
        ),
    ] = None
    set: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="FIELD=VALUE",
            help="What a field is in every row; repeatable.",
            rich_help_panel=PROFILES,
        ),
    ] = None
    kind: Annotated[
        list[str] | None,
        typer.Option(
            "--kind",
            metavar="SOURCE=KIND",
            help="The kind that a word of the type column means; repeatable.",
            rich_help_panel=PROFILES,
        ),
    ] = None
    place: Annotated[
        list[str] | None,
        typer.Option(
            "--place",
            metavar="HEADER[=LOCATION]",
            help="A column with the quantities of one location; repeatable.",
            rich_help_panel=PROFILES,
        ),
    ] = None
    quantity: Annotated[
        list[str] | None,
        typer.Option(
            "--quantity",
            metavar="HEADER=KIND",
            help="A column with the quantities of one kind; repeatable.",
            rich_help_panel=PROFILES,
        ),
    ] = None
    date_format: Annotated[
        list[str] | None,
        typer.Option(
            "--date-format",
            metavar="FORMAT",
            help="How dates are written, like '%d/%m/%Y' or iso.",
            rich_help_panel=PROFILES,
        ),
    ] = None
    signed: Annotated[
        str | None,
        typer.Option(
            "--signed",
            metavar="change|inverted",
            help="The quantity's sign says which way: + comes in, or (inverted) + goes out.",
            rich_help_panel=PROFILES,
        ),
    ] = None
    decimal_mark: Annotated[
        str | None,
        typer.Option(
            "--decimal-mark",
            metavar=".|,",
            help="What parts the decimals; other marks part thousands then.",
            rich_help_panel=PROFILES,
        ),
    ] = None
    delimiter: Annotated[
        str | None,
        typer.Option(
            "--delimiter",
            metavar="CHARACTER",
            help="What parts the columns, if not found rightly; or tab.",
            rich_help_panel=PROFILES,
        ),
    ] = None
    encoding: Annotated[
        str | None,
        typer.Option(
            "--encoding",
            metavar="NAME",
            help="The encoding, if not UTF-8: cp1252, latin-1, …",
            rich_help_panel=PROFILES,
        ),
    ] = None
    empty: Annotated[
        list[str] | None,
        typer.Option(
            "--empty",
            metavar="TEXT",
            help="What stands for an empty cell, like null or -; repeatable.",
            rich_help_panel=PROFILES,
        ),
    ] = None
    sheet: Annotated[
        str | None,
        typer.Option(
            "--sheet",
            metavar="NAME",
            help="The sheet of a workbook, if not the first.",
            rich_help_panel=PROFILES,
        ),
    ] = None
    no_quotes: Annotated[
        bool,
        typer.Option(
            "--no-quotes",
            help="A quote is text, as often in files parted by tabs.",
            rich_help_panel=PROFILES,
        ),
    ] = False
    no_header: Annotated[
        bool,
        typer.Option(
            "--no-header",
            help="There is no header line: the columns are named 1, 2, …",
            rich_help_panel=PROFILES,
        ),
    ] = False
    skip_lines: Annotated[
        str | None,
        typer.Option(
            "--skip-lines",
            metavar="N",
            help="Pass over as many lines before the header.",
            rich_help_panel=PROFILES,
        ),
    ] = None

    take_as_is: Annotated[
        bool,
        typer.Option(
            "--take-as-is",
            help="A SKU may be like 4.00638E+12 or #N/A, as spreadsheets spoil them.",
            rich_help_panel=PROFILES,
        ),
    ] = False

    add_up: Annotated[
        bool,
        typer.Option(
            "--add-up",
            help="Add up what is counted, opened or listed twice: lots, bins, variants.",
            rich_help_panel=PROFILES,
        ),
    ] = False

    once: Annotated[
        bool,
        typer.Option(
            "--once",
            help="Take once what is counted, opened or listed again with the same figure.",
            rich_help_panel=PROFILES,
        ),
    ] = False

    def as_profile(self) -> Profile:
        """Return the profile of that name, or an empty one, in which the options win."""
        profile = Profile() if self.profile is None else find_profile(self.profile)
        if self.no_header:
            profile = profile._replace(header=False)
        if self.no_quotes:
            profile = profile._replace(quotes=False)
        return with_options(
            profile,
            {
                "columns": self.column,
                "set": self.set,
                "kinds": self.kind,
                "places": self.place,
                "quantities": self.quantity,
                "date_format": self.date_format,
                "signed": self.signed,
                "decimal_mark": self.decimal_mark,
                "delimiter": self.delimiter,
                "encoding": self.encoding,
                "skip_lines": self.skip_lines,
                "take_as_is": self.take_as_is,
                "add_up": self.add_up,
                "once": self.once,
                "empty": self.empty,
                "sheet": self.sheet,
            },
        )

"""Knows the options that say what the columns and words of a file mean, and joins them.

Must never know what such a file is read for.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, NamedTuple

import typer

from inventory_cli.cli.completion import complete_profile
from inventory_cli.cli.files import opened, source_name
from inventory_cli.cli.lazy import LEFT_OUT
from inventory_cli.errors import Refused, WrongUsage
from inventory_cli.importing.profile import (
    Profile,
    described,
    find_profile,
    shipped_profiles,
    with_options,
)
from inventory_cli.terminal import line, note

PROFILES = "What the file means"
# The name that stands for the one shipped profile that fits the file.
_AUTO = "auto"
# Of how many shipped profiles is said what they lack, where each lacks a column.
_NEAREST = 3
_ADVICE = (
    "name one with --profile; `inventory import --profile` lists the shipped ones, and `inventory "
    "import --draft FILE` writes one of your own"
)
_ONE_BY_ONE = "import them by a command of its own for each profile"


def _list_profiles(name: str | None) -> str | None:
    """List the shipped profiles, and end, where --profile stands without a name."""
    if name != LEFT_OUT:
        return name
    for shipped, text in shipped_profiles().items():
        reads, sources = described(text)
        line(f"{shipped}: {reads}")
        for source in sources:
            line(f"    from {source}")
    raise typer.Exit


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
            metavar="[NAME|FILE.toml|auto]",
            help="A profile of your own, or one that is shipped; without a name they are listed.",
            autocompletion=complete_profile,
            callback=_list_profiles,
            is_eager=True,
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

    def as_profile(self, files: Sequence[str], lists_only: bool = False) -> Profile:
        """Return the profile of that name, or an empty one, in which the options win.

        `auto` is the shipped one that fits all the files: of those for stock lists, if
        `lists_only`. Raises Refused where none or several fit.
        """
        if self.profile != _AUTO:
            return self._joined(Profile() if self.profile is None else find_profile(self.profile))
        named = {name: self._joined(find_profile(name)) for name in shipped_profiles()}
        if lists_only:
            named = {name: one for name, one in named.items() if "date" not in one.columns}
        found = dict.fromkeys(_the_one_that_fits(file, named) for file in files)
        if len(found) > 1:
            raise Refused(f"not all files fit one profile, but {', '.join(found)}", _ONE_BY_ONE)
        return named[next(iter(found))]

    def _joined(self, profile: Profile) -> Profile:
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


def _the_one_that_fits(file: str, named: Mapping[str, Profile]) -> str:
    """Return the name of the one profile that fits a file, and say which it is."""
    from inventory_cli.importing.fitting import fit_of_each  # Only `auto` needs it.

    name = source_name(file)
    with opened(file) as stream:
        if not stream.seekable():
            raise WrongUsage(f"--profile {_AUTO} reads a file twice, and {name} is a pipe", _ADVICE)
        fits = fit_of_each(stream, name, named)
    found = [fit.name for fit in fits if not fit.why_not]
    if len(found) == 1:
        note(f"the profile {found[0]} fits {name}")
        return found[0]
    if found:
        raise Refused(f"{name}: {len(found)} profiles fit it: {', '.join(found)}", _ADVICE)
    fits.sort(key=lambda fit: fit.missing)
    near = [fit for fit in fits if not fit.missing] or fits[:_NEAREST]
    reasons = [f"{fit.name}: {fit.why_not}" for fit in near]
    raise Refused("\n  ".join([f"{name}: no shipped profile fits it", *reasons]), _ADVICE)

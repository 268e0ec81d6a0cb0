"""Knows how a command comes to be when it is asked for: out of its row in a table and its function.

Typer builds every command at every start, and since 0.29 imports pydantic to turn words into
values, which alone doubles the time to start. Here a command is built when it is wanted, and its
parameters, all of which are plain words or flags, are handed over as they are. Must never know
what any command is about.
"""

import builtins
import inspect
import keyword
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Annotated, Any, NamedTuple, get_args

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

_NEGATIVE = re.compile(r"-\.?\d")
_EXAMPLES = "Examples:\n"
# What makes an option of a group required, for `But`; so Typer has it.
REQUIRED: Any = ...
# What an option is given whose value was left out, if its metavar in brackets says that it may be.
LEFT_OUT = "?"


class Command(NamedTuple):
    """A row of a table of commands: the panel of the help in which it stands, and its summary.

    `file` is the module that holds its function, where that is not named for it. A command with
    `parts` is a group of them, all held by one module.
    """

    panel: str
    summary: str
    file: str | None = None
    parts: "Mapping[str, Command] | None" = None


class But:
    """How the options of one command differ from those of the group that it takes.

    Beside the group in an annotation, `But("location", on="today")` leaves out one option, and
    gives another a default of its own.
    """

    def __init__(self, *without: str, **defaults: Any) -> None:
        self.without = without
        self.defaults = defaults


class _AsTyped:
    """Takes the place of Typer's conversion for a parameter that stays text."""

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        if value is None and (param.multiple or param.nargs == -1):
            return ()
        return value


def _as_typed(params: list[Any]) -> list[Any]:
    """Return parameters that will be handed over as they were typed.

    Where a Typer of another version does not ask for this, it converts as it always does: slower,
    with the same result.
    """
    for param in params:
        param.get_runtime_param = _AsTyped
    return params


def _keep_ledger(context: typer.Context, path: str | None) -> None:
    if path is not None:
        context.obj = path


# The ledger may be named behind the command too; the help names it once, before.
_LEDGER_BEHIND = inspect.Parameter(
    "ledger_behind",
    inspect.Parameter.KEYWORD_ONLY,
    default=None,
    annotation=Annotated[
        str | None,
        typer.Option("--ledger", metavar="FILE", hidden=True, callback=_keep_ledger),
    ],
)


@contextmanager
def _said_of(ctx: Any) -> Iterator[None]:
    """Let every failure of reading words know of which command they were: Typer does not say it of
    an option without its value.
    """
    try:
        yield
    except typer.TyperException as error:
        if getattr(error, "ctx", ctx) is None:
            error.ctx = ctx  # type: ignore[attr-defined]
        raise


class SingleCommand(TyperCommand):
    """A command in which `-20` and `-7d` are a quantity and a date, not options."""

    examples: Sequence[str] = ()

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters of the command, `--help` among them."""
        return _as_typed(super().get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words of a command."""
        with _said_of(ctx):
            # What is still being typed, and completed by the shell, is not left out.
            words = args if ctx.resilient_parsing else self._with_left_out(args)
            return super().parse_args(ctx, self._negatives_last(words))

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help, and under it the examples, each on a line of its own."""
        super().format_help(ctx, formatter)
        _write_examples(formatter, self.examples)

    def _with_left_out(self, args: list[str]) -> list[str]:
        """Put a value behind the last word where that is an option which may go without one."""
        may_lack = {
            name
            for param in self.params
            if isinstance(param, TyperOption) and (param.metavar or "").startswith("[")
            for name in param.opts
        }
        return [*args, LEFT_OUT] if args and args[-1] in may_lack else args

    def _negatives_last(self, args: list[str]) -> list[str]:
        """Put what is not an option behind `--`, when some of it looks like one."""
        if "--" in args or not any(_NEGATIVE.match(arg) for arg in args):
            return args
        takes_value = {
            name
            for param in self.params
            if isinstance(param, TyperOption) and not param.is_flag
            for name in param.opts
        }
        options: list[str] = []
        words: list[str] = []
        rest = iter(args)
        for arg in rest:
            if not arg.startswith("-") or arg == "-" or _NEGATIVE.match(arg):
                words.append(arg)
                continue
            options.append(arg)
            if arg in takes_value:
                options.extend(value for value in [next(rest, None)] if value is not None)
        return [*options, "--", *words]


class Group(TyperGroup):
    """The commands of a table, each built when it is first asked for."""

    def __init__(self, table: Mapping[str, Command], prefix: str = "", **attributes: Any) -> None:
        super().__init__(**attributes)
        self.table = table
        self.prefix = prefix
        # Typer lists and suggests what has a name here.
        names: Any = dict.fromkeys(table)
        self.commands = names

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters of the group, `--help` among them."""
        return _as_typed(super().get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words before the command."""
        with _said_of(ctx):
            return super().parse_args(ctx, args)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the command of that name, or None."""
        if cmd_name not in self.table:
            return None
        if self.commands[cmd_name] is None:
            self.commands[cmd_name] = _build(self.prefix + cmd_name, self.table[cmd_name])
        return self.commands[cmd_name]

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help, and under it, in a group of one module, an example of each command."""
        super().format_help(ctx, formatter)
        if self.prefix:
            built = [self.get_command(ctx, name) for name in self.table]
            _write_examples(formatter, [command.examples[0] for command in built])

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands of plain help, panel by panel; on a terminal rich draws them."""
        for panel in dict.fromkeys(command.panel for command in self.table.values()):
            with formatter.section(panel):
                formatter.write_dl(
                    [(n, row.summary) for n, row in self.table.items() if row.panel == panel]
                )


def _write_examples(formatter: Any, examples: Sequence[str]) -> None:
    with formatter.section("Examples"):
        for example in examples:
            formatter.write(f"{'':{formatter.current_indent}}{example}\n")


def _build(path: str, row: Command) -> Any:
    """Return the command of a row, which is typed as `path`."""
    name = path.split()[-1]
    if row.parts:
        return Group(
            row.parts,
            f"{path} ",
            name=name,
            params=_made("", lambda: None).params,
            help=row.summary,
            no_args_is_help=True,
            rich_markup_mode="rich",
            rich_help_panel=row.panel,
        )
    function = _find_function(path, row.file)
    text, _, examples = (inspect.getdoc(function) or "").partition(_EXAMPLES)
    command = _made(name, function, help=f"{row.summary}\n\n{text}", rich_help_panel=row.panel)
    command.examples = [line.strip() for line in examples.splitlines()]
    return command


def _made(name: str, function: Callable[..., Any], **attributes: Any) -> Any:
    """Return a function as Typer makes it a command."""
    single = typer.Typer(add_completion=False, rich_markup_mode="rich")
    single.command(name, cls=SingleCommand, **attributes)(_spread(function))
    return typer.main.get_command(single)


def _find_function(path: str, file: str | None) -> Callable[..., Any]:
    """Return the function of a command: in the file that is named for it, and named for it too.

    A module may make a command of that name instead, with its function `make_command`.
    """
    name = _in_python(path)
    module: Any = import_module(f"inventory_cli.cli.{file or _in_python(path.split()[0])}")
    function: Callable[..., Any] = getattr(module, name, None) or module.make_command(path)
    return function


def _in_python(path: str) -> str:
    """Return the name of a command in Python: `snapshot_take`, `as_of`, `import_`."""
    name = path.replace(" ", "_").replace("-", "_")
    return f"{name}_" if keyword.iskeyword(name) or hasattr(builtins, name) else name


def _spread(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that takes one by one, as options, what `function` takes as a group.

    A group is a NamedTuple whose annotations are options of Typer.
    """
    own: list[inspect.Parameter] = []
    groups: dict[str, tuple[Any, list[str]]] = {}
    shared: list[inspect.Parameter] = []
    for parameter in inspect.signature(function).parameters.values():
        group, but = _group_of(parameter.annotation)
        if group is None:
            own.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))
            continue
        fields = [field for field in group._fields if field not in but.without]
        groups[parameter.name] = (group, fields)
        defaults = {**group._field_defaults, **but.defaults}
        shared += [
            inspect.Parameter(
                field,
                inspect.Parameter.KEYWORD_ONLY,
                default=defaults[field],
                annotation=group.__annotations__[field],
            )
            for field in fields
        ]

    def spread(**words: Any) -> Any:
        del words[_LEDGER_BEHIND.name]
        for name, (group, fields) in groups.items():
            words[name] = group(**{field: words.pop(field) for field in fields})
        return function(**words)

    parameters = [*own, *shared, _LEDGER_BEHIND]
    spread.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    spread.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return spread


def _group_of(annotation: Any) -> tuple[Any, But]:
    """Return the group of options that an annotation names, if any, and how it differs here."""
    group, *rest = get_args(annotation) or (annotation,)
    if not hasattr(group, "_field_defaults"):
        return None, But()
    return group, next((extra for extra in rest if isinstance(extra, But)), But())

"""Knows how a command comes to be when it is asked for, and how its words are read.

Typer builds every command at every start, and since 0.29 imports pydantic to turn words into
values, which alone doubles the time to start. Here a command is built when it is wanted, and its
parameters, all of which are plain words or flags, are handed over as they are.
"""

import re
from collections.abc import Iterator, Mapping, MutableMapping
from importlib import import_module
from typing import Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

_NEGATIVE = re.compile(r"-\.?\d")


class _AsTyped:
    """Takes the place of Typer's conversion for a parameter that stays text."""

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        if value is None and (param.multiple or param.nargs == -1):
            return ()
        return value


def _as_typed(params: list[Any]) -> list[Any]:
    """Return parameters that will be handed over as they were typed.

    Where a Typer of another version does not look at this attribute, it converts as it always
    does: slower, with the same result.
    """
    for param in params:
        vars(param)["_runtime_param"] = _AsTyped()
    return params


class Group(TyperGroup):
    """A group of commands whose own parameters are handed over as typed."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters of the group, `--help` among them."""
        return _as_typed(super().get_params(ctx))


class Command(TyperCommand):
    """A command in which `-20` and `-7d` are a quantity and a date, not options."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters of the command, `--help` among them."""
        return _as_typed(super().get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words of a command."""
        return super().parse_args(ctx, self._negatives_last(args))

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


class Place(NamedTuple):
    """Where a command is found: its module, its panel in the help, and its line there."""

    module: str
    panel: str
    summary: str


class LazyCommands(MutableMapping[str, Any]):
    """Commands by name, each built when it is first asked for."""

    def __init__(self, places: Mapping[str, Place]) -> None:
        self._places = places
        self._built: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._built:
            module, panel, _ = self._places[name]
            function = import_module(f"inventory_cli.cli.{module}").COMMANDS[name]
            self._built[name] = _build(name, function, panel)
        return self._built[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._built[name] = command

    def __delitem__(self, name: str) -> None:
        del self._built[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def _build(name: str, function: Any, panel: str) -> Any:
    if isinstance(function, typer.Typer):
        command = typer.main.get_command(function)
        command.name = name
        command.rich_help_panel = panel  # type: ignore[attr-defined]
        return command
    single = typer.Typer(add_completion=False, rich_markup_mode="rich")
    single.command(name, cls=Command, rich_help_panel=panel)(function)
    return typer.main.get_command(single)

"""Knows what was found out about an unknown file. Must never know how a profile is written."""

from typing import NamedTuple

from inventory_cli.drafting.by_name import QUANTITIES, Chosen
from inventory_cli.drafting.doubts import Doubts
from inventory_cli.drafting.kinds import Directions
from inventory_cli.drafting.survey import Column, Survey
from inventory_cli.drafting.tendencies import Tendencies
from inventory_cli.importing.profile import Profile

NUMBERS = (*QUANTITIES, "balance", "unit_cost")


class Facts(NamedTuple):
    """What was found out about a file."""

    name: str
    given: Profile
    survey: Survey
    chosen: Chosen
    # What a field is where its column is empty: another column.
    spare: dict[str, Column]
    mark: str | None
    seen: Tendencies
    directions: Directions
    doubts: Doubts

    def column(self, field: str) -> Column | None:
        """Return the column of a field, if there is one."""
        index = self.chosen.fields.get(field)
        return None if index is None else self.survey.columns[index]

    def numbers(self) -> list[Column]:
        """Return the columns that say how much."""
        found = [self.column(field) for field in QUANTITIES]
        more = [self.survey.columns[n] for n in (*self.chosen.places, *self.chosen.ways)]
        return [column for column in (*found, *more) if column is not None]

    def decimals(self) -> int:
        """Return the most decimals that a quantity has."""
        return max((column.decimals[self.mark] for column in self.numbers()), default=0)

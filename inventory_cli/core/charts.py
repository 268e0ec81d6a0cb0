"""Knows how a quantity that changes with time is drawn in letters: as steps, or as a sparkline.

Must never know what the quantity is of.
"""

from collections.abc import Sequence
from typing import NamedTuple

_EIGHTHS = " ▁▂▃▄▅▆▇█"
_BELOW = "▒"


class Point(NamedTuple):
    """From when on a quantity is so much; the time in any unit. `mark` is a letter, or ""."""

    at: float
    quantity: int
    mark: str = ""


def _values(points: Sequence[Point], width: int) -> list[int]:
    """Return the quantity at the end of each of so many equal parts of the time."""
    first, last = points[0].at, points[-1].at
    values, place = [], 0
    for part in range(1, width + 1):
        end = first + (last - first) * part / width
        while place + 1 < len(points) and (points[place + 1].at <= end or part == width):
            place += 1
        values.append(points[place].quantity)
    return values


def step_chart(
    points: Sequence[Point], labels: tuple[str, str, str], width: int, height: int = 6
) -> list[str]:
    """Return the lines of a chart of a quantity over time, in the order of time, `width` wide.

    `labels` stand at the largest quantity, at zero and at the least one below zero. Under the chart
    stand the marks of the points, where any has one.
    """
    margin = max(map(len, labels)) + 1
    columns = max(width - margin - 1, 1)
    values = _values(points, columns)
    high, low = max(0, *values), min(0, *values)
    below = 0 if low == 0 else max(1, min(height - 1, round(height * low / (low - (high or 1)))))
    above = height - below
    lines = []
    for row in range(above, 0, -1):
        cells = "".join(_cell(value, high, row, above) for value in values)
        label = labels[0] if row == above else labels[1] if row == 1 and above > 1 else ""
        lines.append(f"{label:>{margin - 1}} ┤{cells}")
    for row in range(1, below + 1):
        reach = low * (row - 1) / below
        cells = "".join(_BELOW if value < reach else " " for value in values)
        lines.append(f"{labels[2] if row == below else '':>{margin - 1}} ┤{cells}")
    if any(point.mark for point in points):
        lines.append(" " * margin + " " + _marks(points, columns))
    return [line.rstrip() for line in lines]


def _cell(value: int, high: int, row: int, rows: int) -> str:
    """Return what of a quantity is seen in one row of so many, the first the lowest."""
    if value <= 0 or high <= 0:
        return " "
    eighths = max(1, round(value * rows * 8 / high)) - 8 * (row - 1)
    return _EIGHTHS[max(0, min(8, eighths))]


def _marks(points: Sequence[Point], width: int) -> str:
    first, last = points[0].at, points[-1].at
    marks = [" "] * width
    for point in points:
        if point.mark:
            part = (point.at - first) / (last - first) if last > first else 1
            marks[min(int(part * width), width - 1)] = point.mark
    return "".join(marks)


def sparkline(values: Sequence[int]) -> str:
    """Return a letter for each quantity, as high as it is against the largest; "·" at zero or
    below.
    """
    high = max((*values, 1))
    return "".join("·" if v <= 0 else _EIGHTHS[max(1, round(v * 8 / high))] for v in values)

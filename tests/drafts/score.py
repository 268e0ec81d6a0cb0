"""How many drafts of the set in `cases` are right: by field, and by the stock that they lead to.

A case is one text file: a remark of what is odd about it, and then sections. `file NAME` is the
file of an unknown system, `profile` the right profile for it, `stock` what is there in the end
(SKU, location, quantity), `line` what a person adds, or writes in place of a line of the draft,
where the file alone cannot tell; a key alone is a line to delete. Opening balances that a draft
offers are recorded first.
"""

import re
import shlex
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from inventory_cli.drafting.draft import draft_profile
from inventory_cli.importing.profile import Profile, read_profile
from tests.conftest import Shop

CASES = Path(__file__).parent / "cases"
_HEADING = re.compile(r"^--- (\w+)(?: (.*))?\n", re.MULTILINE)

# SKU, location and quantity, as text.
Stock = set[tuple[str, str, str]]


class Case(NamedTuple):
    """A file, how it is to be read, and what is there then."""

    name: str
    file: str
    text: str
    profile: str
    line: str
    stock: Stock


class Result(NamedTuple):
    """How far the draft of a case is right. `fields` are told apart by what they are of."""

    case: Case
    draft: str
    right_fields: set[str]
    wrong_fields: set[str]
    is_right: bool
    is_right_with_line: bool
    is_silently_wrong: bool


class Score(NamedTuple):
    """Shares of the whole set."""

    fields: float
    as_drafted: float
    with_one_line: float
    silently_wrong: list[str]


def read_cases() -> list[Case]:
    """Return all cases by name."""
    return [_read(path) for path in sorted(CASES.glob("*.txt"))]


def _read(path: Path) -> Case:
    text = path.read_text(encoding="utf-8")
    headings = list(_HEADING.finditer(text))
    ends = [heading.start() for heading in headings[1:]] + [len(text)]
    sections = {h[1]: text[h.end() : end] for h, end in zip(headings, ends, strict=True)}
    stock = {_spot(line) for line in sections["stock"].splitlines() if line.strip()}
    file = next(h[2] for h in headings if h[1] == "file")
    line = sections.get("line", "").strip()
    return Case(path.stem, file, sections["file"], sections["profile"], line, stock)


def _spot(line: str) -> tuple[str, str, str]:
    sku, location, quantity = (part.strip() for part in line.split("|"))
    return sku, location, quantity


def draft_of(case: Case) -> str:
    """Return the draft for the file of a case."""
    return "\n".join(draft_profile(BytesIO(case.text.encode()), case.file, Profile()).lines) + "\n"


def _facts(profile: Profile) -> Iterator[tuple[str, object]]:
    """Give what a profile says that decides about stock, one fact each."""
    for field, headers in profile.columns.items():
        if field in ("date", "sku", "type", "quantity", "quantity_in", "quantity_out"):
            yield field, headers
        if field in ("location", "to_location", "id", "balance"):
            yield field, headers
    for table in (profile.kinds, profile.places, profile.quantities):
        yield from table.items()
    if "type" in profile.constants:
        yield "set type", profile.constants["type"]
    for key in ("signed", "add_up", "decimal_mark", "date_format", "quotes", "empty", "header"):
        yield key, getattr(profile, key)


def judge(case: Case) -> Result:
    """Draft a profile for the file of a case, record the file by it, and compare."""
    draft = draft_of(case)
    drafted = dict(_facts(read_profile(draft, case.name)))
    wanted = dict(_facts(read_profile(case.profile, case.name)))
    keys = drafted.keys() | wanted.keys()
    right = {key for key in keys if drafted.get(key) == wanted.get(key)}
    code, stock = recorded(case, draft)
    is_right = code == 0 and stock == case.stock
    with_line = is_right or (
        bool(case.line) and recorded(case, with_line_of(case, draft)) == (0, case.stock)
    )
    tells = "# Unsure" in draft
    silent = code == 0 and stock != case.stock and not tells
    return Result(case, draft, right, keys - right, is_right, with_line, silent)


def with_line_of(case: Case, draft: str) -> str:
    """Return a draft with the one line that a person writes: in place of the line of that key, or
    before the first table.
    """
    key = re.escape(case.line.partition(" = ")[0])
    line = re.compile(rf"^(# )?{key} = .*$", re.MULTILINE)
    if line.search(draft):
        return line.sub(lambda _: case.line if " = " in case.line else "", draft, count=1)
    return f"{case.line}\n{draft}"


def recorded(case: Case, profile: str) -> tuple[int, Stock]:
    """Return how the import of a case by a profile ends, and what is there then."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        decimals = re.search(r"init --decimals (\d)", profile)
        shop = Shop(folder, "--decimals", decimals[1] if decimals else "0", "--timezone", "UTC")
        file = folder / case.file
        file.write_text(case.text, encoding="utf-8", newline="")
        (folder / "draft.toml").write_text(profile, encoding="utf-8")
        for opening in re.findall(r"^# inventory (open .*)$", profile, re.MULTILINE):
            shop.ok(*shlex.split(opening))
        ran = shop("import", file, "--profile", folder / "draft.toml", "--allow-negative")
        rows = shop.json("stock", "--by-location")
        return ran.code, {(r["sku"], r["location"], str(r["on_hand"])) for r in rows}


def score(results: Iterable[Result]) -> Score:
    """Return the shares of fields and files that are right."""
    found = list(results)
    right = sum(len(result.right_fields) for result in found)
    wrong = sum(len(result.wrong_fields) for result in found)
    return Score(
        right / (right + wrong),
        sum(result.is_right for result in found) / len(found),
        sum(result.is_right_with_line for result in found) / len(found),
        [result.case.name for result in found if result.is_silently_wrong],
    )


def main() -> None:
    """Print the score of each case, and of all."""
    results = [judge(case) for case in read_cases()]
    for result in results:
        verdict = "right" if result.is_right else "one line" if result.is_right_with_line else "NO"
        verdict += " (SILENT)" if result.is_silently_wrong else ""
        wrong = f"; other than wanted: {', '.join(sorted(result.wrong_fields))}"
        print(f"{result.case.name}: {verdict}{wrong if result.wrong_fields else ''}")
    of_all = score(results)
    print(
        f"{len(results)} files: {of_all.as_drafted:.1%} right as drafted, "
        f"{of_all.with_one_line:.1%} with one line at most, {of_all.fields:.1%} of the fields"
    )


if __name__ == "__main__":
    main()

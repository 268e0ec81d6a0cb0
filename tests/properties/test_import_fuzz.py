"""Whatever a file holds and whatever is said of it: all or nothing, and never anything else."""

import csv
import io
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import example, given
from hypothesis import strategies as st

from inventory_cli.actions.import_file import import_file
from inventory_cli.actions.imported import Choices, Imported
from inventory_cli.audit.verify import verify
from inventory_cli.errors import InventoryError, Refused, WrongUsage
from inventory_cli.importing.profile import Profile, find_profile, with_options
from inventory_cli.importing.profile_keys import FIELDS
from inventory_cli.storage.ledger_file import Ledger
from tests.conftest import Ran, Shop
from tests.properties.lives import NOW, ORIGIN, examples, new_ledger

quickly = examples(150)

HEADERS = (
    *FIELDS, *FIELDS[:4], "Date", "S K U", "\ufeffdate", "In", "Out", "Doc", "Where", "", " ",
    "x\ny", "last_incoming", "[bold]", "a\x00b", '"',
)  # fmt: skip
DATES = (
    "2022-03-15", "2022-03-15T14:30:00-0700", "15/03/2022", "03/04/2022", "3/4/22", "2022-9-5",
    "1 May 2022", "today", "9999-12-31", "2022-03-27T02:30", "0000-00-00", "20220315", "",
)  # fmt: skip
WORDS = (
    "received", "sold", "Receive", "IN", "OUT", "transferred", "transferred_in", "transferred_out",
    "counted", "adjusted", "opened", "reversed", "Sale", "",
)  # fmt: skip
NUMBERS = (
    "1", "5", "-2", "+3", "0", "1.0", "1.5", "1,5", "1.234", "1e3", "9" * 18, "9" * 19, "٣", "NaN",
    "-0", "", " 7 ",
)  # fmt: skip
NAMES = (
    "A", "a", "B", " A ", "main", "north", "south", "x" * 201, "A\x00", '="007"', '=""', "\u2028",
    "é", "Vendors", "", "  ",
)  # fmt: skip
POOLS = {
    "date": DATES, "last_incoming": DATES, "last_outgoing": DATES, "type": WORDS,
    "quantity": NUMBERS, "quantity_in": NUMBERS, "quantity_out": NUMBERS, "balance": NUMBERS,
    "unit_cost": NUMBERS,
}  # fmt: skip
# Mostly what can be recorded; now and then anything.
GOOD = {
    "date": ("2022-03-15", "2022-03-16", "2022-03-15T14:30:00-0700"),
    "type": ("received", "received", "sold", "counted"),
    "quantity": ("1", "5"),
    "sku": ("A", "a"),
    "Doc": ("", "T1"),
}


def cells(header: str, nasty: bool) -> st.SearchStrategy[str]:
    good = st.sampled_from(GOOD.get(header.strip("\ufeff").casefold().replace(" ", ""), ("",)))
    if not nasty:
        return good
    anything = (*POOLS.get(header, NAMES), *DATES, *WORDS, *NUMBERS, *NAMES)
    return st.one_of(*[good] * 6, st.sampled_from(anything))


@st.composite
def tables(draw: st.DrawFn) -> bytes:
    """Draw a file: half of them with the columns that are needed, and rows that can be read."""
    nasty = draw(st.booleans())
    header = list(draw(st.permutations(FIELDS[:4]))) if draw(st.integers(0, 4)) else ["date"]
    header += draw(st.lists(st.sampled_from(HEADERS if nasty else ("", "Doc", "note")), max_size=4))
    row = st.tuples(*(cells(name, nasty) for name in header))
    rows = [list(cells) for cells in draw(st.lists(row, max_size=5))]
    if nasty and rows and draw(st.integers(0, 5)) == 0:
        rows.append(draw(st.sampled_from([header, rows[0][:-1], [*rows[0], ""], [""] * 9])))
    out = io.StringIO()
    writer = csv.writer(
        out,
        delimiter=draw(st.sampled_from(",,;\t|")),
        lineterminator=draw(st.sampled_from(["\n", "\r\n", "\r"])),
        quoting=draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])),
    )
    writer.writerows([header, *rows])
    encodings = ["utf-8"] * 4 + ["utf-8-sig", "utf-16"] + ["utf-16-le", "cp1252"] * nasty
    return out.getvalue().encode(draw(st.sampled_from(encodings)), "replace")


PROFILES = (
    "", "", "", 'pair_by = ["Doc"]\n[kinds]\nIN = "transferred_in"\nOUT = "transferred_out"\n',
    'fold_case = true\nignore = ["sku"]\n', '[only]\nsku = ["A", "B"]\n', '[extract]\nsku="(.)"\n',
    '[outside]\nV = { from = "received" }\n"*" = { from = "adjusted", to = "sold" }\n',
    "amazon-ledger", "odoo-moves", "erpnext-ledger", "shopify-inventory", "online-retail",
)  # fmt: skip

pairs = st.tuples(st.sampled_from(FIELDS), st.sampled_from(HEADERS)).map("=".join)
constants = st.one_of(
    st.sampled_from(["date=today", "type=received", "quantity=1", "sku=A", "location=x"]),
    st.tuples(st.sampled_from(FIELDS), st.sampled_from((*DATES, *NUMBERS, *NAMES))).map("=".join),
)
kinds = st.tuples(st.sampled_from(WORDS), st.sampled_from((*WORDS[:8], "counted"))).map("=".join)
option_words = st.fixed_dictionaries(
    {},
    optional={
        "columns": st.lists(pairs, max_size=2),
        "set": st.lists(constants, max_size=3),
        "kinds": st.lists(kinds, max_size=2),
        "date_format": st.sampled_from([["%d/%m/%Y"], ["%m/%d/%Y", "iso"], ["%d/%m/%y"]]),
        "signed": st.sampled_from(["change", "inverted"]),
        "decimal_mark": st.sampled_from([".", ","]),
        "encoding": st.sampled_from(["cp1252", "utf-16", "utf-16-le", "utf-7", "idna", "latin-1"]),
        "delimiter": st.sampled_from(["tab", ";", " ", "."]),
        "skip_lines": st.sampled_from(["0", "1", "7"]),
        "overlap": st.sampled_from(["skip", "keep"]),
        "check_balances": st.booleans(),
    },
)


@st.composite
def meanings(draw: st.DrawFn) -> Profile | None:
    """Draw what is said of a file; None where that is refused as wrong usage."""
    if draw(st.booleans()):
        return Profile(overlap=draw(st.sampled_from([None, "skip", "keep"])))
    text = draw(st.sampled_from(PROFILES))
    options = draw(option_words) if draw(st.booleans()) else {}
    try:
        profile = find_profile(text) if "-" in text else Profile()
        if text and "-" not in text:
            with TemporaryDirectory() as folder:
                own = Path(folder) / "own.toml"
                own.write_text(text, encoding="utf-8")
                profile = find_profile(str(own))
        profile = profile._replace(header=draw(st.integers(0, 9)) > 0)
        return with_options(profile, options)
    except WrongUsage:
        return None


def events(ledger: Ledger) -> int:
    return ledger.head().position


def load(
    ledger: Ledger, data: bytes, profile: Profile, choices: Choices
) -> Imported | InventoryError:
    """Import a file, and check that all of it was recorded, or nothing."""
    before = (ledger.head(), events(ledger))
    try:
        imported = import_file(ledger, io.BytesIO(data), ORIGIN, profile, choices, lambda: NOW)
    except InventoryError as error:
        assert (ledger.head(), events(ledger)) == before
        return error
    refused = bool(imported.refusal or imported.problems or (imported.bad and not choices.skip_bad))
    added = events(ledger) - before[1]
    if refused or choices.dry_run or imported.known_as:
        assert (ledger.head(), added, imported.batch) == (before[0], 0, None)
        assert choices.dry_run or imported.appended == 0
    else:
        # A transfer is one or two rows, and always two events.
        assert imported.appended <= added <= 2 * imported.appended
        assert imported.reading.read == imported.appended + imported.skipped + imported.refused
        assert imported.refused == imported.bad
    return imported


choices = st.builds(Choices, st.booleans(), st.none(), st.sampled_from([False] * 4 + [True]),
                    st.booleans())  # fmt: skip


@quickly
@given(st.lists(st.tuples(tables(), meanings(), choices), min_size=1, max_size=3))
def test_a_table_is_recorded_whole_or_not_at_all(
    files: list[tuple[bytes, Profile | None, Choices]],
) -> None:
    with new_ledger("Europe/Berlin") as ledger:
        for data, profile, decided in files:
            if profile is None:
                continue
            done = load(ledger, data, profile, decided)
            if isinstance(done, Imported) and done.batch and profile.overlap != "keep":
                # Once more, it is known by its bytes; under --overlap skip by its rows, if all are.
                head = ledger.head()
                again = load(ledger, data, profile, decided)
                assert isinstance(again, Imported)
                unsure = profile.overlap == "skip" and again.bad
                known_as = None if unsure else done.batch
                assert (again.known_as, ledger.head()) == (known_as, head)
        assert verify(ledger).ok


@quickly
@given(tables(), st.integers(0, 400), st.binary(max_size=4), meanings())
@example(b"date,sku\n", 0, b"\xff\xfe", Profile())
@example(b"date,sku\n", 4, b"\x00", Profile())
def test_a_table_with_a_few_other_bytes_in_it(
    data: bytes, place: int, other: bytes, profile: Profile | None
) -> None:
    with new_ledger("Europe/Berlin", "allow") as ledger:
        load(ledger, data[:place] + other + data[place + 1 :], profile or Profile(), Choices(True))
        assert verify(ledger).ok


@quickly
@given(st.binary(max_size=200), meanings(), choices)
def test_bytes_that_are_no_table(data: bytes, profile: Profile | None, decided: Choices) -> None:
    with new_ledger("Europe/Berlin") as ledger:
        load(ledger, data, profile or Profile(), decided)
        assert verify(ledger).ok


@examples(60)
@given(tables(), st.lists(pairs, max_size=2), st.lists(constants, max_size=3), st.booleans())
def test_the_command_ends_in_a_documented_way(
    data: bytes, columns: list[str], fixed: list[str], skip_bad: bool
) -> None:
    words = [f"--column={pair}" for pair in columns] + [f"--set={pair}" for pair in fixed]
    with TemporaryDirectory() as folder:
        shop = Shop(Path(folder))
        (shop.folder / "moves.csv").write_bytes(data)
        ran: Ran = shop("import", shop.folder / "moves.csv", *words, *["--skip-bad"] * skip_bad)
        assert ran.code in (0, WrongUsage.exit_code, Refused.exit_code), ran
        assert ran.code == 0 or (shop.json("log") == [] and "error: " in ran.err)
        assert shop.failed_checks() == {}

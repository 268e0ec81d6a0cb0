"""The page that `report` writes: what it says is what the commands say that it names."""

import sys
from datetime import date, timedelta
from itertools import accumulate
from pathlib import Path
from random import Random

import pytest
from typer.testing import CliRunner

from inventory_cli.actions.report import MOST_TOLD
from inventory_cli.cli import app
from inventory_cli.errors import LedgerUnusable
from tests.cli.report_page import HOSTILE, Page, make_shop, read_page
from tests.conftest import Shop
from tests.tampering.altering import alter

SINCE = ("--from", "2022-03-01", "--to", "2022-04-30")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Shop, Page]:
    """A shop and the report of it, after which something was recorded."""
    shop = make_shop(tmp_path_factory.mktemp("report"))
    file = shop.folder / "report.html"
    assert shop.ok("report", file, *SINCE, "--cover", 60).out == (
        f"wrote {file}: the audit found nothing wrong\n"
    )
    shop.ok("sell", "LAMP", 1, "--on", "2022-04-10")
    shop.ok("receive", "NEW", 1, "--on", "2022-04-10")
    return shop, read_page(file)


def test_the_page_says_which_ledger_it_is_about_when_and_how_it_was_proved(
    made: tuple[Shop, Page],
) -> None:
    shop, page = made
    assert shop.json("status")[0]["identity"] in page.text
    words = " ".join(page.words.split())
    for fact in ("inventory.db", "2022-03-01 to the end of 2022-04-30", "Europe/Berlin"):
        assert fact in words
    assert "All is well: 8 checks found nothing wrong" in words
    audit = page.tables["audit"]
    checks = [check["name"] for check in shop.json("verify")["checks"]]
    assert audit.column("Check") == checks
    assert set(audit.column("Result")) == {"ok"}
    # The head on the page is one that the log has, and the command proves it.
    assert page.commands["audit"][-1] in words


@pytest.mark.parametrize("name", ["stock", "movements", "fast", "slow", "out", "reorder", "value"])
def test_each_row_is_what_the_command_says_also_when_more_was_recorded_since(
    made: tuple[Shop, Page], name: str
) -> None:
    shop, page = made
    table = page.tables[name]
    rows = {row["sku"]: row for row in run(shop, page.commands[name], "--format", "csv")}
    assert table.rows
    for row in table.rows:
        said = rows[row[0]]
        for column, cell in zip(table.columns[1:], row[1:], strict=True):
            if column != "Name" or "name" in said:
                assert cell.removeprefix("+") == said[column.lower().replace(" ", "_")], row


def run(shop: Shop, command: list[str], *words: str) -> list[dict[str, str]]:
    """Run a command as it stands on the page, on the shop's ledger, and return its rows."""
    assert command[:3] == ["inventory", "--ledger", str(shop.path)]
    at = command.index("--") if "--" in command else len(command)
    return shop.ok(*command[3:at], *words, *command[at:]).csv


def test_every_command_on_the_page_runs_as_it_stands_there(made: tuple[Shop, Page]) -> None:
    shop, page = made
    # Each of the twelve tables, and the chart, of the first SKU.
    assert len(page.every_command) == 13
    for command in page.every_command:
        assert command[:3] == ["inventory", "--ledger", str(shop.path)]
        assert shop.ok(*command[3:]).out
    (chart,) = [command for command in page.every_command if "history" in command]
    assert chart[-2:] == ["--", "-x"] == ["--", page.tables["stock"].rows[0][0]]


def test_tables_that_are_no_choice_are_whole_and_add_up(made: tuple[Shop, Page]) -> None:
    shop, page = made
    for name in ("stock", "movements", "out", "reorder"):
        rows = run(shop, page.commands[name], "--format", "csv")
        assert page.tables[name].column("SKU") == [row["sku"] for row in rows]
    opening, *changes, closing = map(int, page.tables["movements"].total[2:])
    assert (
        opening + sum(changes) == closing == sum(map(int, page.tables["stock"].column("On hand")))
    )
    # By hand: 12 of 10 at 18.90 and 10 at 21 are sold, and of the 8 left one is lost.
    assert page.tables["value"].rows == [
        ["LAMP", "", "7", "0.00", "399.00", "231.00", "21.00", "147.00", "0", "0"]
    ]
    assert page.tables["value"].total[3:8] == ["0.00", "399.00", "231.00", "21.00", "147.00"]


def test_entries_are_told_one_by_one_with_their_reasons(made: tuple[Shop, Page]) -> None:
    shop, page = made
    events = {row["position"]: row for row in shop.ok("log", "--format", "csv").csv}
    for name in ("late", "closed", "reversals", "counts"):
        table = page.tables[name]
        for row in table.rows:
            said = events[row[0]]
            assert row[table.columns.index("SKU")] == said["sku"]
            assert row[table.columns.index("Reason")] == said["reason"]
    # The last sale of XYZ-1 at main had been on 1 April; the reversed one came after it.
    (late,) = page.tables["late"].rows
    assert late[1] == "2022-03-20"
    assert shop.json("show", late[0])[0]["late"] is True
    assert run(shop, page.commands["late"], "--format", "csv")[0]["late"] == "true"
    (closed,) = page.tables["closed"].rows
    assert closed[-2:] == ["found a slip", "march"]
    (reversal,) = page.tables["reversals"].rows
    assert reversal[1:5] == [str(int(reversal[0]) - 1), "sold", "1", "XYZ-1"]
    assert reversal[-1] == "typed twice"
    assert page.tables["counts"].rows == [
        [page.tables["counts"].rows[0][0], "2022-03-31", "LAMP", "main", "7", "-1", "stock-take"]
    ]
    for name in ("reversals", "counts", "closed"):
        assert run(shop, page.commands[name], "--format", "csv")


def test_a_period_has_what_took_effect_in_it_or_was_recorded_in_it(shop: Shop) -> None:
    shop.ok("receive", "A", 5, "--on", "2022-03-10")
    shop.ok("sell", "A", 1, "--on", "2022-03-01", "--allow-negative")
    file = shop.folder / "report.html"
    late = {}
    for period in ("2022-03", "2022-02"):
        shop.ok("report", file, "--from", period, "--to", period)
        late[period] = read_page(file).tables.get("late")
    shop.ok("report", file, "--from", "today")
    late["today"] = read_page(file).tables.get("late")
    assert {period: bool(table) for period, table in late.items()} == {
        "2022-03": True,
        "2022-02": False,
        "today": True,
    }


def test_the_chart_is_on_hand_at_the_end_of_each_day(made: tuple[Shop, Page]) -> None:
    shop, page = made
    known = page.commands["stock"][page.commands["stock"].index("--known-at") + 1]
    first = date.fromisoformat(page.data["first"])
    courses = page.courses
    for sku in ("XYZ-1", "LAMP", "KITE"):
        numbers = courses[sku][0]
        days, levels = accumulate(numbers[::2]), accumulate(numbers[1::2])
        for day, level in zip(days, levels, strict=True):
            on = first + timedelta(days=day)
            assert shop.on_hand(sku, "as-of", on, "--known-at", known) == level, (sku, on)
    at = (date(2022, 3, 31) - first).days
    assert courses["LAMP"][1] == [at, -1]
    assert courses["XYZ-1"][2] == [(date(2022, 4, 4) - first).days]
    assert page.data["from"] == (date(2022, 3, 1) - first).days


def test_the_chart_has_room_for_what_changed_nothing_too(shop: Shop) -> None:
    shop.ok("receive", "OLD", 5, "--on", "2022-01-01")
    shop.ok("reverse", "--last", "--reason", "typed twice")
    shop.ok("receive", "CUP", 5, "--on", "2022-01-10")
    shop.ok("count", "CUP", 5, "--on", "2022-03-01")
    file = shop.folder / "report.html"
    shop.ok("report", file)
    page = read_page(file)
    assert (page.data["first"], page.data["span"]) == ("2022-01-01", 59)
    assert page.courses == {"CUP": [[9, 5], [59, 0], []], "OLD": [[], [], [0]]}


def test_what_was_known_is_what_is_told(shop: Shop) -> None:
    shop.ok("receive", "A", 5, "--on", "2022-03-10")
    known = shop.json("batches")[0]["recorded_at"]
    shop.ok("sell", "A", 1, "--on", "2022-03-11")
    file = shop.folder / "report.html"
    shop.ok("report", file, "--known-at", known)
    page = read_page(file)
    assert page.tables["stock"].rows[0][1] == "5"
    assert page.commands["stock"][-2:] == ["--known-at", known]


def test_text_of_the_ledger_is_never_markup_or_script(made: tuple[Shop, Page]) -> None:
    _, page = made
    assert set(HOSTILE) <= set(page.tables["stock"].column("SKU"))
    assert set(HOSTILE) <= {course[0] for course in page.data["courses"]}
    assert "Tea & <b>more</b>" in page.tables["stock"].column("Name")
    assert "<b>" not in page.text
    assert page.text.count("<script") == page.text.count("</script") == 2
    assert "alert(1)</script>" not in page.text


def test_the_page_asks_no_network_for_anything(made: tuple[Shop, Page]) -> None:
    _, page = made
    for _, attributes in page.tags:
        for name in ("src", "href", "action", "poster", "data"):
            assert not (attributes.get(name) or "").startswith(("http", "//", "/"))
        assert not any(name.startswith("on") for name in attributes)
        assert "style" not in attributes
    (policy,) = [a["content"] for _, a in page.tags if a.get("http-equiv")]
    assert policy is not None
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert "unsafe" not in policy


def test_every_table_has_a_caption_and_heads_with_a_scope(made: tuple[Shop, Page]) -> None:
    _, page = made
    assert len(page.tables) == 12
    for name, table in page.tables.items():
        assert "".join(table.caption).strip(), name
        assert all(len(row) == len(table.columns) for row in table.rows), name
    assert all(attributes.get("scope") for tag, attributes in page.tags if tag == "th")
    tags = [tag for tag, _ in page.tags]
    assert [tags.count(tag) for tag in ("header", "nav", "main", "footer", "h1")] == [1] * 5


def test_an_empty_ledger_has_a_page_too(shop: Shop) -> None:
    file = shop.folder / "report.html"
    shop.ok("report", file)
    page = read_page(file)
    assert page.tables.keys() == {"audit"}
    assert "Nothing has happened by the end of the period." in page.words
    # That there is nothing is a figure too: all but that nothing is late and that nothing is drawn.
    assert len(page.every_command) == 11
    for command in page.every_command:
        shop.ok(*command[3:])
    assert "No cost is known of anything" in page.words


def test_decimals_are_kept_to_the_letter(tmp_path: Path) -> None:
    shop = Shop(tmp_path, "--decimals", "2")
    shop.ok("receive", "TEA", "1000000000000000.25", "--on", "2022-03-01")
    file = shop.folder / "report.html"
    shop.ok("report", file)
    page = read_page(file)
    assert page.tables["stock"].column("On hand") == ["1000000000000000.25"]
    assert page.courses == {"TEA": [[0, 100000000000000025], [], []]}


def test_the_commands_name_the_ledger_only_where_it_is_not_the_usual_one(
    story: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(story.folder)
    Path("other.db").write_bytes(story.path.read_bytes())
    for named in ([], ["--ledger", "other.db"]):
        assert CliRunner().invoke(app, [*named, "report", "page.html"]).exit_code == 0
        command = read_page(Path("page.html")).commands["stock"]
        assert command[: len(named) + 2] == ["inventory", *named, "as-of"]


def test_a_difference_is_said_at_the_top_and_by_the_exit_code(story: Shop) -> None:
    alter(story, "UPDATE stock SET on_hand = 7")
    file = story.folder / "report.html"
    ran = story("report", file)
    assert (ran.code, ran.out) == (1, f"wrote {file}: the audit FAILED\n")
    page = read_page(file)
    words = " ".join(page.words.split())
    assert words.index("A difference was found: 1 of 8 checks failed") < words.index("At a glance")
    # What the page tells is replayed from the log, as the audit is.
    assert page.tables["stock"].rows[0][:2] == ["XYZ-1", "190"]
    failed = page.tables["audit"].rows[page.tables["audit"].column("Check").index("stock")]
    assert failed[1] == "FAILED"
    assert "expected 190, found 7" in failed[2]


def test_of_a_log_that_cannot_be_replayed_the_page_says_so_and_gives_no_figures(
    story: Shop,
) -> None:
    alter(story, "UPDATE events SET kind = 'lost' WHERE position = 2")
    file = story.folder / "report.html"
    assert story("report", file).code == 1
    page = read_page(file)
    assert page.tables.keys() == {"audit"}
    assert "event 2 is of the unknown kind 'lost'" in page.words
    assert page.data["courses"] == []


def test_what_fails_in_a_sound_ledger_is_no_matter_of_the_page(
    story: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> None:
        raise LedgerUnusable("the file is busy")

    monkeypatch.setattr("inventory_cli.actions.report.stock_as_of", busy)
    ran = story("report", story.folder / "report.html")
    assert (ran.code, ran.err) == (4, "error: the file is busy\n")
    assert not (story.folder / "report.html").exists()


def test_of_many_counts_those_with_the_largest_variance_are_told(shop: Shop) -> None:
    lines = ["date,sku,type,quantity"]
    for n in range(MOST_TOLD + 5):
        # By turns too much and too little, the first ones least.
        lines += [
            f"2022-03-01,S{n},received,1000",
            f"2022-03-02,S{n},counted,{1000 + n * (-1) ** n}",
        ]
    assert shop.import_text("\n".join(lines)).code == 0
    shop.ok("report", shop.folder / "report.html")
    table = read_page(shop.folder / "report.html").tables["counts"]
    assert table.column("SKU") == [f"S{n}" for n in reversed(range(5, MOST_TOLD + 5))]
    assert table.column("Variance")[:2] == ["+204", "-203"]
    assert "".join(table.caption).endswith(": 200 of 205")


def test_only_an_earlier_report_of_the_same_ledger_is_written_over(
    story: Shop, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = story.folder / "report.html"
    story.ok("report", file)
    file.chmod(0o640)
    story.ok("sell", "XYZ-1", 1)
    story.ok("report", file)
    assert read_page(file).tables["stock"].rows[0][1] == "189"
    assert file.stat().st_mode & 0o777 == 0o640
    assert {path.name for path in story.folder.iterdir()} == {story.path.name, file.name}
    other = Shop(tmp_path_factory.mktemp("other"))
    notes = story.folder / "notes.txt"
    notes.write_text("mine", encoding="utf-8")
    for shop, taken in ((other, file), (story, notes), (story, story.folder), (story, story.path)):
        before = taken.read_bytes() if taken.is_file() else b""
        ran = shop("report", taken)
        assert ran.code == 3
        assert ran.err == (
            f"error: {taken} exists already, and is no report of this ledger\n"
            "hint: name another file, or move that one away\n"
        )
        assert (taken.read_bytes() if taken.is_file() else b"") == before


def test_a_link_to_an_earlier_report_stays_a_link(story: Shop) -> None:
    file, link = story.folder / "report.html", story.folder / "latest.html"
    story.ok("report", file)
    link.symlink_to(file)
    story.ok("sell", "XYZ-1", 1)
    story.ok("report", link)
    assert link.is_symlink()
    assert read_page(file).tables["stock"].rows[0][1] == "189"


def test_a_page_that_cannot_be_written_leaves_the_old_one(
    story: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = story.folder / "report.html"
    story.ok("report", file)
    before = file.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("inventory_cli.report.file.os.fsync", full)
    ran = story("report", file)
    assert ran.code == 2
    assert ran.err.startswith(f"error: {file} cannot be written: No space left on device\n")
    assert file.read_bytes() == before
    assert {path.name for path in story.folder.iterdir()} == {story.path.name, file.name}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("-",), "a report is a file"),
        (("none/report.html",), "the folder none does not exist"),
        (("report.html", "--method", "lifo"), "--method 'lifo' is not one of fifo, average"),
        (("report.html", "--cover", "x"), "--cover 'x' is not a whole number"),
        (
            ("report.html", "--from", "2022-04", "--to", "2022-03"),
            "--from 2022-04 is after --to 2022-03",
        ),
    ],
)
def test_a_mistake_is_said_before_anything_is_written(
    shop: Shop, words: tuple[str, ...], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop.folder)
    ran = shop("report", *words)
    assert ran.code == 2
    assert ran.err.startswith(f"error: {message}\n")
    assert [path.name for path in shop.folder.iterdir()] == [shop.path.name]


def test_without_the_package_for_it_the_extra_is_named(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    ran = shop("report", shop.folder / "report.html")
    assert (ran.code, ran.err) == (
        2,
        "error: a report is written with the package jinja2, which is not installed\n"
        "hint: `pip install 'inventory-cli[report]'` brings it\n",
    )


@pytest.mark.slow
def test_a_large_shop_fits_on_a_page_that_can_be_sent(tmp_path: Path) -> None:
    skus, events = 2_000, 100_000
    draw = Random(14)
    lines = ["date,sku,type,quantity,unit_cost"]
    for _ in range(events):
        day = date(2024, 1, 1) + timedelta(days=draw.randrange(700))
        kind = draw.choice(["received", "sold", "sold", "removed", "returned"])
        cost = f"{draw.randrange(1, 9_999)}.50" if kind == "received" else ""
        units = draw.randrange(1, 99_999) / 100
        lines.append(f"{day},SKU-{draw.randrange(skus):05},{kind},{units:.2f},{cost}")
    shop = Shop(tmp_path, "--decimals", "2", "--negative", "allow")
    assert shop.import_text("\n".join(lines)).code == 0
    names = [f"SKU-{n:05},A long-handled thing no. {n}" for n in range(skus)]
    described = shop.import_text("\n".join(["sku,name", *names]), "--set", "type=described")
    assert described.code == 0
    file = shop.folder / "report.html"
    shop.ok("report", file)
    assert file.stat().st_size < 2_000_000
    page = read_page(file)
    assert len(page.tables["stock"].rows) == len(page.courses) == skus
    assert sum(len(levels) // 2 for levels, _, _ in page.courses.values()) > events * 0.9

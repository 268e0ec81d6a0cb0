"""The page of `report` in a real browser: it sorts, searches, draws and prints, for everybody.

A Chromium of the system is started without a window. Where there is none, these tests say that they
did not run.
"""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cli.report_page import HOSTILE, make_shop

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        CHROMIUM is None, reason="no Chromium is installed: the page of `report` is not looked at"
    ),
]
SIZES = {"phone": (375, 812), "tablet": (768, 1024), "desktop": (1280, 900)}


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The page, opened once; what it asked for and complained of is in its `told`."""
    from playwright.sync_api import sync_playwright

    shop = make_shop(tmp_path_factory.mktemp("browser"))
    file = shop.folder / "report.html"
    shop.ok("report", file, "--from", "2022-03-01", "--to", "2022-04-30")
    with sync_playwright() as playwright:
        # Without a sandbox it runs as root too, as in a container.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page: Any = browser.new_page()
        page.told = []
        page.on("request", lambda request: page.told.append(request.url))
        page.on("pageerror", lambda error: page.told.append(str(error)))
        page.on("console", lambda message: page.told.append(message.text))
        page.on("dialog", lambda dialog: page.told.append(dialog.message) or dialog.dismiss())
        page.goto(file.as_uri())
        page.told_at_first = [*page.told]
        yield page
        browser.close()


@pytest.fixture
def seen(opened: Any) -> Any:
    """The page as it is on a desk."""
    opened.emulate_media(media="screen", color_scheme="light")
    opened.set_viewport_size({"width": 1280, "height": 900})
    opened.told.clear()
    return opened


def first_column(page: Any, table: str) -> list[str]:
    """Return the heads of the rows of a table that are shown."""
    found: list[str] = page.locator(f"#{table}-table tbody tr:not([hidden]) th").all_inner_texts()
    return found


def test_it_asks_no_network_and_runs_nothing_but_its_own_script(seen: Any) -> None:
    assert seen.told_at_first == [seen.url]
    # What is tried all the same is refused by the page itself.
    tried = "fetch('http://127.0.0.1:9/').then(() => 'sent', () => 'refused')"
    assert seen.evaluate(tried) == "refused"
    assert not [url for url in seen.told if url.startswith("http")]
    seen.evaluate("document.body.append(document.createElement('script'))")
    seen.evaluate("document.body.lastChild.textContent = 'window.ran = 1'")
    assert seen.evaluate("window.ran") is None


def test_any_column_sorts_either_way_from_the_keyboard(seen: Any) -> None:
    head = seen.locator("#stock-table thead th", has_text="On hand")
    head.locator("button").focus()
    seen.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    on_hand = seen.locator("#stock-table tbody td:nth-child(3)")
    levels = list(map(int, on_hand.all_inner_texts()))
    assert levels == sorted(levels)
    assert len(set(levels)) > 2
    seen.keyboard.press("Space")
    assert head.get_attribute("aria-sort") == "descending"
    assert list(map(int, on_hand.all_inner_texts())) == levels[::-1]
    sku = seen.locator("#stock-table thead th", has_text="SKU")
    sku.locator("button").click()
    assert head.get_attribute("aria-sort") is None
    skus = first_column(seen, "stock")
    assert skus.index("KITE") < skus.index("LAMP") < skus.index("XYZ-1")
    seen.locator("#stock-table tbody tr", has_text="LAMP").locator(".s svg").click()
    assert seen.locator("#summary").inner_text().startswith("LAMP: ")
    # What is empty stands last, both ways.
    for _ in range(2):
        seen.locator("#stock-table thead th", has_text="Last outgoing").locator("button").click()
        assert seen.locator("#stock-table tbody tr:last-child td").last.inner_text() == ""


def test_the_stock_is_searched_by_sku_and_by_name(seen: Any) -> None:
    search = seen.get_by_label("Search")
    for typed, found in (("lam", ["LAMP"]), ("MORE</B>", ["XYZ-1"]), ("none", [])):
        search.fill(typed)
        assert first_column(seen, "stock") == found
        count = seen.locator("#stock-table tbody tr").count()
        assert seen.locator("#found").inner_text() == f"{len(found)} of {count} SKUs"
    search.fill("")
    assert set(HOSTILE) < set(first_column(seen, "stock"))


def test_the_chart_draws_the_chosen_sku_and_says_the_same_in_words(seen: Any) -> None:
    choice = seen.locator("#sku")
    choice.select_option(label="LAMP")
    assert seen.locator("#plot svg[role=img]").count() == 1
    assert (seen.locator("#plot .count").count(), seen.locator("#plot .void").count()) == (1, 0)
    assert seen.locator("#summary").inner_text() == (
        "LAMP: on hand from 2022-03-01 to 2022-04-05, at least 7 (2022-03-31), at most 20 "
        "(2022-03-10), 7 at the end; 1 count, 0 voided events."
    )
    seen.locator("#steps summary").click()
    seen.locator("#steps tbody tr").first.wait_for()
    rows = seen.locator("#steps tbody tr").all_inner_texts()
    assert [row.split("\t")[:2] for row in rows] == [
        ["2022-03-01", "10"],
        ["2022-03-10", "20"],
        ["2022-03-15", "8"],
        ["2022-03-31", "7"],
    ]
    assert rows[-1].endswith("counted, variance -1")
    # The path goes along and up or down by turns, once for each of these days.
    assert seen.locator("#plot .line").get_attribute("d").count("V") == len(rows)
    choice.focus()
    seen.keyboard.press("x")
    assert (
        choice.evaluate("select => select.selectedOptions[0].text") == "XYZ-1 · Tea & <b>more</b>"
    )
    assert seen.locator("#plot .void").count() == 1
    assert seen.locator("#history").inner_text().endswith(" XYZ-1")
    choice.select_option(label=HOSTILE[2])
    assert seen.locator("#history").inner_text().endswith(""" 'O'"'"'Hara "& Sons"'""")
    choice.select_option(label="-x")
    assert seen.locator("#history").inner_text().endswith(" -- -x")
    seen.locator("#steps summary").click()


def test_every_part_is_reached_by_the_tab_key(seen: Any) -> None:
    seen.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    reached = []
    for _ in range(150):
        seen.keyboard.press("Tab")
        reached.append(
            seen.evaluate("(e => e.id || e.closest('[id]')?.id)(document.activeElement)")
        )
    assert seen.locator(".skip").count() == 1
    wanted = {"search", "sku", "stock-table", "movements-table", "reversals", "audit"}
    assert wanted <= set(reached), set(reached)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_read_at_any_size_in_light_and_dark_by_everybody(
    seen: Any, size: str, scheme: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    width, height = SIZES[size]
    seen.set_viewport_size({"width": width, "height": height})
    seen.emulate_media(color_scheme=scheme)
    assert seen.evaluate("document.documentElement.scrollWidth") <= width
    paper = seen.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(21, 24, 28)")
    seen.locator("#steps").evaluate("details => (details.open = true)")
    seen.locator("#steps tbody tr").first.wait_for()
    found = Axe().run(seen).response
    seen.locator("#steps").evaluate("details => (details.open = false)")
    assert [(one["impact"], one["id"], one["nodes"]) for one in found["violations"]] == []
    # The check of contrast has run, and is not among what could not be told.
    assert "color-contrast" in {one["id"] for one in found["passes"]}
    assert seen.told == []


def test_it_prints_on_a4_with_every_sparkline(seen: Any) -> None:
    printed = seen.pdf(prefer_css_page_size=True)
    assert printed.startswith(b"%PDF-")
    assert b"/MediaBox [0 0 594.95996 841.91998]" in printed
    rows = seen.locator("#stock-table tbody tr").count()
    assert seen.locator("#stock-table .s svg").count() == rows
    seen.emulate_media(media="print")
    # As wide as A4 without its margins: nothing is cut off.
    seen.set_viewport_size({"width": 703, "height": 1000})
    assert seen.evaluate("document.documentElement.scrollWidth") <= 703
    assert not seen.locator("nav").is_visible()
    assert seen.locator("#audit-table").is_visible()


def test_without_script_the_tables_are_whole(seen: Any) -> None:
    page = seen.context.browser.new_context(java_script_enabled=False).new_page()
    page.goto(seen.url)
    assert page.locator("#stock-table tbody tr").count() == 3 + len(HOSTILE)
    assert "█" in page.locator("#stock-table").inner_text()
    assert page.get_by_text("The chart is drawn by a script").is_visible()
    assert not page.get_by_label("Search").is_visible()
    page.context.close()

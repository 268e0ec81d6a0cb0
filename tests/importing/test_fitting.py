"""Which of the shipped profiles fit a file: `--profile auto`, and the list of them."""

import pytest

from inventory_cli.importing.profile import described, shipped_profiles
from tests.conftest import Shop
from tests.importing.test_profiles import AMAZON, ERPNEXT, ODOO, RETAIL, SHOPIFY
from tests.importing.test_vendor_profiles import MAGENTO, MB51, ODOO_STOCK


@pytest.mark.parametrize("words", [("--profile",), ("moves.csv", "--profile"), ("--profile", "?")])
@pytest.mark.parametrize("command", ["import", "reconcile"])
def test_a_profile_without_a_name_lists_them(
    shop: Shop, command: str, words: tuple[str, ...]
) -> None:
    ran = shop(command, *words)
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert [line.split(":")[0] for line in lines if line[0] != " "] == sorted(shipped_profiles())
    place = lines.index(
        "magento-sources: Magento's (Adobe Commerce's) export of stock sources, one row for each "
        "source and SKU: what is there now, as counts"
    )
    assert lines[place + 1].startswith("    from https://github.com/magento/inventory, Inv")


def test_a_profile_whose_name_is_empty_is_none(shop: Shop) -> None:
    ran = shop.import_text(AMAZON, "--profile", "")
    assert (ran.code, "there is no profile ''" in ran.err) == (2, True)


@pytest.mark.parametrize("name", sorted(shipped_profiles()))
def test_a_shipped_profile_says_after_what_it_was_made(name: str) -> None:
    reads, sources = described(shipped_profiles()[name])
    assert reads
    assert sources
    assert all("https://" in source or source.startswith("the same, ") for source in sources)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (AMAZON, "amazon-ledger"),
        (ERPNEXT, "erpnext-ledger"),
        (ODOO, "odoo-moves"),
        (RETAIL, "online-retail"),
        (SHOPIFY, "shopify-inventory"),
    ],
)
def test_the_one_that_fits_is_used(shop: Shop, text: str, name: str) -> None:
    said = ("--set", "date=2024-05-31") if name == "shopify-inventory" else ()
    by_name = shop.import_text(text, "--profile", name, *said, "--allow-negative", "--dry-run")
    ran = shop.import_text(text, "--profile", "auto", *said, "--allow-negative", "--dry-run")
    assert (ran.code, ran.out) == (0, by_name.out)
    assert ran.err.startswith(f"the profile {name} fits moves.csv\n")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (AMAZON.replace("Receipts", "Arrivals"), "amazon-ledger: Event Type: 'Arrivals'"),
        (AMAZON.replace("07/01/2026", "31.12.2026"), "amazon-ledger: Date: '31.12.2026'"),
        (AMAZON.replace("MSKU", "Merchant"), "amazon-ledger: no column 'MSKU'"),
        (MB51.replace("13.05.2024", "13/31/2024"), "Posting Date: '13/31/2024' is no date"),
        (MB51.replace("13.05.2024", "2024-05-02"), "Posting Date: dates in more than one format"),
        (ODOO.replace("Done", "Erledigt"), "odoo-moves: its rules leave out every row"),
        (ODOO_STOCK.replace("[E-COM08] ", ""), "odoo-stock: Product: 'Storage Box'"),
        ("a,b\n1,2\n", "no shipped profile fits it\n  odoo-stock: no column 'Product', 'Location'"),
    ],
)
def test_why_none_fits(shop: Shop, text: str, why: str) -> None:
    before = shop.path.read_bytes()
    ran = shop.import_text(text, "--profile", "auto")
    assert (ran.code, shop.path.read_bytes()) == (3, before)
    assert "moves.csv: no shipped profile fits it" in ran.err
    assert why in ran.err
    assert "`inventory import --draft FILE` writes one of your own" in ran.err


def test_two_that_fit_are_two_too_many(shop: Shop) -> None:
    header, *rows = MAGENTO.splitlines()
    more = ',"In stock?",Stock'
    text = "\n".join([header + more, *(row + ",1,5" for row in rows)]) + "\n"
    ran = shop.import_text(text, "--profile", "auto", "--set", "date=now")
    assert ran.code == 3
    assert "moves.csv: 2 profiles fit it: magento-sources, woocommerce-products\n" in ran.err


def test_several_files_have_one_profile(shop: Shop) -> None:
    names = [shop.folder / name for name in ("one.csv", "two.csv", "three.csv")]
    later = MB51.replace("4900", "4800")
    for name, text in zip(names, (MB51, later, MAGENTO), strict=True):
        name.write_text(text, encoding="utf-8")
    how = ("--profile", "auto", "--decimal-mark", ",", "--dry-run")
    ran = shop("import", *names, *how)
    assert (ran.code, "fit one profile, but sap-mb51, magento-sources\n" in ran.err) == (3, True)
    ran = shop("import", *names[:2], *how, "--overlap", "keep")
    assert (ran.code, ran.out.count("would be appended 13")) == (0, 2)


def test_a_list_of_movements_is_no_stock_list(shop: Shop) -> None:
    (shop.folder / "moves.csv").write_text(AMAZON, encoding="utf-8")
    ran = shop("reconcile", shop.folder / "moves.csv", "--profile", "auto")
    assert (ran.code, "no shipped profile fits it" in ran.err) == (3, True)


def test_a_pipe_cannot_be_read_twice(shop: Shop) -> None:
    ran = shop.process("import", "-", "--profile", "auto", input=AMAZON)
    assert (ran.returncode, "reads a file twice, and - is a pipe" in ran.stderr) == (2, True)


def test_a_draft_says_which_one_fits(shop: Shop) -> None:
    fits = "# It looks like the shipped profile {0}: --profile {0}\n"
    alone = "# It is the only one that fits, so --profile auto takes it.\n"
    for text, name, so in [
        (AMAZON, "amazon-ledger", alone),
        (MAGENTO, "magento-sources", alone),
        (
            AMAZON.replace("Receipts", "Arrivals"),
            "amazon-ledger",
            'it does not explain: "Arrivals" (1)',
        ),
        (AMAZON.replace("/01/2026", "/31/26"), "amazon-ledger", "written: more than one way"),
    ]:
        (shop.folder / "moves.csv").write_text(text, encoding="utf-8")
        drafted = shop.ok("import", "--draft", shop.folder / "moves.csv").out
        assert fits.format(name) in drafted
        assert so in drafted
        assert (alone in drafted) == (so == alone)
    # As Odoo's stock list has these columns, but each product with its code in brackets.
    (shop.folder / "moves.csv").write_text("Product,Location,Quantity\nMug,shop,5\n")
    assert "shipped" not in shop.ok("import", "--draft", shop.folder / "moves.csv").out

"""A ledger of every schema version that was ever shipped opens, verifies and replays for ever.

`tests/frozen/schema-N.db` was written by the program when N was its schema version, by the
commands in FROZEN, and is never written again.
"""

import shutil
from pathlib import Path

import pytest

from inventory_cli.storage.schema import SCHEMA_VERSION
from tests.conftest import Shop

FOLDER = Path(__file__).parent / "frozen"

FROZEN = """
init --decimals 1 --timezone Europe/Berlin
open XYZ-1 100 --on 2022-02-01 --last-incoming 2022-01-01 --last-outgoing 2022-02-01
receive XYZ-1 100 --on 2022-03-01 --ref DN-1 --cost 2.50 --id k1 --detail supplier=Hafner
sell XYZ-1 20.5 --on 2022-03-15T10:30
return XYZ-1 0.5 --on 2022-03-16 --reason defect
transfer XYZ-1 30 --from main --to shop --on 2022-03-20
snapshot take march --as-of 2022-03-31
adjust XYZ-1 -20 --on 2022-04-01 --reason miscount
count XYZ-1 29 --location shop --on 2022-04-02
remove XYZ-1 1 --on 2022-03-10 --reason scrapped
reverse 7 --reason duplicate
"""


def frozen(version: int, folder: Path) -> Shop:
    shop = Shop.__new__(Shop)
    shop.folder, shop.path = folder, folder / "inventory.db"
    shutil.copy(FOLDER / f"schema-{version}.db", shop.path)
    return shop


@pytest.mark.parametrize("version", range(1, SCHEMA_VERSION + 1))
def test_an_old_ledger_is_as_good_as_new(version: int, tmp_path: Path) -> None:
    shop = frozen(version, tmp_path)
    assert shop.failed_checks() == {}
    assert shop.json("verify")["head"] == (FOLDER / f"schema-{version}.head").read_text().strip()
    assert shop.json("stock", "--by-location") == [
        {"sku": "XYZ-1", "location": "main", "on_hand": "149.0",
         "last_incoming": "2022-03-16", "last_outgoing": "2022-03-15"},
        {"sku": "XYZ-1", "location": "shop", "on_hand": "29.0",
         "last_incoming": None, "last_outgoing": None},
    ]  # fmt: skip
    assert shop.json("as-of", "2022-03-12") == [
        {"sku": "XYZ-1", "on_hand": "199.0",
         "last_incoming": "2022-03-01", "last_outgoing": "2022-03-10"}
    ]  # fmt: skip
    assert [row["change"] for row in shop.json("history", "XYZ-1", "-l", "shop")] == [
        "30.0",
        "-1.0",
    ]
    shop.ok("receive", "XYZ-1", "1.5")
    shop.ok("rebuild")
    assert shop.failed_checks() == {}

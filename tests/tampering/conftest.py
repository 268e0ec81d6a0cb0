"""A ledger that holds every kind of thing there is, new for each test."""

import pytest

from tests.conftest import Shop

# By the position of its first event. The snapshot stands between 7 and 8, so that what is behind
# it can be altered without the snapshot being wrong.
BEFORE_THE_SNAPSHOT = (
    "open XYZ-1 100 --on 2022-02-01 --last-incoming 2022-01-01 --last-outgoing 2022-01-15",
    "receive XYZ-1 100 --on 2022-03-01 --reason restock --ref PO-7 --cost 1.50 --id DELIVERY-7"
    " --detail lot=L9",
    "sell XYZ-1 20 --on 2022-03-15",
    "count XYZ-1 30 --location shop --on 2022-03-20",
)
IMPORTED = """date,sku,type,quantity
2022-03-02,ABC-2,received,5
2022-03-02,ABC-2,received,6
2022-03-04,ABC-2,sold,2
"""
AFTER_THE_SNAPSHOT = (
    "transfer XYZ-1 30 --from main --to shop --on 2022-04-05",
    "receive XYZ-1 5 --on 2022-04-06",
    "reverse 10 --reason twice",
    "sell ABC-2 1 --on 2022-04-07",
    "remove XYZ-1 2 --location shop --on 2022-04-08",
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Shop, bytes]:
    """A ledger that holds every kind of thing there is, and its bytes."""
    shop = Shop(tmp_path_factory.mktemp("whole"))
    for words in BEFORE_THE_SNAPSHOT:
        shop.ok(*words.split())
    assert shop.import_text(IMPORTED).code == 0
    shop.ok("snapshot", "take", "march", "--as-of", "2022-03-31")
    for words in AFTER_THE_SNAPSHOT:
        shop.ok(*words.split())
    assert shop.failed_checks() == {}
    return shop, shop.path.read_bytes()


@pytest.fixture
def ledger(whole: tuple[Shop, bytes]) -> Shop:
    """That ledger, as it was before any test altered it."""
    return put_back(*whole)


def put_back(shop: Shop, original: bytes) -> Shop:
    """Give a ledger the bytes that it had."""
    # A new file: what a failed test may have left open belongs to the old one.
    shop.path.unlink()
    shop.path.write_bytes(original)
    return shop


@pytest.fixture(scope="module")
def rolled_over(tmp_path_factory: pytest.TempPathFactory) -> tuple[Shop, bytes]:
    """A ledger that follows on another, whose ids it knows, and its bytes."""
    shop = Shop(tmp_path_factory.mktemp("years"))
    shop.ok("receive", "A", 5, "--on", "2021-12-01", "--id", "d-1")
    shop.ok("sell", "A", 1, "--on", "2021-12-05T09:30", "--id", "s-1")
    new = shop.folder / "2022.db"
    shop.ok("rollover", new, "--as-of", "2021-12-31")
    shop.path = new
    assert shop.failed_checks() == {}
    return shop, new.read_bytes()


@pytest.fixture
def following(rolled_over: tuple[Shop, bytes]) -> Shop:
    """That ledger, as it was before any test altered it."""
    return put_back(*rolled_over)


@pytest.fixture
def holder(request: pytest.FixtureRequest) -> Shop:
    """A ledger that holds rows of the table with which a test is concerned."""
    values = request.node.callspec.params
    table = values["table"] if "table" in values else values["place"].table
    name = "following" if table == "carried_ids" else "ledger"
    shop: Shop = request.getfixturevalue(name)
    return shop

"""Where no server can be started, that is said: none of the tests here has run then."""

import pytest

from tests.shared.conftest import MISSING


def test_there_is_what_a_server_and_its_clients_need() -> None:
    if MISSING:
        pytest.skip(f"no test of a shared ledger has run: {' and '.join(MISSING)} is missing")
    from tests.shared.server import BINARIES

    assert (BINARIES / "postgres").is_file()

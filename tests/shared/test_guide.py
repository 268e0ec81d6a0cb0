"""What the page `sharing` of the guide says to type does what it says, on a server of its own."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.shared.server import BINARIES, USER, Server
from tests.transcript import ROOT, put_command, run_line

PAGE = (ROOT / "inventory_cli" / "guide" / "sharing.md").read_text(encoding="utf-8")
SET_UP, ROLES, *_ = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.slow
def test_five_commands_share_a_ledger_and_three_give_a_till_its_role(
    own_server: Callable[[], Server], tmp_path: Path
) -> None:
    server = own_server()
    put_command(tmp_path)

    def type_in(line: str) -> str:
        where = f"PGHOST='{server.data}' PGUSER={USER} PATH='{BINARIES}':$PATH"
        done = run_line(f"{where}; export PGHOST PGUSER; {line}", tmp_path)
        assert done.returncode == 0, done
        return done.stdout

    type_in("inventory init --timezone Europe/Berlin")
    type_in("inventory receive XYZ-1 20")
    commands = SET_UP.splitlines()
    assert len(commands) == 5
    for command in commands:
        type_in(command)
    assert type_in("inventory stock --format csv").splitlines()[1].startswith("XYZ-1,19,")
    assert type_in("inventory head") == type_in("inventory --ledger till.db head")
    type_in("inventory verify --shared")

    # The tables are there already: what is said again of them is passed over by `psql`.
    for command in ROLES.splitlines():
        type_in(command)
    type_in("inventory --ledger till-1.db sell XYZ-1 2")
    assert type_in("inventory sync").splitlines()
    assert type_in("inventory head") == type_in("inventory --ledger till-1.db head")
    (rights,) = server.run(
        "SELECT has_table_privilege('till_1', 'inventory.events', 'SELECT'),"
        " has_table_privilege('till_1', 'inventory.events', 'INSERT')",
        server.url("stock"),
    )
    assert rights == (True, False)

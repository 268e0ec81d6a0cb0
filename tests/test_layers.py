"""The table of floors in the guide is true: imports run as it says, and no other way."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

import inventory_cli

PACKAGE = Path(inventory_cli.__file__).parent
PAGE = PACKAGE / "guide" / "architecture.md"


def rows_of(page: Path, heading: str) -> list[list[str]]:
    """Return the cells of the table of a page whose first column has this heading."""
    text = page.read_text(encoding="utf-8")
    (table,) = re.findall(rf"^\| {heading} \|.*\n\|[-|]+\n((?:\|.*\n)+)", text, re.MULTILINE)
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines()]


def names_in(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


# A part of the package → those that it may import.
FLOORS = {
    names_in(name)[0]: set(names_in(imports)) for name, imports, _, _ in rows_of(PAGE, "floor")
}
# A package of others → the modules that alone may import it.
HOMES = {names_in(name)[0]: tuple(names_in(homes)) for name, homes in rows_of(PAGE, "package")}
MODULES = sorted(PACKAGE.rglob("*.py"))
# What the replay and the projection that it checks may both use: the value that they are compared
# by, the table of kinds, what an event is, and how its details are read and written.
SHARED = {
    "core.replay.State",
    *(
        f"core.events.{name}"
        for name in (
            *(
                "CLOSE_OF_DAY",
                "DESCRIBED",
                "Effect",
                "END_OF_DAY",
                "KINDS",
                "Kind",
                "MIDDLE_OF_DAY",
            ),
            *("OPENING_DETAILS", "START_OF_DAY", "time_of_day", "unpack_details"),
        )
    ),
}


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports relatively"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def floor_of(module: str) -> str:
    return module.split(".")[0]


def test_the_table_has_a_row_for_every_part_and_knows_no_way_round() -> None:
    assert {floor_of(name) for name in map(name_of, MODULES) if name} == set(FLOORS)
    below: set[str] = set()
    for name, imports in FLOORS.items():
        assert imports <= below, name
        below.add(name)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_imports_only_what_the_table_allows(path: Path) -> None:
    if not (module := name_of(path)):
        return
    floor = floor_of(module)
    for imported in imports_of(path):
        if imported.startswith("inventory_cli.") and imported != "inventory_cli.__version__":
            other = floor_of(imported.removeprefix("inventory_cli."))
            assert other == floor or other in FLOORS[floor], f"{module} imports {imported}"


@pytest.mark.parametrize("top", ["importing", "drafting"])
def test_who_reads_files_does_not_know_what_is_stored(top: str) -> None:
    for path in MODULES:
        if name_of(path).startswith(top):
            for imported in imports_of(path):
                assert not imported.startswith("inventory_cli.storage"), f"{path}: {imported}"


def test_only_who_imports_a_file_knows_that_it_can_be_read_ahead() -> None:
    ahead = "inventory_cli.importing.ahead."
    known = {
        name_of(path) for path in MODULES if any(i.startswith(ahead) for i in imports_of(path))
    }
    assert known == {"actions.read_file"}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_third_party_package_is_imported_only_at_its_home(path: Path) -> None:
    module = name_of(path)
    for imported in imports_of(path):
        homes = HOMES.get(imported.split(".")[0])
        assert homes is None or module.startswith(homes), f"{module} imports {imported}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_says_what_it_knows_and_stays_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert ast.get_docstring(tree), path
    assert len(text.splitlines()) <= 350, path
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            assert node.end_lineno - node.lineno < 60, f"{path.name}: {node.name}"


# In capitals, or as a condition with a place for a value, as nobody writes in prose.
SQL = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|WHERE|PRAGMA)\b|\b(ORDER|GROUP) BY\b|[=<>] \?")


def sql_in(path: Path) -> list[str]:
    return [
        node.value
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.search(node.value)
    ]


def test_no_text_outside_storage_is_sql() -> None:
    at_home = [path for path in MODULES if floor_of(name_of(path)) in ("storage", "shared")]
    assert any(map(sql_in, at_home))
    assert {name_of(path): sql_in(path) for path in MODULES if path not in at_home} == {
        name_of(path): [] for path in MODULES if path not in at_home
    }


def test_storage_refuses_nothing() -> None:
    for path in MODULES:
        if floor_of(name_of(path)) == "storage":
            assert "inventory_cli.errors.Refused" not in imports_of(path), path


@cache
def definitions_of(module: str) -> dict[str, set[str]]:
    """Return what a module defines, as `module.name`, each with what it names of this package."""
    path = next(path for path in MODULES if name_of(path) == module)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    known: dict[str, str] = {}
    defined: dict[str, list[ast.stmt]] = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("inventory_cli."):
            home = str(node.module).removeprefix("inventory_cli.")
            known |= {alias.asname or alias.name: f"{home}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            defined.setdefault(node.name, []).append(node)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(target, ast.Name):
                    defined.setdefault(target.id, []).append(node)
    known |= {name: f"{module}.{name}" for name in defined}
    return {
        known[name]: {
            known[used.id]
            for node in nodes
            for used in ast.walk(node)
            if isinstance(used, ast.Name) and used.id in known
        }
        for name, nodes in defined.items()
    }


def reached_from(module: str) -> set[str]:
    """Return all of this package that anything in a module uses, directly or through others."""
    modules = {name_of(path) for path in MODULES}
    read: dict[str, dict[str, set[str]]] = {}
    found: set[str] = set()
    waiting = {module}
    while waiting:
        name = waiting.pop()
        found.add(name)
        # A module that is imported as a whole may be used as a whole.
        home = name if name in modules else name.rpartition(".")[0]
        if home not in read:
            read[home] = definitions_of(home)
        waiting |= (set(read[home]) if name in modules else read[home].get(name, set())) - found
    return found


def test_the_replay_shares_no_code_with_the_projection_that_it_checks() -> None:
    replay, projection = reached_from("core.replay"), reached_from("core.projection")
    assert {"core.replay.fold", "core.replay.Replay"} <= replay
    assert "core.projection.Projected" in projection
    assert not any(name.startswith("core.projection.") for name in replay)
    assert {name for name in projection if name.startswith("core.replay.")} == {"core.replay.State"}
    both = {name for name in replay & projection if not name.startswith("errors.")}
    assert both == SHARED


def test_the_audit_does_not_reach_the_projection() -> None:
    reached = reached_from("audit.verify") | reached_from("actions.rebuild")
    assert "core.replay.Replay" in reached
    assert not any(name.startswith("core.projection.") for name in reached)


# What writes into a ledger, as SQL and by the names of the methods that hold its lock and commit.
WRITING_SQL = re.compile(r"\b(INSERT|REPLACE)\b.*\bINTO\b|\bUPDATE \S+ SET\b|\bDELETE FROM\b")
WRITING_METHODS = {
    "appending",
    "writing",
    "commit",
    "write_text",
    "write_bytes",
    "unlink",
    "rename",
}

READING = ("r", "rb")


def written_by(path: Path) -> set[str]:
    """Return what of a module writes: functions, classes taken as one, and what holds SQL."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            name = node.name
        else:
            continue
        for part in ast.walk(node):
            calls = isinstance(part, ast.Attribute) and part.attr in WRITING_METHODS
            says = isinstance(part, ast.Constant) and WRITING_SQL.search(str(part.value))
            opens = (
                isinstance(part, ast.Call)
                and isinstance(part.func, ast.Attribute | ast.Name)
                and getattr(part.func, "attr", getattr(part.func, "id", "")) == "open"
                and not all(
                    isinstance(a, ast.Constant) and a.value in ("r", "rb") for a in part.args
                )
            )
            if calls or says or opens:
                found.add(f"{name_of(path)}.{name}")
    return found


def test_the_audit_writes_nothing_and_reaches_nothing_that_does() -> None:
    writers = set().union(*map(written_by, MODULES))
    assert {
        "storage.batches.close_batch",
        "storage.stock.store_states",
        "storage.snapshots.insert_snapshot",
        "storage.insert.INSERT_EVENT",
        "actions.rebuild.rebuild",
        "actions.verify._add_anchor",
    } <= writers
    # The class that everybody holds has the methods by which others write.
    writers -= {"storage.ledger_file.Ledger"}
    # Whoever opens a ledger for writing takes a temporary name away, and no one else.
    writers -= {"storage.names.require_one_name"}
    # A step of the schema, which an audit takes in memory alone, to see what a file should be.
    writers -= {"storage.links_and_views.LINKS"}
    audit = [name_of(path) for path in MODULES if name_of(path).startswith("audit.")]
    reached = set().union(*map(reached_from, audit))
    assert "storage.ledger_file.Ledger" in reached
    assert reached & writers == set()


def test_the_seam_is_proved_without_what_makes_one() -> None:
    reached = reached_from("audit.previous")
    assert "audit.both.Both" in reached
    assert not any(name.startswith("actions.") for name in reached)

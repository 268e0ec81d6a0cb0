"""Imports run one way, and each third-party package has one home."""

import ast
from pathlib import Path

import pytest

import inventory_cli

PACKAGE = Path(inventory_cli.__file__).parent

# A module may import from its own layer and from those below it.
LAYERS = [
    {"errors"},
    {"core"},
    {"storage"},
    {"recording", "asking", "audit"},
    {"importing"},
    {"drafting"},
    {"render"},
    {"cli", "__main__"},
]
# A package of others → the modules that alone may import it.
HOMES = {
    "typer": ("cli",),
    "rich": ("render",),
    "dateutil": ("core.dates",),
    "sqlite_utils": ("storage",),
    "sqlite3": ("storage",),
}
MODULES = sorted(PACKAGE.rglob("*.py"))


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


def layer_of(module: str) -> int:
    top = module.split(".")[0]
    return next(n for n, layer in enumerate(LAYERS) if top in layer)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_imports_only_what_lies_below_it(path: Path) -> None:
    if not (module := name_of(path)):
        return
    for imported in imports_of(path):
        if imported.startswith("inventory_cli.") and imported != "inventory_cli.__version__":
            below = imported.removeprefix("inventory_cli.")
            assert layer_of(below) <= layer_of(module), f"{module} imports {imported}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_third_party_package_is_imported_only_at_its_home(path: Path) -> None:
    module = name_of(path)
    for imported in imports_of(path):
        homes = HOMES.get(imported.split(".")[0])
        assert homes is None or module.startswith(homes), f"{module} imports {imported}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_says_what_it_knows_and_stays_short(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), path
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 350, path
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno is not None
            assert node.end_lineno - node.lineno <= 70, f"{path.name}: {node.name}"

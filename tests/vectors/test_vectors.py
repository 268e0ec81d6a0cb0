"""The published vectors hold this program, and the scripts of the guide, to the format."""

import json
from pathlib import Path

import pytest

from tests.audit.test_second_opinion import CHAIN, STOCK, run
from tests.conftest import Shop
from tests.vectors.files import FOLDER, make_vector, read_vector
from tests.vectors.scenarios import ALTERED, GOOD

GOES_ON = [name for name, altered in ALTERED.items() if isinstance(altered.found, str)]
DOES_NOT_FIT = [name for name in ALTERED if name not in GOES_ON]


def restore(name: str, folder: Path) -> tuple[Shop, list[str]]:
    """Write what a vector exports to a file, and return a place to restore it to."""
    shop = Shop.__new__(Shop)
    shop.folder, shop.path = folder, folder / "restored.db"
    lines = read_vector(name).lines
    (folder / "export.jsonl").write_bytes("".join(f"{line}\n" for line in lines).encode())
    return shop, lines


def test_every_file_is_a_scenario_and_says_in_words_what_it_is() -> None:
    names = {path.stem for path in FOLDER.glob("*.txt")}
    assert names == {*GOOD, *ALTERED}
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    for name in names:
        header = read_vector(name).header
        assert len(header["scenario"][0].split()) > 5
        for key in header:
            assert f"`{key}`" in readme


@pytest.mark.parametrize("name", [*GOOD, *ALTERED])
def test_a_vector_is_made_anew_to_the_letter(name: str) -> None:
    file = FOLDER / f"{name}.txt"
    assert make_vector(name).text() == file.read_bytes().decode(), "see tests/vectors/README.md"


@pytest.mark.parametrize("name", GOOD)
def test_a_good_export_is_restored_and_gives_the_stock_that_it_should(
    name: str, tmp_path: Path
) -> None:
    shop, lines = restore(name, tmp_path)
    header = read_vector(name).header
    assert header["found"] == ["nothing"]
    shop.ok("restore", tmp_path / "export.jsonl")
    assert shop.failed_checks("--expect", *header["head"]) == {}
    assert shop.ok("export").out.split("\n")[:-1] == lines
    assert run(CHAIN, tmp_path, lines) == (0, f"ok {header['head'][0]}\n", "")
    decimals = json.loads(lines[0])["ledger"]["decimals"]
    rows = [json.loads(row) for row in header.get("stock", [])]
    found = shop.json("as-of", "9999-12-31", "--by-location")
    assert [[r["sku"], r["location"], in_smallest_unit(r["on_hand"], decimals)] for r in found] == (
        rows
    )
    script = run(STOCK, tmp_path, lines)
    assert script == (0, "".join(f"{sku},{place},{n}\n" for sku, place, n in rows), "")


def in_smallest_unit(quantity: int | str, decimals: int) -> int:
    """Return the integer that is kept for a quantity as an answer shows it."""
    whole, _, part = str(quantity).partition(".")
    return int(whole + part.ljust(decimals, "0"))


@pytest.mark.parametrize("name", DOES_NOT_FIT)
def test_the_first_line_that_does_not_fit_is_named_and_nothing_is_restored(
    name: str, tmp_path: Path
) -> None:
    shop, lines = restore(name, tmp_path)
    (found,) = read_vector(name).header["found"]
    ran = shop("restore", tmp_path / "export.jsonl")
    assert ran.code == 3, ran
    assert f"{found}: " in ran.err
    assert not shop.path.exists()
    opinion = run(CHAIN, tmp_path, lines)
    assert (opinion.code, opinion.out) == (1, "")
    assert opinion.err.startswith(f"{found} does not fit")


@pytest.mark.parametrize("name", GOES_ON)
def test_the_check_that_fails_is_named_where_every_line_fits(name: str, tmp_path: Path) -> None:
    shop, lines = restore(name, tmp_path)
    header = read_vector(name).header
    shop.ok("restore", tmp_path / "export.jsonl")
    expected = ["--expect", *header["anchor"]] if "anchor" in header else []
    assert [f"check {check}" for check in shop.failed_checks(*expected)] == header["found"]
    # The chain is right: that is what the script looks at, and it gives the head to compare.
    head = json.loads(lines[-1])["head"]
    assert run(CHAIN, tmp_path, lines) == (0, f"ok {head}\n", "")
    assert head not in read_vector(ALTERED[name].original).header["head"]
    if expected:
        assert shop.failed_checks() == {}

"""How answers look on a terminal, and how a command ends when its reader or its user stops it."""

import os
import pty
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.conftest import Shop


def on_terminal(
    shop: Shop, *words: object, columns: int = 100, answer: str = "", **extra: str
) -> str:
    """Run a command with its output and errors on a terminal of its own; return what it shows.

    `answer` is what a person types.
    """
    main, side = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm-256color"}
    environment |= {"PAGER": "cat", **extra}
    process = subprocess.Popen(
        shop.command(*words), stdin=side, stdout=side, stderr=side, env=environment
    )
    os.close(side)
    os.write(main, answer.encode())
    shown = b""
    while True:
        try:
            data = os.read(main, 65536)
        except OSError:
            break  # Linux says so when the other side is closed.
        if not data:
            break
        shown += data
    process.wait()
    os.close(main)
    return shown.decode()


def without_style(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)


def test_a_table_is_boxed_and_history_draws_on_hand_as_a_bar(story: Shop) -> None:
    shown = without_style(on_terminal(story, "history", "XYZ-1"))
    assert "╭" in shown
    bars = [re.search("[█▏▎▍▌▋▊▉]+", line) for line in shown.splitlines() if "│" in line]
    lengths = [len(found[0]) for found in bars if found]
    assert lengths == [5, 10, 12, 11, 10, 9]
    assert "miscount" in shown


def test_late_and_voided_entries_stand_out(story: Shop) -> None:
    story.ok("receive", "XYZ-1", 1, "--on", "2022-02-10")
    story.ok("reverse", 6, "--reason", "mistake")
    shown = on_terminal(story, "history", "XYZ-1", columns=150)
    by_position = {
        int(found[1]): line
        for line in shown.splitlines()
        if (found := re.search(r"│ +(\d+) ", without_style(line)))
    }
    assert "\x1b[33m" in by_position[7]
    assert "\x1b[2;9m" in by_position[6]
    assert "\x1b[2m" in by_position[8]
    assert "voided by 8" in by_position[6]


def test_no_colour_when_asked_for_none(story: Shop) -> None:
    story.ok("receive", "XYZ-1", 1, "--on", "2022-02-10")
    shown = on_terminal(story, "history", "XYZ-1", NO_COLOR="1")
    assert re.findall(r"\x1b\[[0-9;]*3[0-7][0-9;]*m", shown) == []
    assert "\x1b[1;31m" in on_terminal(story, "sell", "A", 1)
    assert "\x1b[" not in on_terminal(story, "sell", "A", 1, NO_COLOR="1")


def test_text_from_the_data_is_never_markup(shop: Shop) -> None:
    shop.ok("receive", "[bold]x[/bold]", 1, "--reason", "[red]a[/] :smile: \x1b[31mred")
    shown = on_terminal(shop, "history", "[bold]x[/bold]", columns=150)
    assert "[red]a[/] :smile: \\x1b[31mred" in without_style(shown)
    assert "[bold]x[/bold]" in without_style(on_terminal(shop, "stock"))


@pytest.mark.parametrize("columns", [40, 60, 80])
def test_a_narrow_terminal_folds_and_loses_nothing(shop: Shop, columns: int) -> None:
    sku = "A-SKU-OF-QUITE-SOME-LENGTH-" + "0123456789" * 3
    shop.ok("receive", sku, 123456, "--on", "2022-03-01")
    shown = without_style(on_terminal(shop, "stock", columns=columns))
    boxed = [line.split("│") for line in shown.splitlines() if line.startswith("│")]
    # Where a box has no room, the line stays whole and the terminal wraps it.
    text = "".join(cells[1].strip() for cells in boxed) or shown
    assert sku in text
    assert "123456" in shown
    assert "…" not in shown


@pytest.mark.slow
def test_an_import_shows_progress_only_on_a_terminal_and_only_when_it_takes_long(
    shop: Shop, tmp_path: Path
) -> None:
    file = tmp_path / "many.csv"
    rows = "".join(f"2022-03-01,S{n % 500},received,1\n" for n in range(150_000))
    file.write_text("date,sku,type,quantity\n" + rows)
    small = tmp_path / "few.csv"
    small.write_text("date,sku,type,quantity\n2022-03-02,A,received,1\n")
    assert "importing" not in on_terminal(shop, "import", small)
    assert "importing" in on_terminal(shop, "import", file, "--dry-run")
    assert "importing" not in shop.process("import", file, "--dry-run").stderr


@pytest.mark.slow
def test_a_reader_that_stops_early_is_no_error(story: Shop) -> None:
    # More than a pipe holds, so that the command is still writing when its reader is gone.
    rows = "".join(f"2022-03-01,S{n},received,1\n" for n in range(30_000))
    assert story.import_text("date,sku,type,quantity\n" + rows).code == 0
    for words in (["stock"], ["log", "--format", "json"], ["as-of", "today", "--format", "csv"]):
        process = subprocess.Popen(
            story.command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        process.stderr.close()
        assert process.wait() == 141


@pytest.mark.parametrize("words", [["--help"], ["sell", "--help"], ["guide", "commands"]])
def test_help_that_nobody_reads_to_the_end_is_no_failure(shop: Shop, words: list[str]) -> None:
    process = subprocess.Popen(
        shop.command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.wait() == 141
    assert process.stderr.read() == b""
    process.stderr.close()


def test_an_answer_that_cannot_be_written_is_an_error(story: Shop) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            story.command("log"), stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 141
    assert done.stderr.startswith("error: the answer cannot be given: No space left on device")
    assert "Traceback" not in done.stderr


def test_follow_goes_on_until_interrupted(story: Shop) -> None:
    process = subprocess.Popen(
        story.command("log", "--follow", "--format", "jsonl", "--after", 5),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert b'"position": 6' in process.stdout.readline()
    story.ok("receive", "XYZ-1", 1)
    assert b'"position": 7' in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    assert process.wait() == 130
    assert process.stderr.read() == b""
    process.stdout.close()
    process.stderr.close()


def test_an_interrupted_import_leaves_nothing(shop: Shop, tmp_path: Path) -> None:
    fifo = tmp_path / "pipe.csv"
    os.mkfifo(fifo)
    process = subprocess.Popen(shop.command("import", fifo), stderr=subprocess.PIPE)
    with fifo.open("w") as file:
        file.write("date,sku,type,quantity\n" + "2022-03-01,A,received,1\n" * 1000)
        file.flush()
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        assert process.wait() == 130
    assert process.stderr is not None
    assert process.stderr.read().startswith(b"error: interrupted")
    process.stderr.close()
    assert shop.json("log") == []
    assert shop.failed_checks() == {}


def test_the_answer_is_on_standard_output_and_all_else_on_standard_error(story: Shop) -> None:
    ran = story.process("as-of", "2022-03-15")
    assert ran.stdout.splitlines()[0].split() == [
        "sku",
        "on_hand",
        "last_incoming",
        "last_outgoing",
    ]
    assert ran.stderr == "as of the end of 2022-03-15 (Europe/Berlin)\n"


@pytest.mark.parametrize("words", [["log", "--follow"], ["log", "--follow", "--format", "csv"]])
def test_follow_writes_every_line_at_once_in_any_format(story: Shop, words: list[str]) -> None:
    process = subprocess.Popen(story.command(*words), stdout=subprocess.PIPE)
    assert process.stdout is not None
    lines = [process.stdout.readline().decode() for _ in range(7)]
    assert "miscount" in lines[6]
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.mark.parametrize(
    ("shell", "code"),
    [
        ('"$@" >&-', 0),
        ('"$@" 2>&-', 0),
        ('"$@" >&- 2>&-', 0),
        ('"$@" >/dev/full', 141),
        ('PYTHONIOENCODING=ascii "$@"', 0),
        ('PYTHONIOENCODING=cp1252 "$@"', 0),
        ('LC_ALL=C "$@"', 0),
    ],
)
def test_what_was_recorded_never_looks_refused(shop: Shop, shell: str, code: int) -> None:
    command = shop.command("receive", "日本", 1, "--reason", "±")
    done = subprocess.run(["sh", "-c", shell, "sh", *command], capture_output=True, check=False)
    assert done.returncode == code
    assert b"Traceback" not in done.stderr
    assert len(shop.json("log")) == 1


@pytest.mark.parametrize("shell", ['"$@" 2>/dev/full', '"$@" 2>&-'])
def test_a_refusal_is_one_even_where_it_cannot_be_said(shop: Shop, shell: str) -> None:
    command = shop.command("sell", "A", 1)
    assert subprocess.run(["sh", "-c", shell, "sh", *command], check=False).returncode == 3


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["stock", "\udcff"], 2),
        (["history", "\udcff"], 2),
        (["as-of", "today", "\udcff"], 2),
        (["snapshot", "take", "\udcff"], 2),
        (["snapshot", "take", "a\nb"], 2),
        (["snapshot", "take", " "], 2),
        (["history", "A", "--from", ""], 2),
        (["history", "A", "--known-at", ""], 2),
        (["--ledger", ".", "init"], 3),
        (["--ledger", "", "init"], 3),
        (["--ledger", "/", "init"], 3),
        (["--ledger", "x" * 300, "init"], 4),
        (["stock", "--ledger", "x"], 4),
    ],
)
def test_odd_words_are_refused_without_a_bug(shop: Shop, words: list[str], code: int) -> None:
    ran = shop.process(*words)
    assert ran.returncode == code, ran
    assert ran.stderr.startswith("error: ")


def test_input_that_is_closed_is_said_to_be(shop: Shop) -> None:
    command = ["sh", "-c", '"$@" <&-', "sh", *shop.command("import", "-")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, "standard input is closed" in done.stderr) == (2, True)


def test_plain_tables_line_up_under_wide_characters(shop: Shop) -> None:
    shop.ok("receive", "日本", 5, "--on", "2022-03-01")
    shop.ok("receive", "ABCD", 7, "--on", "2022-03-01")
    assert shop.ok("stock").out.splitlines() == [
        "sku   on_hand  last_incoming  last_outgoing",
        "ABCD        7  2022-03-01",
        "日本        5  2022-03-01",
    ]


def test_a_terminal_that_is_too_narrow_for_the_bar_keeps_every_number(story: Shop) -> None:
    for columns in (30, 50, 80, 100, 120):
        shown = without_style(on_terminal(story, "history", "XYZ-1", columns=columns))
        for number in ("+100", "200", "250", "-20", "190"):
            assert re.search(rf"[ │]{re.escape(number)}[ │\r]", shown), (columns, number)


@pytest.mark.parametrize(
    ("answer", "words", "counts"),
    [("y\n", (), 2), ("n\n", (), 0), ("\n", (), 0), ("", ("--yes",), 2)],
)
def test_counts_are_shown_and_asked_for_before_they_are_recorded(
    story: Shop, answer: str, words: tuple[str, ...], counts: int
) -> None:
    file = story.folder / "counted.csv"
    file.write_text("sku,quantity\nNEW,0\nXYZ-1,185\n")
    shown = on_terminal(
        story, "reconcile", file, "--count", "--reason", "stock-take", *words, answer=answer
    )
    asked = without_style(shown).replace("\r", "").partition("record 2 counts? [y/N]")
    if words:
        assert asked[1] == ""
    else:
        # What differs is shown first.
        assert asked[0].splitlines()[-2:] == [
            "count 185 of XYZ-1 at main: 190 on hand, -5",
            "count 0 of NEW at main",
        ]
        assert ("not confirmed; nothing was appended" in asked[2]) == (counts == 0)
    assert len(story.json("log", "--kind", "counted")) == counts


def test_a_sheet_has_room_to_write_on(story: Shop) -> None:
    shown = without_style(on_terminal(story, "reconcile", "--sheet", "--blind", columns=60))
    assert re.search(r"XYZ-1 +│ main +│ _{10} +│", shown)

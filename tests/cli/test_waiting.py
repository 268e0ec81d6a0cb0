"""Lines as they come in: which of them wait together, and that none is waited for in vain."""

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from inventory_cli.cli import waiting
from inventory_cli.cli.waiting import Line, Lines
from inventory_cli.errors import Refused

LONG = waiting._LONGEST


class Pipe:
    """Both ends of a pipe."""

    def __init__(self) -> None:
        reading, self.writing = os.pipe()
        self.stream: BinaryIO = os.fdopen(reading, "rb")

    def say(self, text: bytes) -> None:
        """Write what a script has to say so far."""
        os.write(self.writing, text)

    def end(self) -> None:
        """Say no more."""
        os.close(self.writing)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    made = Pipe()
    with made.stream:
        yield made


def groups_of(stream: BinaryIO) -> list[list[Line]]:
    return [list(group) for group in Lines(stream).together()]


def test_what_waits_in_a_pipe_is_a_group_and_half_a_line_does_not_hold_it_up(pipe: Pipe) -> None:
    groups = Lines(pipe.stream).together()
    pipe.say(b"a\n\nb\nhal")
    assert list(next(groups)) == [Line(1, b"a"), Line(3, b"b")]
    pipe.say(b"f\n \n")
    assert list(next(groups)) == [Line(4, b"half")]
    pipe.say(b"last")
    pipe.end()
    assert [list(group) for group in groups] == [[Line(6, b"last")]]


def test_lines_that_come_while_a_group_is_taken_belong_to_it(pipe: Pipe) -> None:
    groups = Lines(pipe.stream).together()
    pipe.say(b"a\n")
    group = next(groups)
    assert next(group) == Line(1, b"a")
    pipe.say(b"b\n")
    assert list(group) == [Line(2, b"b")]
    pipe.end()
    assert list(groups) == []


def test_a_file_is_taken_in_groups_that_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "lines"
    file.write_bytes(b"".join(b"%d\n" % number for number in range(1, 6)))
    monkeypatch.setattr(waiting, "MOST_TOGETHER", 2)
    with file.open("rb") as stream:
        assert [[line.number for line in group] for group in groups_of(stream)] == [
            [1, 2],
            [3, 4],
            [5],
        ]
    monkeypatch.setattr(waiting, "LONGEST_TOGETHER", -1.0)
    with file.open("rb") as stream:
        assert [len(group) for group in groups_of(stream)] == [1] * 5
    with file.open("rb") as stream:
        assert [line.text for line in Lines(stream)] == [b"1", b"2", b"3", b"4", b"5"]


def test_where_nobody_can_tell_what_waits_each_line_is_a_group(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [len(group) for group in groups_of(io.BytesIO(b"a\nb\nc"))] == [1, 1, 1]

    def of_sockets_only(*given: object) -> None:
        raise OSError("an operation was attempted on something that is not a socket")

    monkeypatch.setattr("select.select", of_sockets_only)
    pipe.say(b"a\nb")
    pipe.end()
    # What has been read already is known to wait.
    assert [[line.text for line in group] for group in groups_of(pipe.stream)] == [[b"a"], [b"b"]]


@pytest.mark.parametrize("end", [b"", b"\n", b"\nc\n"])
def test_a_line_that_is_too_long_is_refused_after_those_before_it(
    tmp_path: Path, end: bytes
) -> None:
    file = tmp_path / "lines"
    file.write_bytes(b"a\n" + b"b" * LONG + b"\n" + b"c" * (LONG + 1) + end)
    for stream, count in ((file.open("rb"), 1), (io.BytesIO(file.read_bytes()), 2)):
        with stream:
            groups = Lines(stream).together()
            taken = [line for _ in range(count) for line in next(groups)]
            assert [len(line.text) for line in taken] == [1, LONG]
            with pytest.raises(Refused, match=f"line 3: it has more than {LONG:,} bytes"):
                next(groups)

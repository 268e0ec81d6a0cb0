"""What is counted while a file is read, and what of it is kept to be shown."""

import pickle
from dataclasses import replace

from inventory_cli.core.wording import MOST_SHOWN
from inventory_cli.importing.bad_rows import BadRow
from inventory_cli.importing.tally import Foremost, Reading


def bad(line: int, value: str = "x") -> BadRow:
    return BadRow(line, "type", value, f"{value!r} is not a kind of event")


def test_what_stands_first_is_kept_in_whatever_order_it_comes() -> None:
    found = Foremost[int]()
    for line in range(100, 0, -1):
        found.add(line)
    assert (found.count, found.first) == (100, list(range(1, MOST_SHOWN + 1)))


def test_of_the_rows_of_an_unknown_type_the_first_stands_for_all() -> None:
    reading = Reading()
    for line in range(2, 10):
        reading.note_bad(bad(line, "Lost" if line % 2 else " Found "), unknown_type=True)
    assert [row.line for row in reading.bad.first] == [2, 3]
    assert (reading.bad.count, reading.unknown_types) == (8, {"Lost": 4, "Found": 4})
    assert reading.stands_for() == {2: 4, 3: 4}


def test_every_bad_row_is_told_whole_and_shown_shortened() -> None:
    told: list[BadRow] = []
    row = bad(2, "y" * 1000)
    Reading(told.append).note_bad(row)
    assert told == [row]
    assert len(row.described()) < 700
    assert "…" in row.described()


def test_another_process_can_send_it_as_it_is() -> None:
    reading = Reading(lambda row: None, read=3)
    reading.note_bad(bad(2), unknown_type=True)
    reading.second_headers.add(7)
    sent = replace(reading, list_bad=None)
    assert pickle.loads(pickle.dumps(sent)) == sent

"""Knows how a script talks to `inventory record -`: `python -m tests.benchmarks.lines alone|ahead
LEDGER LINES`. It waits for each answer before the next line, or writes ahead; and prints the mean
seconds of a line, without the start of the program.
"""

import json
import subprocess
import sys
import threading
import time

from tests.benchmarks.measure import PYTHON

_SALE = {"type": "received", "sku": "S-00001", "quantity": 1, "location": "main"}


def main() -> None:
    """Record LINES lines after a first one, and print how long one took."""
    way, ledger, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    line = (json.dumps(_SALE) + "\n").encode()
    with subprocess.Popen(
        [PYTHON, "-m", "inventory_cli", "--ledger", ledger, "record", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        write, flush, answer = process.stdin.write, process.stdin.flush, process.stdout.readline

        def say(lines: int) -> None:
            write(line * lines)
            flush()

        say(1)
        assert json.loads(answer())["ok"]
        started = time.perf_counter()
        if way == "ahead":
            threading.Thread(target=say, args=(count,)).start()
        for _ in range(count):
            if way == "alone":
                say(1)
            assert b'"ok": true' in answer()
        print((time.perf_counter() - started) / count)
        process.stdin.close()


if __name__ == "__main__":
    main()

"""Knows how programs record line by line on machines of their own, all at once, and what each was
answered. Must never know what they record.
"""

import json
import subprocess
import threading
import time
from collections.abc import Iterable
from typing import Any

from tests.conftest import Shop


class Writer:
    """A process of `record -` that writes a line when the one before it was answered."""

    def __init__(self, shop: Shop, lines: Iterable[dict[str, Any]]) -> None:
        self._lines = lines
        self.answers: list[dict[str, Any]] = []
        self.error = ""
        self.process = subprocess.Popen(
            shop.command("record", "-"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        stdin, stdout, stderr = self.process.stdin, self.process.stdout, self.process.stderr
        assert stdin is not None
        assert stdout is not None
        assert stderr is not None
        try:
            for line in self._lines:
                stdin.write(json.dumps(line) + "\n")
                stdin.flush()
                answer = stdout.readline()
                if not answer:
                    break
                self.answers.append(json.loads(answer))
            stdin.close()
        except BrokenPipeError:
            pass
        self.error = stderr.read()
        stdout.close()
        stderr.close()
        self.process.wait()

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def wait_for(self, answers: int) -> None:
        """Wait until it has had so many answers, or has ended."""
        deadline = time.monotonic() + 60
        while self._thread.is_alive() and len(self.answers) < answers:
            assert time.monotonic() < deadline, self.error
            time.sleep(0.02)

    def stop(self) -> None:
        """End it, unless it has ended."""
        self.process.terminate()
        self.join()

    def join(self) -> None:
        """Wait until it ended; a process that hangs is a failure."""
        self._thread.join(60)
        if self._thread.is_alive():
            self.process.kill()
            raise AssertionError("a writer hangs")

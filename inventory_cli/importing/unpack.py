"""Knows how the bytes of a file are counted and hashed as they are read, and how they are unpacked:
of gzip as they come, of a ZIP archive from a copy, for its table of contents stands at its end.

Must never know what they say, or hold more of them in memory than a block.
"""

import io
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import IO, TYPE_CHECKING, Any, BinaryIO, NamedTuple, TypeAlias

from inventory_cli.core.progress import Progress, untold
from inventory_cli.core.wording import and_more
from inventory_cli.errors import Refused
from inventory_cli.importing.spool import room

# Few files are packed, so what unpacks them is imported where it is needed.
if TYPE_CHECKING:
    from zipfile import ZipFile

    Buffered: TypeAlias = io.BufferedReader[Any]
else:
    Buffered = io.BufferedReader

# A line has to fit into memory; a file of zeros, or without line ends, has no others.
_LONGEST_LINE = 16_000_000
# How many bytes are read at a time.
BLOCK = 1 << 20
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
# What systems put into an archive by themselves.
_OF_NO_MEANING = ("__MACOSX/", ".DS_Store", "Thumbs.db")
_OPEN_DOCUMENT = b"application/vnd.oasis.opendocument.spreadsheet"
_MOST_NAMED = 5


class Counted(io.RawIOBase):
    """A stream of bytes that is hashed and counted as it is read; `whole` is how many there are,
    where that is known.
    """

    def __init__(
        self, read: Callable[[int], bytes], progress: Progress, whole: int | None = None
    ) -> None:
        self._read = read
        self._progress = progress
        self.whole = whole
        self.hash = sha256()
        self.count = 0
        # How many of the last bytes hold no line end.
        self.without_end = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        try:
            data = self._read(len(buffer))
        except OSError as error:
            raise Refused(
                f"the file cannot be read to its end: {error.strerror}", "nothing was appended"
            ) from error
        buffer[: len(data)] = data
        self.hash.update(data)
        self.count += len(data)
        last = max(data.rfind(b"\n"), data.rfind(b"\r"))
        self.without_end = len(data) - 1 - last if last >= 0 else self.without_end + len(data)
        if self.without_end > _LONGEST_LINE:
            raise Refused(
                f"the file has a line of more than {_LONGEST_LINE} bytes, as no table has; "
                "nothing was appended"
            )
        self._progress(self.count, self.whole)
        return len(data)


def size_of(file: BinaryIO) -> int | None:
    """Return how many bytes a file has; None where that is not known, as of a pipe."""
    try:
        about = os.fstat(file.fileno())
    except (OSError, ValueError):
        return None
    return about.st_size if stat.S_ISREG(about.st_mode) else None


class Archive(NamedTuple):
    """A ZIP archive, and the copy of it that can be read at any place."""

    name: str
    file: IO[bytes]
    members: "ZipFile"

    def close(self) -> None:
        """Drop the copy."""
        self.members.close()
        self.file.close()

    @property
    def workbook(self) -> str | None:
        """What sort of workbook it is, if any: xlsx or ods. Raises Refused for another sort."""
        names = set(self.members.namelist())
        if "xl/workbook.bin" in names:
            raise Refused(
                f"{self.name} is a binary workbook; nothing was appended",
                "save it as .xlsx, or the sheet as CSV",
            )
        if "xl/workbook.xml" in names:
            return "xlsx"
        if "mimetype" in names and self.members.getinfo("mimetype").file_size < BLOCK:
            with refusing_damage(self.name):
                return "ods" if self.members.read("mimetype").strip() == _OPEN_DOCUMENT else None
        return None

    def only_file(self) -> Buffered:
        """Return the bytes of the one file in it. Raises Refused where there is not just one."""
        found = [
            info
            for info in self.members.infolist()
            if not info.is_dir() and not info.filename.startswith(_OF_NO_MEANING[0])
            if info.filename.rpartition("/")[2] not in _OF_NO_MEANING
        ]
        if len(found) != 1:
            names = [info.filename for info in found[:_MOST_NAMED]]
            holds = ", ".join([*names, *and_more(len(found) - len(names))]) or "nothing"
            raise Refused(
                f"{self.name} is a ZIP archive that holds {holds}; nothing was appended",
                "one with one file is read as that file; unpack it, and name the files",
            )
        with refusing_damage(self.name):
            return _inflated(self.members.open(found[0]).read, self.name)


@contextmanager
def refusing_damage(name: str) -> Iterator[None]:
    """Raise Refused where a file turns out to be damaged, or packed in a way that is not known."""
    from gzip import BadGzipFile
    from zipfile import BadZipFile
    from zlib import error as not_deflated

    try:
        yield
    except (EOFError, ValueError, not_deflated, BadGzipFile, BadZipFile) as error:
        raise Refused(
            f"{name} is damaged: {error}; nothing was appended", "fetch it once more"
        ) from None
    except (NotImplementedError, RuntimeError, OSError) as error:
        # A password, a way of packing that zipfile does not know, or a place that is none.
        raise Refused(f"{name} cannot be unpacked: {error}", "unpack it first") from None


def _inflated(read: Callable[[int], bytes], name: str) -> Buffered:
    def read_some(size: int) -> bytes:
        with refusing_damage(name):
            return read(size)

    return io.BufferedReader(Counted(read_some, untold), BLOCK)


def unpacked(buffered: Buffered, name: str) -> Buffered | Archive | None:
    """Return what is packed in a file, from its first byte on; None where it is not packed."""
    start = buffered.peek(4)
    if start.startswith(_GZIP):
        from gzip import GzipFile

        return _inflated(GzipFile(fileobj=buffered).read, name)
    if start.startswith(_ZIP):
        import tempfile
        from zipfile import ZipFile

        with room():
            copy = tempfile.TemporaryFile()
            while block := buffered.read(BLOCK):
                copy.write(block)
        try:
            with refusing_damage(name):
                return Archive(name, copy, ZipFile(copy))
        except Refused:
            copy.close()
            raise
    return None

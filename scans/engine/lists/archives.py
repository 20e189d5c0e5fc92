"""Extract the text of spreadsheets and ZIP files."""

import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import IO

from scans.engine.lists.errors import UnreadableFile
from scans.engine.lists.structure import Structure

ZIP = b"PK\x03\x04"
EMPTY_ZIP = b"PK\x05\x06"
# The magic number of XLS files and encrypted XLSX files.
OLE = b"\xd0\xcf\x11\xe0"
# Maximum bytes of an unpacked file, and seconds for reading a workbook.
MAX_UNPACKED = 2_000_000_000
MAX_SECONDS = 180
_BLOCK = 1 << 18
# Maximum bytes that the workbook process may print about sheets and errors.
_MAX_PRINTED = 65_536
_PROJECT = Path(__file__).resolve().parents[3]
# Entries that identify a ZIP file as a workbook: XLSX, XLSB; ODS.
_WORKBOOK_ENTRIES = frozenset({"[Content_Types].xml", "mimetype"})
_TOO_LARGE = "The spreadsheet is too large or damaged. Save the sheet with the domains as CSV."


def is_archive(head: bytes) -> bool:
    """Return whether a file is a spreadsheet or a ZIP file, by its first bytes."""
    return head.startswith((ZIP, EMPTY_ZIP, OLE))


def unpacked(
    chunks: Iterable[bytes], sheet: str = "", structure: Structure | None = None
) -> Iterator[bytes]:
    """Yield a workbook's sheet as CSV, or the only file in a ZIP file.

    Without `sheet`, the sheet with most domains is used. `structure` receives the sheet names.
    Raises UnreadableFile if there is nothing, or too much, to read.
    """
    structure = structure or Structure()
    with _spooled(chunks) as file:
        if _is_workbook(file):
            yield from _sheet(file, sheet, structure)
        else:
            yield from _only_member(file, sheet, structure)


@contextmanager
def _spooled(chunks: Iterable[bytes]) -> Iterator[IO[bytes]]:
    """Write a file to disk, because both formats are read from the end."""
    with tempfile.NamedTemporaryFile(prefix="scrapersky-list-") as file:
        for chunk in chunks:
            file.write(chunk)
        file.flush()
        file.seek(0)
        yield file


def _is_workbook(file: IO[bytes]) -> bool:
    if file.read(4) == OLE:
        return True
    try:
        with zipfile.ZipFile(file) as archive:
            return not _WORKBOOK_ENTRIES.isdisjoint(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise UnreadableFile("The ZIP file or spreadsheet is damaged. Save it again.") from error


def _sheet(file: IO[bytes], sheet: str, structure: Structure) -> Iterator[bytes]:
    command = [sys.executable, "-m", "scans.engine.lists.workbook", file.name, sheet]
    environment = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(_PROJECT)}
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(  # noqa: S603 (our own module)
            command, env=environment, stdout=subprocess.PIPE, stderr=errors
        ) as process,
    ):
        timer = Timer(MAX_SECONDS, process.kill)
        timer.start()
        try:
            output: IO[bytes] = process.stdout  # type: ignore[assignment]
            while block := output.read(_BLOCK):
                _take_sheets(_printed(errors), structure)
                yield block
            code = process.wait()
            printed = _take_sheets(_printed(errors), structure)
            if code:
                raise UnreadableFile(_sentence(code, printed))
        finally:
            timer.cancel()
            process.kill()


def _printed(errors: IO[bytes]) -> str:
    """Return what the process has printed so far, without moving its write position."""
    return os.pread(errors.fileno(), _MAX_PRINTED, 0).decode("utf-8", "replace")


def _take_sheets(printed: str, structure: Structure) -> str:
    """Read the sheet names from the process's first line; return the rest."""
    first, _, rest = printed.partition("\n")
    if not first.startswith('{"sheets":'):
        return printed
    sheets = json.loads(first)
    structure.sheets, structure.sheet = sheets["sheets"], sheets["sheet"]
    return rest


def _sentence(code: int, printed: str) -> str:
    """Return the reason printed by the process, or a generic one if it crashed."""
    text = printed.strip()
    return text if code == 1 and "Traceback" not in text else _TOO_LARGE


def _only_member(file: IO[bytes], sheet: str, structure: Structure) -> Iterator[bytes]:
    with zipfile.ZipFile(file) as archive:
        members = [info for info in archive.infolist() if _is_file(info)]
        if len(members) != 1:
            raise UnreadableFile(
                f"The ZIP file contains {len(members)} files. Keep only the one with the domains."
            )
        try:
            with archive.open(members[0]) as member:
                yield from _member_text(member, sheet, structure)
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError) as error:
            raise UnreadableFile(f"The ZIP file cannot be unpacked: {error}.") from error


def _is_file(info: zipfile.ZipInfo) -> bool:
    """Return whether an entry is a user's file rather than a folder or macOS metadata."""
    return not info.is_dir() and not info.filename.startswith("__MACOSX/")


def _member_text(member: IO[bytes], sheet: str, structure: Structure) -> Iterator[bytes]:
    blocks = _limited(member)
    head = next(blocks, b"")
    everything = _chained(head, blocks)
    if not is_archive(head):
        yield from everything
        return
    with _spooled(everything) as file:
        if not _is_workbook(file):
            raise UnreadableFile("The ZIP file contains another ZIP file. Unpack it first.")
        yield from _sheet(file, sheet, structure)


def _chained(head: bytes, blocks: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from blocks


def _limited(member: IO[bytes]) -> Iterator[bytes]:
    size = 0
    while block := member.read(_BLOCK):
        size += len(block)
        if size > MAX_UNPACKED:
            raise UnreadableFile(f"The file in the ZIP file has more than {MAX_UNPACKED:,} bytes.")
        yield block

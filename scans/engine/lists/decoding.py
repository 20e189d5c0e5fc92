"""Turn the bytes of a file into text, in any program's variant, a block at a time.

A byte that is not UTF-8 changes nothing about the rest of the file: only the line that it stands in
is read in an older encoding.
"""

import codecs
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, AnyStr

import chardet

from scans.engine.lists.archives import is_archive, unpacked
from scans.engine.lists.errors import UnreadableFile
from scans.engine.lists.structure import Structure

# Characters of one line; a list of 200,000 domains in one line is shorter.
MAX_LINE = 8_000_000
# Bytes from which the encoding is detected; a NUL in them means that the file is not text.
_HEAD = 4_096
# Bytes beyond ASCII from which on an encoding is guessed, and bytes of the lines they stand in.
_EVIDENCE = 6
_SAMPLE = 20_000

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BINARY = (
    (b"%PDF", "It is a PDF, not a text or CSV file."),
    (b"\x1f\x8b", "It is a compressed file. Unpack it first."),
)
WESTERN = "cp1252"
# Encodings that are guessed, with the names of Python's decoders. Old code pages of DOS and
# Macintosh are left out: on short texts they are more often wrong than right.
_GUESSED = {
    "Windows-1252": WESTERN,
    "CP932": "cp932",
    "EUC-JP": "euc_jp",
    "GB18030": "gb18030",
    "Big5": "big5hkscs",
    "CP949": "cp949",
    "Windows-1250": "cp1250",
    "ISO-8859-2": "iso8859_2",
    "Windows-1251": "cp1251",
    "KOI8-R": "koi8_r",
    "Windows-1253": "cp1253",
    "Windows-1254": "cp1254",
    "Windows-1255": "cp1255",
    "Windows-1256": "cp1256",
    "Windows-1257": "cp1257",
}
# How much more likely than Windows-1252 another encoding must be: lists mix the languages of many
# countries, which looks like a language of none. The Turkish one has only six other letters.
_MARGIN = 1.5
_TURKISH_MARGIN = 1.15
_MULTIBYTE = frozenset({"cp932", "euc_jp", "gb18030", "big5hkscs", "cp949"})


def text_blocks(
    chunks: Iterable[bytes], *, sheet: str = "", structure: Structure | None = None
) -> Iterator[str]:
    """Yield the text of a file in blocks of whole lines; line ends are all `\\n`.

    A spreadsheet yields its sheet named `sheet`, or the one with most domains, as CSV; `structure`
    then names its sheets. A ZIP file yields its only file. Text is UTF-8, UTF-16 or UTF-32, with or
    without byte order mark; lines that are none of these are read in the encoding that their bytes
    suggest, Windows-1252 if they suggest none. Raises UnreadableFile for what is no text and for
    lines over 8,000,000 characters.
    """
    head, rest = _head(iter(chunks))
    if is_archive(head):
        head, rest = _head(unpacked(chain([head], rest), sheet, structure))
    head = head.removeprefix(codecs.BOM_UTF8)
    for magic, sentence in _BINARY:
        if head.startswith(magic):
            raise UnreadableFile(sentence)
    everything = chain([head], rest)
    if encoding := _wide_encoding(head):
        return _unified(_whole_lines(_decoded(everything, encoding), "\n", "\r"))
    if 0 in head:
        raise UnreadableFile("It is not a text file: it contains zero bytes.")
    blocks = _whole_lines(everything, b"\n", b"\r")
    return _unified(map(_Decoder(head).decode, blocks))


def split_text(text: str) -> Iterator[str]:
    """Yield a text as `text_blocks` does."""
    return _unified([text.removeprefix("\ufeff")])


def _head(chunks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Return the first bytes of a file, at least 4,096 if it is that long, and the chunks after."""
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= _HEAD:
            break
    return head, chunks


def _wide_encoding(head: bytes) -> str:
    """Return the encoding of a file in UTF-16 or UTF-32, empty for any other."""
    for bom, name in _BOMS:
        if head.startswith(bom):
            return "" if name == "utf-8-sig" else name
    sample = head[:2_000]
    if sample.count(0) <= len(sample) // 4:
        return ""
    # Every other byte is zero: UTF-16 without a mark. Which byte of a pair it is tells the order.
    return "utf-16-le" if sample[1::2].count(0) >= sample[::2].count(0) else "utf-16-be"


def _decoded(chunks: Iterable[bytes], encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for chunk in chunks:
        yield decoder.decode(chunk)
    yield decoder.decode(b"", True)


def _whole_lines(
    pieces: Iterable[AnyStr], line_feed: AnyStr, carriage_return: AnyStr
) -> Iterator[AnyStr]:
    """Join and cut pieces so that each ends where a line does; `\\r\\n` is not cut in two."""
    pending: list[AnyStr] = []
    size = 0
    for piece in pieces:
        # The last character waits for what follows: it may be the first half of `\\r\\n`.
        cut = max(piece.rfind(line_feed), piece.rfind(carriage_return, 0, len(piece) - 1)) + 1
        if cut:
            pending.append(piece[:cut])
            yield line_feed[:0].join(pending)
            pending, size = [], 0
        pending.append(piece[cut:])
        size += len(piece) - cut
        if size > MAX_LINE:
            raise UnreadableFile(f"A line has more than {MAX_LINE:,} characters.")
    if size:
        yield line_feed[:0].join(pending)


def _unified(blocks: Iterable[str]) -> Iterator[str]:
    return (block.replace("\r\n", "\n").replace("\r", "\n") for block in blocks)


class _Decoder:
    """Decode lines as UTF-8, and those that are not UTF-8 in the encoding their bytes suggest."""

    def __init__(self, head: bytes) -> None:
        self._evidence = b""
        self._older = WESTERN
        self._add_evidence(head.splitlines(keepends=True)[:-1])

    def decode(self, block: bytes) -> str:
        """Return the text of a block of whole lines."""
        try:
            return block.decode()
        except UnicodeDecodeError:
            lines = block.splitlines(keepends=True)
            self._add_evidence(lines)
            return "".join(map(self._line, lines))

    def _add_evidence(self, lines: list[bytes]) -> None:
        """Guess the encoding again, until there is enough to go by."""
        if len(self._evidence) >= _SAMPLE:
            return
        self._evidence += b"".join(line for line in lines if not _is_mostly_utf8(line))[:_SAMPLE]
        self._older = _guess(self._evidence)

    def _line(self, line: bytes) -> str:
        if _is_mostly_utf8(line):
            return line.decode("utf-8", f"as-{WESTERN}")
        if self._older in _MULTIBYTE:
            return line.decode(self._older, "replace")
        return line.decode("utf-8", f"as-{self._older}")


def _is_mostly_utf8(line: bytes) -> bool:
    """Return whether a line is ASCII or UTF-8, with a stray byte at most."""
    if line.isascii():
        return True
    beyond_ascii = sum(byte > 0x7F for byte in line[:_SAMPLE])
    valid = line[:_SAMPLE].decode("utf-8", "ignore").encode()
    return 2 * sum(byte > 0x7F for byte in valid) >= beyond_ascii


def _guess(sample: bytes) -> str:
    """Return the encoding of lines that are not UTF-8."""
    if sum(byte > 0x7F for byte in sample) < _EVIDENCE:
        return WESTERN
    guesses = chardet.detect_all(sample, ignore_threshold=True, include_encodings=_GUESSED)
    confidence = {str(guess["encoding"]): float(guess["confidence"]) for guess in guesses}
    best = str(guesses[0]["encoding"])
    margin = _TURKISH_MARGIN if best == "Windows-1254" else _MARGIN
    if confidence.get(best, 0) < margin * confidence.get("Windows-1252", 0):
        return WESTERN
    return _GUESSED.get(best, WESTERN)


def _read_invalid_bytes_as(encoding: str) -> None:
    """Register an error handler that reads the bytes that are not UTF-8 in another encoding."""

    def handler(error: Any) -> tuple[str, int]:
        return error.object[error.start : error.end].decode(encoding, "replace"), error.end

    codecs.register_error(f"as-{encoding}", handler)


for _encoding in set(_GUESSED.values()) - _MULTIBYTE:
    _read_invalid_bytes_as(_encoding)

"""Decode the bytes of a file in any common encoding, block by block.

A byte that is not valid UTF-8 does not affect the rest of the file: only its line is decoded in a
legacy encoding.
"""

import codecs
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, AnyStr

from scans.engine.lists.archives import is_archive, unpacked
from scans.engine.lists.errors import UnreadableFile
from scans.engine.lists.structure import Structure

# Maximum characters in a line; 200,000 domains in one line are shorter.
MAX_LINE = 8_000_000
# Number of bytes used to detect the encoding; a NUL among them means the file is not text.
_HEAD = 4_096
# Non-ASCII bytes, and bytes of the lines that contain them, used to guess an encoding.
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
# Encodings considered, with their Python codecs. DOS and Macintosh code pages are left out because
# on short texts they are more often wrong than right.
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
# How much more likely than Windows-1252 another encoding must be, since lists mix many languages.
# The Turkish one differs in only six letters.
_MARGIN = 1.5
_TURKISH_MARGIN = 1.15
_MULTIBYTE = frozenset({"cp932", "euc_jp", "gb18030", "big5hkscs", "cp949"})


def text_blocks(
    chunks: Iterable[bytes], *, sheet: str = "", structure: Structure | None = None
) -> Iterator[str]:
    """Yield the text of a file in blocks of whole lines; line ends are all `\\n`.

    A spreadsheet yields the given `sheet`, or the one with most domains, as CSV; `structure` then
    receives the sheet names. A ZIP file yields its only file. Text is UTF-8, UTF-16 or UTF-32, with
    or without byte order mark; other lines are decoded in the encoding that their bytes suggest, by
    default Windows-1252. Raises UnreadableFile for binary data and for lines over 8,000,000
    characters.
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
    """Yield a text in blocks like `text_blocks`."""
    return _unified([text.removeprefix("\ufeff")])


def _head(chunks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Return the first bytes of a file, at least 4,096 if possible, and the remaining chunks."""
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= _HEAD:
            break
    return head, chunks


def _wide_encoding(head: bytes) -> str:
    """Return the encoding of a UTF-16 or UTF-32 file; empty for any other."""
    for bom, name in _BOMS:
        if head.startswith(bom):
            return "" if name == "utf-8-sig" else name
    sample = head[:2_000]
    if sample.count(0) <= len(sample) // 4:
        return ""
    # Every other byte is zero: UTF-16 without a BOM; which one reveals the byte order.
    return "utf-16-le" if sample[1::2].count(0) >= sample[::2].count(0) else "utf-16-be"


def _decoded(chunks: Iterable[bytes], encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for chunk in chunks:
        yield decoder.decode(chunk)
    yield decoder.decode(b"", True)


def _whole_lines(
    pieces: Iterable[AnyStr], line_feed: AnyStr, carriage_return: AnyStr
) -> Iterator[AnyStr]:
    """Regroup pieces so that each ends with a complete line; `\\r\\n` is never split."""
    pending: list[AnyStr] = []
    size = 0
    for piece in pieces:
        # Hold back the last character: it may be the first half of `\\r\\n`.
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
    """Decode lines as UTF-8, and invalid ones in the encoding that their bytes suggest."""

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
        """Repeat the guess until there is enough evidence."""
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
    """Return whether a line is ASCII or UTF-8 with at most one stray byte."""
    if line.isascii():
        return True
    beyond_ascii = sum(byte > 0x7F for byte in line[:_SAMPLE])
    valid = line[:_SAMPLE].decode("utf-8", "ignore").encode()
    return 2 * sum(byte > 0x7F for byte in valid) >= beyond_ascii


def _guess(sample: bytes) -> str:
    """Guess the encoding of lines that are not UTF-8."""
    if sum(byte > 0x7F for byte in sample) < _EVIDENCE:
        return WESTERN
    import chardet  # only for files that need it: its tables take a while to import

    guesses = chardet.detect_all(sample, ignore_threshold=True, include_encodings=_GUESSED)
    confidence = {str(guess["encoding"]): float(guess["confidence"]) for guess in guesses}
    best = str(guesses[0]["encoding"])
    margin = _TURKISH_MARGIN if best == "Windows-1254" else _MARGIN
    if confidence.get(best, 0) < margin * confidence.get("Windows-1252", 0):
        return WESTERN
    return _GUESSED.get(best, WESTERN)


def _read_invalid_bytes_as(encoding: str) -> None:
    """Register an error handler that decodes invalid UTF-8 bytes in another encoding."""

    def handler(error: Any) -> tuple[str, int]:
        return error.object[error.start : error.end].decode(encoding, "replace"), error.end

    codecs.register_error(f"as-{encoding}", handler)


for _encoding in set(_GUESSED.values()) - _MULTIBYTE:
    _read_invalid_bytes_as(_encoding)

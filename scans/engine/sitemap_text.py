"""Decode the bytes of a sitemap into blocks of clean text."""

import codecs
import re
import zlib
from collections.abc import Iterable, Iterator

# Bytes processed at a time: small chunks, as from a dripping server, are joined first.
BLOCK = 65_536

_GZIP = b"\x1f\x8b"
_DECLARED = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.-]{1,40})[\"']")
# Accepted declared encodings: text encodings only, as Python has other codecs.
_ENCODINGS = re.compile(
    r"utf-?8|us-ascii|iso-?8859-\d{1,2}|latin-?1|windows-125\d|cp125\d|koi8-[ru]|gb2312|gbk|gb18030"
    r"|big5|euc-(?:jp|kr)|shift_jis|tis-620",
    re.IGNORECASE,
)
# Characters that XML forbids, and the bytes that most of them consist of: removing bytes is fast.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_CONTROL_BYTES = bytes([*range(9), 0x0B, 0x0C, *range(0x0E, 0x20)])
_BARE_AMPERSAND = re.compile(
    r"&(?!(?:amp|lt|gt|quot|apos|#(?:9|10|13|[3-9]\d|\d{3,6})"
    r"|#x(?:9|[aAdD]|[2-9a-fA-F][\da-fA-F]|[1-9a-fA-F][\da-fA-F]{2,4}));)"
)
_LONGEST_REFERENCE = 10


class SitemapBytes:
    """The unpacked bytes of a sitemap, up to a limit, and their faults."""

    def __init__(self, chunks: Iterable[bytes], max_bytes: int) -> None:
        # Bytes read so far, after decompression.
        self.read = 0
        self.truncated = False
        self.error = ""
        self._chunks = chunks
        self._max_bytes = max_bytes

    def text_blocks(self) -> Iterator[str]:
        """Yield the text without a BOM or control characters; undecodable bytes become U+FFFD."""
        decoder: codecs.IncrementalDecoder | None = None
        is_wide = False
        for block in self._blocks():
            if decoder is None:
                encoding = _encoding(block)
                decoder = codecs.getincrementaldecoder(encoding)("replace")
                is_wide = encoding.startswith("utf-16")
            data = block if is_wide else block.translate(None, _CONTROL_BYTES)
            text = decoder.decode(data).lstrip("\ufeff")
            clean = not is_wide and "\ufffe" not in text and "\uffff" not in text
            yield text if clean else _CONTROLS.sub("", text)
        if decoder is not None:
            yield decoder.decode(b"", final=True)

    def _blocks(self) -> Iterator[bytes]:
        for block in _regrouped(self._unpacked()):
            room = self._max_bytes - self.read
            if len(block) > room:
                self.read += room
                self.truncated = True
                self.error = f"It is larger than {self._max_bytes:,} bytes. Read up to that point."
                yield block[:room]
                return
            self.read += len(block)
            yield block

    def _unpacked(self) -> Iterator[bytes]:
        """Yield the bytes, unpacked if they begin like gzip, regardless of the headers."""
        chunks = _regrouped(self._chunks)
        first = next(chunks, b"")
        if not first.startswith(_GZIP):
            yield first
            yield from chunks
            return
        try:
            yield from self._gunzipped(first, chunks)
        except zlib.error:
            self.error = "Its gzip data is corrupt. Read up to that point."

    def _gunzipped(self, first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
        unpacker = zlib.decompressobj(wbits=31)
        packed = first
        while packed:
            yield unpacker.decompress(packed, BLOCK)
            packed = unpacker.unconsumed_tail
            if unpacker.eof:
                packed = unpacker.unused_data or next(rest, b"")
                if not packed.startswith(_GZIP):
                    return
                unpacker = zlib.decompressobj(wbits=31)
            packed = packed or next(rest, b"")
        yield unpacker.flush()
        if not unpacker.eof:
            self.error = "Its gzip data ends early. Read up to that point."


def escaped_blocks(blocks: Iterable[str]) -> Iterator[str]:
    """Yield XML text with every bare `&` escaped as `&amp;`.

    `<loc>/?a=1&b=2</loc>` is the most common fault in sitemaps. Entities defined only in HTML are
    treated as text as well.
    """
    held = ""
    for block in blocks:
        text = held + block
        cut = _unfinished_reference(text)
        held, text = text[cut:], text[:cut]
        yield _BARE_AMPERSAND.sub("&amp;", text) if "&" in text else text
    yield _BARE_AMPERSAND.sub("&amp;", held)


def _unfinished_reference(text: str) -> int:
    """Return the start of a reference that the next block may complete, else the length."""
    start = text.rfind("&", max(0, len(text) - _LONGEST_REFERENCE))
    return len(text) if start < 0 or ";" in text[start:] else start


def _regrouped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    parts: list[bytes] = []
    size = 0
    for chunk in chunks:
        parts.append(chunk)
        size += len(chunk)
        if size >= BLOCK:
            yield b"".join(parts)
            parts, size = [], 0
    if size:
        yield b"".join(parts)


def _encoding(block: bytes) -> str:
    if block.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if block.startswith(b"<\0"):
        return "utf-16-le"
    if block.startswith(b"\0<"):
        return "utf-16-be"
    declared = _DECLARED.match(block.removeprefix(codecs.BOM_UTF8))
    name = declared[1].decode("ascii") if declared else ""
    if not _ENCODINGS.fullmatch(name):
        return "utf-8"
    try:
        codecs.lookup(name)
    except LookupError:
        return "utf-8"
    return name

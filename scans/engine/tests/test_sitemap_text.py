"""From the bytes of a sitemap to clean text."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scans.engine.sitemap_text import BLOCK, SitemapBytes, escaped_blocks

PLENTY = 10_000_000


def text_of(chunks, max_bytes=PLENTY):
    source = SitemapBytes(chunks, max_bytes)
    return "".join(source.text_blocks()), source


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("ä".encode(), "ä"),
        ("\ufeffä".encode(), "ä"),
        ("\ufeff<ä>".encode("utf-16-le"), "<ä>"),
        ("\ufeff<ä>".encode("utf-16-be"), "<ä>"),
        ("<ä>".encode("utf-16-le"), "<ä>"),
        ("<ä>".encode("utf-16-be"), "<ä>"),
        (b"bad \xff byte", "bad \ufffd byte"),
        (b"a\0b\x0bc\nd", "abc\nd"),
    ],
)
def test_bytes_are_decoded_by_bom_or_as_utf8(data, text):
    assert text_of([data])[0] == text


def test_a_declared_encoding_is_believed():
    data = '<?xml version="1.0" encoding="ISO-8859-1"?><x>ä</x>'.encode("latin-1")
    assert text_of([data])[0].endswith("<x>ä</x>")


@pytest.mark.parametrize("name", ["utf-16", "rot13", "hex", "unicode_escape", "nonsense", "cp125x"])
def test_a_declared_encoding_that_cannot_be_is_ignored(name):
    data = f'<?xml version="1.0" encoding="{name}"?><x>ä</x>'.encode()
    assert text_of([data])[0].endswith("<x>ä</x>")


def test_characters_cut_by_a_chunk_are_put_together():
    data = "ä€😀".encode() * 50_000
    assert text_of(data[i : i + 1_001] for i in range(0, len(data), 1_001))[0] == "ä€😀" * 50_000


def test_gzip_is_known_by_its_content():
    text, source = text_of([gzip.compress(b"one "), gzip.compress(b"two")])
    assert text == "one two"
    assert (source.read, source.error, source.truncated) == (7, "", False)


def test_what_follows_the_gzip_data_is_ignored():
    text, source = text_of([gzip.compress(b"one") + b"\0\0\0"])
    assert (text, source.error) == ("one", "")


def test_gzip_that_ends_early_is_read_up_to_there():
    packed = gzip.compress(b"".join(b"%d " % number for number in range(100_000)))
    text, source = text_of([packed[: len(packed) // 2]])
    assert text.startswith("0 1 2 3 ")
    assert "ends early" in source.error


def test_damaged_gzip_is_read_up_to_there():
    packed = bytearray(gzip.compress(b"".join(b"%d " % number for number in range(100_000))))
    packed[len(packed) // 2 :] = b"\xff" * 1_000
    text, source = text_of([bytes(packed)])
    assert text.startswith("0 1 2 3 ")
    assert "corrupt" in source.error


def test_a_gzip_bomb_is_unpacked_to_the_limit_only():
    squeezer = zlib.compressobj(wbits=31)
    packed = [squeezer.compress(b" " * 1_000_000) for _ in range(200)] + [squeezer.flush()]
    chunks = iter(packed)
    text, source = text_of(chunks, max_bytes=1_000_000)
    assert len(text) == source.read == 1_000_000
    assert source.truncated
    assert "larger than 1,000,000 bytes" in source.error
    assert len(list(chunks)) > 100


def test_reading_stops_at_the_limit_and_takes_no_more():
    chunks = iter([b"x" * BLOCK] * 100)
    _, source = text_of(chunks, max_bytes=3 * BLOCK + 5)
    assert source.read == 3 * BLOCK + 5
    assert len(list(chunks)) == 96


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a=1&b=2", "a=1&amp;b=2"),
        ("a=1&amp;b=2", "a=1&amp;b=2"),
        ("&lt;&gt;&quot;&apos;&#38;&#x26;", "&lt;&gt;&quot;&apos;&#38;&#x26;"),
        ("&nbsp;&copy", "&amp;nbsp;&amp;copy"),
        ("&#0;&#x1F;", "&amp;#0;&amp;#x1F;"),
        ("&&", "&amp;&amp;"),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_bare_ampersands_are_escaped_wherever_blocks_end(text, escaped, size):
    blocks = [text[i : i + size] for i in range(0, len(text), size)]
    assert "".join(escaped_blocks(blocks)) == escaped


@given(st.lists(st.binary(), max_size=5), st.booleans())
def test_any_bytes_become_text_within_the_limit(chunks, packed):
    sent = [gzip.compress(b"".join(chunks))] if packed else chunks
    text, source = text_of(sent, max_bytes=100)
    assert source.read <= 100
    text.encode("utf-8")

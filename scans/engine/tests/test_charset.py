"""Bytes are decoded as in browsers, and other files are distinguished from pages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scans.engine.extractors.charset import decode
from scans.engine.extractors.encodings import codec_of
from scans.engine.extractors.meta_charset import declared_late, prescan
from scans.engine.extractors.page import read_page
from scans.engine.extractors.sniffing import looks_like_html

RUSSIAN = "Чайник самовар посуда и ещё немного слов"
GERMAN = "Kessel Müller, Straße"
CHINESE = "中文网站的标题和一些文字"
FILLER = "<!--" + "x" * 6_000 + "-->"


def document(text: str, meta: str = "", before: str = "") -> str:
    return f"<!doctype html><html><head>{before}{meta}<title>{text}</title></head><body></body>"


def title(body: bytes, content_type: str = "text/html") -> str:
    return read_page(body, "https://example.com/", content_type).title


# Headers and byte order marks


@pytest.mark.parametrize("mark", ["\ufeff", ""])
@pytest.mark.parametrize(
    ("label", "codec"),
    [("utf-16le", "utf-16-le"), ("utf-16", "utf-16-le"), ("UTF-16BE", "utf-16-be")],
)
def test_utf16_is_read_by_its_header(mark: str, label: str, codec: str) -> None:
    body = (mark + document(RUSSIAN)).encode(codec)
    assert title(body, f"text/html; charset={label}") == RUSSIAN


@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("declared", ["text/html; charset=windows-1251", "text/html", ""])
def test_the_byte_order_mark_wins(codec: str, declared: str) -> None:
    body = ("\ufeff" + document(RUSSIAN, '<meta charset="koi8-r">')).encode(codec)
    assert (decode(body, declared)[1], title(body, declared)) == (codec, RUSSIAN)


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf16_is_known_by_its_first_tag(codec: str) -> None:
    assert title(document(GERMAN).encode(codec)) == GERMAN


@pytest.mark.parametrize("label", ["utf-16", "utf-16le", "UTF-16BE", "unicode"])
@pytest.mark.parametrize("text", [GERMAN, "Kettle Works"])
def test_a_header_that_says_utf16_of_utf8_is_wrong(label: str, text: str) -> None:
    assert title(document(text).encode(), f"text/html; charset={label}") == text


@pytest.mark.parametrize(
    "content_type",
    [
        "text/html; charset=windows-1251",
        'text/html;charset="windows-1251"',
        "text/html; charset = 'CP1251' ; x=y",
        "text/html; Charset=x-cp1251,text/html",
    ],
)
def test_the_header_goes_before_the_markup(content_type: str) -> None:
    body = document(RUSSIAN, '<meta charset="iso-8859-1">').encode("cp1251")
    assert title(body, content_type) == RUSSIAN


@pytest.mark.parametrize("label", ["none", "utf-7", "utf-32", "hz-gb-2312", "rot13", "", "idna"])
def test_a_label_that_is_no_encoding_of_the_web_is_ignored(label: str) -> None:
    meta = '<meta charset="windows-1251">'
    assert title(document(RUSSIAN, meta).encode("cp1251"), f"text/html; charset={label}") == RUSSIAN
    assert title(document(GERMAN, f'<meta charset="{label}">').encode()) == GERMAN


# Markup


@pytest.mark.parametrize("label", ["utf-16", "utf-16be", "UTF-16LE", "unicode", "ucs-2"])
@pytest.mark.parametrize("text", [GERMAN, RUSSIAN, "Kettle Works"])
def test_markup_that_says_utf16_is_utf8(label: str, text: str) -> None:
    for meta in (
        f'<meta charset="{label}">',
        f'<meta http-equiv="Content-Type" content="text/html; charset={label}">',
    ):
        assert title(document(text, meta).encode()) == text


@pytest.mark.parametrize(
    "meta",
    [
        "<meta charset=windows-1251>",
        "<META CHARSET='windows-1251'>",
        "<meta/charset=windows-1251 />",
        '<meta name=x\ncharset\t=\n"windows-1251" >',
        "<meta http-equiv=Content-Type content='text/html; charset=windows-1251'>",
        "<meta content='text/html;charset = \"windows-1251\"' http-equiv=content-type>",
        "<meta content='charset charset=windows-1251;x' http-equiv=CONTENT-TYPE>",
        '<meta charset="utf-32"><meta charset="windows-1251">',
        "<!-- <meta charset=utf-8> --><meta charset=windows-1251>",
        "<!--><meta charset=windows-1251>",
        "<p title='<meta charset=utf-8>'><meta charset=windows-1251>",
        "<?php <meta charset=utf-8 ?></ <meta charset=utf-8><meta charset=windows-1251>",
    ],
)
def test_a_declaration_is_read_however_it_is_written(meta: str) -> None:
    assert prescan(meta.encode()) == "cp1251"
    assert title(document(RUSSIAN, meta).encode("cp1251")) == RUSSIAN


@pytest.mark.parametrize(
    "meta",
    [
        "<meta content='text/html; charset=koi8-r'>",
        "<meta name=charset content=koi8-r>",
        "<meta http-equiv=refresh content='charset=koi8-r'>",
        "</meta charset=koi8-r>",
        "<metadata charset=koi8-r>",
        "<!-- <meta charset=koi8-r>",
        "<link charset=koi8-r>",
        "<meta http-equiv=content-type content='charset=\"koi8-r'>",
    ],
)
def test_what_is_no_declaration_is_none(meta: str) -> None:
    assert prescan(meta.encode()) == ""


def test_an_xml_declaration_counts() -> None:
    xml = "<?xml version='1.0' encoding='windows-1251'?>"
    assert title((xml + document(RUSSIAN)).encode("cp1251")) == RUSSIAN


@pytest.mark.parametrize("before", [FILLER, "<style>" + "a{}" * 3_000 + "</style>"])
@pytest.mark.parametrize(
    ("text", "codec", "label"),
    [
        (RUSSIAN, "cp1251", "windows-1251"),
        (RUSSIAN, "koi8-r", "koi8-r"),
        (CHINESE, "gb18030", "gb2312"),
        (CHINESE, "big5hkscs", "big5"),
        ("ひらがなとカタカナ", "cp932", "shift_jis"),
        ("한국어 사이트 제목", "cp949", "euc-kr"),
        ("Łódź żółć", "iso8859-2", "iso-8859-2"),
    ],
)
def test_a_late_declaration_counts(before: str, text: str, codec: str, label: str) -> None:
    if codec == "big5hkscs":
        text = "中文網站"
    assert title(document(text, f'<meta charset="{label}">', before).encode(codec)) == text


@pytest.mark.parametrize(
    "hidden",
    [
        "<script>document.write('<meta charset=koi8-r>')</script>",
        "<style><meta charset=koi8-r></style>",
        "<noscript><meta charset=koi8-r></noscript>",
        "<textarea><meta charset=koi8-r></textarea>",
        "<!-- <meta charset=koi8-r> -->",
    ],
)
def test_a_late_declaration_that_is_text_to_the_parser_does_not_count(hidden: str) -> None:
    assert declared_late((FILLER + hidden).encode()) == ""
    assert declared_late((FILLER + hidden + "<meta charset=windows-1251>").encode()) == "cp1251"


# Bytes


@pytest.mark.parametrize(
    "label", ["iso-8859-1", "windows-1251", "gb2312", "shift_jis", "big5", "euc-kr", "us-ascii"]
)
def test_valid_utf8_is_utf8_whatever_it_declares(label: str) -> None:
    for text in (RUSSIAN, CHINESE):
        meta = f'<meta charset="{label}">'
        assert title(document(text, meta).encode()) == text
        assert title(document(text).encode(), f"text/html; charset={label}") == text


@pytest.mark.parametrize(
    ("text", "codec", "label"),
    [
        ("Ц", "cp1251", "windows-1251"),
        ("Чай", "cp1251", "windows-1251"),
        ("中文", "gb18030", "gb2312"),
        ("联通", "gb18030", "gbk"),
        ("Größe", "cp1252", "iso-8859-1"),
    ],
)
def test_a_short_text_is_what_it_declares(text: str, codec: str, label: str) -> None:
    assert title(document(text, f'<meta charset="{label}">').encode(codec)) == text


def test_labels_are_those_of_the_web_and_read_as_browsers_read_them() -> None:
    assert codec_of(" ISO-8859-1\n") == codec_of("ascii") == codec_of("latin1") == "cp1252"
    assert codec_of("gb2312") == codec_of("GBK") == "gb18030"
    assert codec_of("utf_8_sig") == codec_of("hex") == ""


@given(st.binary(max_size=300), st.text(max_size=40))
def test_any_bytes_become_text(body: bytes, content_type: str) -> None:
    text, encoding = decode(body, content_type)
    assert "\0" not in text
    assert encoding
    text.encode("utf-8", "surrogatepass")


MARKUP = st.lists(
    st.sampled_from(
        [b"<meta", b" charset", b"=", b'"', b"'", b"utf-8", b">", b"<!--", b"-->", b"/"]
    )
).map(b"".join)


@given(MARKUP)
def test_any_markup_has_an_encoding_or_none(head: bytes) -> None:
    assert prescan(head) in ("", "utf-8")
    assert declared_late(head) in ("", "utf-8")


# Pages and other files

TEXT = b"<p>" + b"We make kettles. " * 60


@pytest.mark.parametrize("place", [0, 1, 20, 900])
@pytest.mark.parametrize("content_type", ["text/html", "", "application/xhtml+xml"])
def test_a_nul_in_a_page_is_passed_over(place: int, content_type: str) -> None:
    body = document("Kettle Works").encode() + TEXT
    body = body[:place] + b"\0" + body[place:]
    facts = read_page(body, "https://example.com/", content_type)
    assert facts.is_html
    assert "\0" not in facts.html + facts.text
    if place > 1:
        assert facts.title == "Kettle Works"


def test_a_nul_inside_a_word_does_not_part_it() -> None:
    assert title(document("Kettle Works").replace("tt", "t\0t").encode()) == "Kettle Works"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"<title>Kettle</title>\0\0\0\0", "text/html"),
        (b"\n<!-- made by hand --><p>\0\x01\x02", "text/html"),
        (b"Kettles and pans, made to last.\0 " * 9, "text/html"),
        (document("x").encode("utf-16"), "application/octet-stream"),
        (document("x").encode("utf-16-le"), "text/html; charset=utf-16le"),
        (b"\xef\xbb\xbf<!doctype html>", "text/plain"),
    ],
)
def test_damaged_pages_are_pages(body: bytes, content_type: str) -> None:
    assert looks_like_html(body, content_type)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (bytes(range(256)) * 8, "text/html"),
        (b"\x7fELF\x02\x01\x01\0<html>", "text/html"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 900, ""),
        (b"Rar!\x1a\x07\x00<html>", "text/html"),
        (b"words and \0\0\0\0\0\0 words", ""),
        (b"<p>a part of a page</p>", "application/json"),
        (b"\x01\x02\x03\x04\x05\x06" * 20 + b"<html>", "application/octet-stream"),
    ],
)
def test_binary_files_are_no_pages(body: bytes, content_type: str) -> None:
    assert not looks_like_html(body, content_type)

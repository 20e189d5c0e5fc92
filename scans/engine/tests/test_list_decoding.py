"""Decoding uploaded files from any program."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scans.engine.lists import decoding
from scans.engine.lists.decoding import text_blocks
from scans.engine.lists.errors import UnreadableFile

SHEET = "Company;Website;City\nA;www.a.de;Köln\nB;https://b.de/x;\nC;;Bonn"


def chunks(data: bytes, size: int) -> list[bytes]:
    return [data[place : place + size] for place in range(0, len(data), size)]


def decoded(data: bytes, size: int = 65_536) -> str:
    return "".join(text_blocks(chunks(data, size)))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1_000])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"],
)
def test_any_usual_encoding_and_line_end_is_read(encoding: str, end: str, size: int) -> None:
    data = SHEET.replace("\n", end).encode(encoding)
    assert decoded(data, size) == SHEET


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "Größe Müller;küche.de\nNiño;españa.es\nSociété;café.fr\n"),
        ("cp1250", "zażółć gęślą jaźń;żółw.pl\n"),
        ("cp1250", "Šibenik;šibenik.hr\nČakovec;čakovec.hr\nĐurđevac žlica\n"),
        ("cp1251", "Имя;сайт\nООО Ромашка;ромашка.рф\n"),
        ("koi8-r", "Пример;пример.рф\nМагазин одежды;магазин.рф\n"),
        ("cp1253", "Ελλάδα;ελλάδα.gr\nΑθήνα;αθήνα.gr\n"),
        ("cp1254", "İstanbul çarşı;şirket.com.tr\nDoğuş;doğuş.com.tr\n"),
        ("shift_jis", "株式会社アルファ,alpha.example\n日本語テスト,日本語.jp\n"),
        ("euc_jp", "株式会社アルファ,alpha.example\n日本語テスト,日本語.jp\n"),
        ("gb18030", "公司名称,网站\n阿尔法,阿尔法.cn\n"),
        ("big5", "公司名稱,網站\n阿爾法,阿爾法.tw\n"),
        ("cp949", "회사,사이트\n알파,알파.kr\n"),
    ],
)
def test_an_older_encoding_is_told_by_its_bytes(encoding: str, text: str) -> None:
    assert decoded(text.encode(encoding)) == text


def test_a_stray_byte_changes_nothing_but_itself() -> None:
    data = "Küche;küche.example\nAndr?;andre.example\nM?x, Köln;köln.example\n".encode()
    stray = data.replace(b"Andr?", b"Andr\xe9").replace(b"M?x", b"M\xe4x")
    assert decoded(stray) == ("Küche;küche.example\nAndré;andre.example\nMäx, Köln;köln.example\n")


@given(st.lists(st.text(st.characters(exclude_characters="\r\n\0", codec="utf-8"))), st.binary())
def test_invalid_bytes_change_the_encoding_of_no_other_line(lines: list[str], junk: bytes) -> None:
    invalid = junk.translate(None, b"\r\n\0")
    rest = "\n".join(lines).removeprefix("\ufeff")
    text = decoded(b"# list\n" + rest.encode() + b"\n" + invalid + b"\n" + rest.encode())
    assert text.startswith(f"# list\n{rest}\n")
    assert text.endswith(f"\n{rest}")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"%PDF-1.7", "PDF"),
        (b"\x1f\x8b\x08", "compressed"),
        (b"some text\0and more of it, mostly text", "zero bytes"),
    ],
)
def test_files_that_are_no_text_are_named(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableFile, match=reason):
        decoded(data)


def test_a_line_of_any_length_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "MAX_LINE", 1_000)
    assert len(decoded(b"a" * 1_000, 100)) == 1_000
    with pytest.raises(UnreadableFile, match="more than 1,000 characters"):
        decoded(b"a" * 1_001, 100)


@given(st.binary(), st.integers(1, 9))
def test_any_bytes_are_read_or_refused(data: bytes, size: int) -> None:
    try:
        text = decoded(data, size)
    except UnreadableFile:
        return
    assert "\r" not in text
    assert text == decoded(data)

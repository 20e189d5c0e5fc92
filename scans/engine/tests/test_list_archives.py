"""Spreadsheets and ZIP files as lists of domains."""

import base64
import gzip
import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import openpyxl
import pytest

from scans.engine.lists import archives
from scans.engine.lists.collection import read_file
from scans.engine.lists.decoding import text_blocks
from scans.engine.lists.errors import UnreadableFile
from scans.engine.lists.structure import Structure
from scans.engine.lists.typed_cells import without_marks

FIRMS = [("Name", "Website", "Staff"), ("Ä", "a.example.com", 12), ("B", "b.example.com", 2.5)]
HOSTS = ["a.example.com", "b.example.com"]
# An Excel file of 1997 with the sheets Notes and Firms, the latter with FIRMS; xlwt wrote it.
XLS = base64.b85decode(
    b"ABzYGFH#3<0t0VsWG;AYa{%pFJ!lj`6#iy!@0a_HiI5242pBbnK(sMMJPnvs2~mp#5p*xNfg|@5?ygV^jm9el!Ah"
    b"|Sq_K(G_=6S-"
    b"78XK83qcTaTBZ^dERtK_yxol#y&?yCB(mQ!Z{EI{Z|CQ|nc3a9%dwS(haDCChNEzyYWU%)u?b3k`z8u1Hw>xTxsQ"
    b"_JU`N64BS(7Ncour&l|GdIu0X*9^(9H*Go`bb#aKS4$D4>D?t>;|9|na=v8UiJr7+sLUo9-"
    b"BSngtZpX)wnd5kSLSPoL%6>$d3iLss|Rvb?%U0fC>De#y%AKB86HoTT`eC4Jv>$-"
    b"8gkk&HWv!GKAViDxI5k03Dw9E=x$%TvfZp49a_F8=rckIoz3y}TCX1lkJ{g$Evb1=>e8Hi<s5K(1`n-"
    b"*M2FG_>%HVwn+LbkYuN#15<3Id~AN{^>=@&18<0pg8mS)F2GLQfXcCCNKo(x#^=VqS#+txvz8WoI*b-"
    b"&8(Jwjr`5Yi$9!z4LYu-LxHqc##B2rVwF0#!Dqiy;!^V_1$Q4JaLXKbKEcUpx7%%1_M_mgUI2H5>xgt;~>jx{M0?"
    b"Hcd%@w0aM;R-exJo^IYdTmv&P-"
    b"hZ*k^`)c(4q?cDuKItrfNgN=3X{2(gb?HN50bO)(rHC)DdGv~2ap$(g(}bN1YfJgWvi*<k#ivBAz8ltQ7{NLMtj5"
    b"eEQ)$5?S(Ub*Uuedxx;EraomE%eS(PI;@9fzz?-"
    b"aUoS!_{<EtsuZ^#!x#D!Qx$_#lblki}N&uoY%|EVk(xuf<lFz3Q^Oje6d8;J|?c2M!!K*wzsII%U2*s{EZ{zMgum"
    b"|2pfGs?Kkc{}!i^r>jJtr6-W1ynu@h#m{cIh5anCMUMTyP-"
    b"22wFJJ~q?#E2S@k^f<qINu6CPx3>5^A*lY9syp$L;?FPI7=?02TlM"
)
ODS_HEAD = """<office:document-content
 xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
><office:body><office:spreadsheet><table:table table:name="Firms">"""
MANIFEST = b"""<manifest:manifest
 xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>"""
ODS_TAIL = "</table:table></office:spreadsheet></office:body></office:document-content>"


def workbook(**sheets: list[Any]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def zipped(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def open_document() -> bytes:
    cell = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    rows = "".join(
        f"<table:table-row>{''.join(cell.format(value) for value in row)}</table:table-row>"
        for row in FIRMS
    )
    kind = b"application/vnd.oasis.opendocument.spreadsheet"
    content = (ODS_HEAD + rows + ODS_TAIL).encode()
    return zipped(**{"mimetype": kind, "META-INF/manifest.xml": MANIFEST, "content.xml": content})


def in_pieces(data: bytes) -> Iterator[bytes]:
    return (data[start : start + 1_000] for start in range(0, len(data), 1_000))


def hosts(data: bytes, **options: Any) -> list[str]:
    return read_file(in_pieces(data), **options).hosts


def csv_of(data: bytes, sheet: str = "") -> str:
    return "".join(text_blocks(in_pieces(data), sheet=sheet))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(workbook(Notes=[("Our firms",)], Firms=FIRMS), id="xlsx"),
        pytest.param(gzip.decompress(XLS), id="xls"),
        pytest.param(open_document(), id="ods"),
        pytest.param(zipped(**{"firms.xlsx": workbook(Firms=FIRMS)}), id="zipped xlsx"),
        pytest.param(
            zipped(**{"in/": b"", "in/f.csv": b"Name,Website\nA,a.example.com\nB,b.example.com"}),
            id="zipped csv",
        ),
        pytest.param(zipped(**{"firms.txt": "\n".join(HOSTS).encode("utf-16")}), id="zipped text"),
    ],
)
def test_spreadsheets_and_zip_files_are_read(data: bytes) -> None:
    assert hosts(data) == HOSTS


def test_cells_become_text_as_people_write_it_in_rows_that_keep_their_numbers() -> None:
    row = ('a;b"c', 12.0, 2.5, True, date(2026, 3, 1), datetime(2026, 3, 1, 9, 30), None, "\u00e4")
    line = csv_of(workbook(Sheet=[(), (), row])).split("\n")[2]
    assert without_marks(line) == '"a;b""c",12,2.5,TRUE,2026-03-01,2026-03-01 09:30:00,,\u00e4'
    lines = workbook(Sheet=[(), ("Website",), ("a.example.com",), ("no domain",)])
    assert [line.line for line in read_file([lines], is_table=True).rejected] == [4]


def test_another_sheet_can_be_named() -> None:
    book = workbook(Firms=FIRMS, Others=[("c.example.com",)])
    assert csv_of(book, "Others") == "c.example.com\n"
    with pytest.raises(UnreadableFile, match=r"no sheet named “Old”, only \"Firms\", \"Others\""):
        csv_of(book, "Old")


def claiming(cell: str) -> bytes:
    """Return a workbook of one cell, moved to `cell`."""
    book = zipfile.ZipFile(io.BytesIO(workbook(Sheet=[("a.example.com", "x")])))
    members = {info.filename: book.read(info) for info in book.infolist()}
    sheet = members["xl/worksheets/sheet1.xml"]
    members["xl/worksheets/sheet1.xml"] = sheet.replace(b'r="B1"', f'r="{cell}"'.encode())
    return zipped(**members)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(claiming("XFD1048576"), "too large or damaged", id="a cell at the far end"),
        pytest.param(b"PK\x03\x04rest", "damaged", id="no ZIP file"),
        pytest.param(b"\xd0\xcf\x11\xe0rest", "cannot be read", id="no XLS file"),
        pytest.param(zipped(**{"a.csv": b"a.com", "b.csv": b"b.com"}), "contains 2 files", id="2"),
        pytest.param(zipped(), "contains 0 files", id="empty"),
        pytest.param(
            zipped(**{"a.zip": zipped(**{"a.csv": b"a.com"})}), "another ZIP", id="nested"
        ),
        pytest.param(zipped(**{"a.pdf": b"%PDF-1.7"}), "PDF", id="PDF"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableFile, match=reason):
        hosts(data)


def test_a_zip_file_is_unpacked_no_further_than_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_UNPACKED", 1_000_000)
    with pytest.raises(UnreadableFile, match="more than 1,000,000 bytes"):
        hosts(zipped(**{"bomb.csv": b"a.example.com\n" * 1_000_000}))


def test_reading_stops_where_the_caller_does() -> None:
    blocks = text_blocks(in_pieces(workbook(Sheet=[("a.example.com",)] * 5_000)))
    assert next(blocks).startswith("a.example.com\n")
    blocks.close()  # type: ignore[attr-defined]


def test_a_workbook_names_its_sheets_and_the_one_that_is_read() -> None:
    book = workbook(Notes=[("x", "y"), ("a", "b")], Firms=FIRMS)
    structure = Structure()
    assert read_file([book], is_table=True, structure=structure).hosts == HOSTS
    assert (structure.sheets, structure.sheet) == (["Notes", "Firms"], "Firms")
    assert (structure.names, structure.column) == (["Name", "Website", "Staff"], 1)
    assert structure.rows[0][:2] == ["Ä", "a.example.com"]


def test_a_sheet_that_a_workbook_does_not_have_leaves_its_names() -> None:
    structure = Structure()
    with pytest.raises(UnreadableFile, match="no sheet named “Clients”, only"):
        read_file([workbook(Notes=FIRMS, Firms=FIRMS)], sheet="Clients", structure=structure)
    assert (structure.sheets, structure.sheet) == (["Notes", "Firms"], "")

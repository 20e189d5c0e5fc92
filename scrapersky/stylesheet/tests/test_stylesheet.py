"""The console's copy of Tabler's stylesheet."""

import pytest

from scrapersky.stylesheet.build import COPY, stylesheet
from scrapersky.stylesheet.pruning import Names, prune

NAMES = Names(frozenset({"card", "btn", "row"}), ("alert-",), frozenset({"--elsewhere"}))


def test_the_copy_holds_what_the_pages_use() -> None:
    assert COPY.read_text(encoding="utf-8") == stylesheet(), "run `make stylesheet`"


@pytest.mark.parametrize(
    "css",
    [
        ".card{color:red}",
        "h1,p>a:hover{color:red}",
        ".alert-danger .btn{color:red}",
        ".row>*{color:red}",
        ":is(.card,.modal):hover{color:red}",
        ".btn:not(.disabled):hover{color:red}",
        '.card[data-state="a,b"]{color:red}',
        "@media print{.card{color:red}}",
        "@font-face{font-family:x}",
        ".card{animation:spin 1s}\n@keyframes spin{to{rotate:1turn}}",
        ":root{--used:1px}\n.card{margin:var(--used)}",
        ":root{--elsewhere:1px}",
    ],
)
def test_what_a_page_can_match_stays(css: str) -> None:
    assert prune(css, NAMES).strip() == css


@pytest.mark.parametrize(
    ("css", "rest"),
    [
        (".modal{color:red}", ""),
        (".card .modal,.card a{color:red}", ".card a{color:red}"),
        (".col\\:6{color:red}", ""),
        ("@media print{.modal{color:red}}", ""),
        ("@keyframes spin{to{rotate:1turn}}", ""),
        (":root{--one:1px;--two:var(--one);color:red}", ":root{color:red}"),
        (':root{--icon:url("a;b}");color:red}', ":root{color:red}"),
    ],
)
def test_what_no_page_can_match_goes(css: str, rest: str) -> None:
    assert prune(css, NAMES).strip() == rest

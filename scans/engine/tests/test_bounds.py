"""What is cut from a page before parsing."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from scans.engine.extractors.bounds import MAX_ATTRIBUTES, MAX_DEPTH, MAX_TAGS, bound

ORDINARY = """<!DOCTYPE html><html lang=en><head><title>A <b> title</title>
<script>if (a<b && "<div ".length) document.write('<p>')</script>
<!-- <b a b c --><style>a>b{}</style>
</head><body><a href='x' title="a > b" data-x=1 disabled/>x < y && z</a><br/>
<textarea><p></textarea>
<img alt="it's"></body></html>"""


def many(count: int, attribute: str) -> str:
    return "".join(attribute.format(number) for number in range(count))


def test_an_ordinary_page_is_returned_as_it_is():
    assert bound(ORDINARY) is ORDINARY


@pytest.mark.parametrize(
    "attribute", [" a{}", ' a{}=">"', " a{}='<b>'", "/a{}", " a{}=1", ' a{}="x"']
)
def test_surplus_attributes_are_dropped_and_the_rest_of_the_page_stays(attribute):
    page = f"<p>before</p><div{many(5_000, attribute)}>inside</div><p>after</p>"
    tree = LexborHTMLParser(bound(page))
    assert len(tree.css("div")[0].attributes) <= MAX_ATTRIBUTES
    assert tree.text(separator=" ").split() == ["before", "inside", "after"]


def test_attributes_in_a_script_a_comment_or_a_title_are_text():
    words = many(1_000, " a{}")
    page = f"<script>'<a {words}>'</script><!-- <a {words}> --><title><a {words}></title>"
    assert bound(page) == page


def test_a_quote_in_a_comment_hides_no_attributes():
    page = '<!-- <a x=" --><div' + many(3_000, " a{}") + '>x</div>"'
    assert len(bound(page)) < 5_000


def test_a_page_is_cut_where_it_nests_too_deep():
    cut = bound("<div>" * 50_000 + "deep")
    assert cut.count("<div>") == MAX_DEPTH


def test_stray_end_tags_do_not_hide_how_deep_a_page_nests():
    assert len(bound("<div></x>" * 50_000)) < 50_000


def test_long_tables_and_lists_are_not_deep():
    page = "<table>" + "<tr><td>1<td>2" * 5_000 + "</table><ul>" + "<li>x" * 5_000 + "</ul>"
    assert bound(page) == page


def test_a_page_of_endless_tags_is_cut():
    assert bound("<p>x" * (MAX_TAGS * 2)).count("<p>") == MAX_TAGS


@pytest.mark.parametrize(
    "piece",
    [
        "<",
        "<a ",
        "<!--",
        "<!-",
        "<script>",
        "<a b='",
        '<a "',
        "<a =",
        "</",
        "<a/",
        "<title>",
        "<b x=>",
    ],
)
def test_reading_tags_is_linear_in_broken_pages(piece):
    started = time.process_time()
    bound(piece * (400_000 // len(piece)))
    assert time.process_time() - started < 2  # quadratic takes minutes


@given(st.text(alphabet="<>/ab=\"' !-\n") | st.text())
def test_any_text_is_bounded_without_raising(text):
    assert bound(text) == text

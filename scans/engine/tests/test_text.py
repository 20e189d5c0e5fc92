"""The text that a visitor sees."""

import re

import pytest
from selectolax.lexbor import LexborHTMLParser

from scans.engine.extractors.text import MAX_TEXT, digit_groups, one_line, visible_text


def text_of(html: str) -> str:
    return visible_text(LexborHTMLParser(html))


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>one</p><p>two</p>", "one\ntwo"),
        ("<b>(212)</b> <span>736</span>-<i>5000</i>", "(212) 736-5000"),
        ("<td>1<br>2", "1\n2"),
        ("<table><tr><td>Tel</td><td>1</td></tr></table>", "Tel\n1"),
        ("one\n   two&nbsp;\tthree", "one two three"),
        ("soft\u00adhy\u200bphen", "softhyphen"),
        ("<p> </p><div>&nbsp;</div>x", "x"),
        ("a<script>b</script><style>c</style><noscript>d</noscript><!-- e --><p>f", "a\nf"),
        ("info@<span style='display: none'>spam.</span>bakery.com", "info@bakery.com"),
        ("info@<span hidden>spam.</span>bakery.com", "info@bakery.com"),
        ("info<i hidden>x</i>@bakery.com", "info@bakery.com"),
        ("info@<b style='display: none'>a<span hidden>b</span></b>bakery.com", "info@bakery.com"),
        ("info@<wbr>bakery<wbr>.com", "info@bakery.com"),
        ("", ""),
    ],
)
def test_blocks_end_lines_and_inline_elements_do_not(html, text):
    assert text_of(html) == text


@pytest.mark.parametrize(
    ("css", "text"),
    [
        (".x{display:none}", "info@bakery.com"),
        ("b.x { color: red; display: none; }", "info@bakery.com"),
        ("/* y */ .y, .x {display:none!important}", "info@bakery.com"),
        ("p b.x{display:none}", "info@bakery.com"),
        ("#x{display:none}", "info@bakery.com"),
        (".y{display:none}", "info@spam.bakery.com"),
        (".x:hover{display:none}", "info@spam.bakery.com"),
        (".menu .x{display:none}", "info@spam.bakery.com"),
        ("@media print{.x{display:none}}", "info@spam.bakery.com"),
        (".x{display:none} .js .x{display:inline}", "info@spam.bakery.com"),
        ("p{display:none}", "info@spam.bakery.com"),
        ("{{{display:none", "info@spam.bakery.com"),
    ],
)
def test_words_within_a_line_that_a_style_element_hides_are_left_out(css, text):
    body = "<p>info@<b class='x' id='x'>spam.</b>bakery.com</p>"
    tree = LexborHTMLParser(f"<style>{css}</style>{body}")
    assert visible_text(tree, tree.css("style")) == text


def test_the_text_is_capped():
    assert len(text_of("<p>word " * 200_000)) <= MAX_TEXT


def test_one_line_collapses_blanks_and_cuts():
    assert one_line(" a \n b\tc ", 4) == "a b "
    assert one_line(None) == ""


@pytest.mark.parametrize("text", ["", "no digits", "1", "a12 – 345b6\n", "２ ٣ é7", "\ud80012"])
def test_a_group_of_digits_is_found_where_it_stands(text):
    assert list(digit_groups(text)) == [match.span() for match in re.finditer("[0-9]+", text)]

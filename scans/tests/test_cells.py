"""What the cells of a list show."""

from typing import Any

import pytest
from django.template import Context, Engine

from scrapersky.web.lists import Column, Kind
from scrapersky.web.lists.page import Cell

TEMPLATE = "{% load cells %}{% table_cells cells %}"
NOTHING = '<span class="text-secondary">\N{EN DASH}</span>'


def content(column: Column, value: Any, link: str = "", **others: Any) -> str:
    """Return what is between the tags of the table's cell."""
    context = Context({"cells": [Cell(column, value, link)], **others})
    rendered = Engine.get_default().from_string(TEMPLATE).render(context)
    return rendered.partition(">")[2].removesuffix("</td>")


def test_a_cell_names_its_column_and_whether_it_is_empty() -> None:
    column = Column("name", "R&D", Kind.ITEMS)
    context = Context({"cells": [Cell(column, ["a"], ""), Cell(column, [], "")]})
    assert Engine.get_default().from_string(TEMPLATE).render(context) == (
        '<td data-label="R&amp;D" class="kind-items"><span class="items">a</span></td>'
        f'<td data-label="R&amp;D" class="kind-items is-empty">{NOTHING}</td>'
    )


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        (Kind.TEXT, "<b>", '<span class="cut">&lt;b&gt;</span>'),
        (Kind.TEXT, "x" * 121, f'<span class="cut">{"x" * 119}\N{HORIZONTAL ELLIPSIS}</span>'),
        (Kind.TEXT, "", NOTHING),
        (Kind.NUMBER, 0, "0"),
        (Kind.NUMBER, 1_234, "1,234"),
        (Kind.NUMBER, None, NOTHING),
        (Kind.SHARE, 0.5, "50 %"),
        (Kind.SECONDS, 2, "2.0 s"),
        (Kind.FLAG, True, "Yes"),
        (Kind.FLAG, False, '<span class="text-secondary">No</span>'),
        (Kind.STATE, "ok", '<span class="state state-ok">OK</span>'),
        (Kind.ITEMS, ["a", "<b>"], '<span class="items">a, &lt;b&gt;</span>'),
        (
            Kind.ITEMS,
            ["a", "b", "c", "d"],
            '<span class="items">a, b, c <span class="text-secondary text-nowrap">+1</span></span>',
        ),
        (Kind.ITEMS, [], NOTHING),
        (Kind.PAIRS, {"x": "<y>"}, '<span class="chip">x: &lt;y&gt;</span>'),
        (Kind.PAIRS, {}, NOTHING),
        (
            Kind.URL,
            "https://a.example/?a&b",
            '<a class="cut" href="https://a.example/?a&amp;b" rel="noopener noreferrer nofollow" '
            'target="_blank">https://a.example/?a&amp;b</a>',
        ),
    ],
)
def test_a_cell_shows_its_value_by_the_kind_of_its_column(
    kind: Kind, value: Any, shown: str
) -> None:
    assert content(Column("name", "Name", kind), value) == shown


def test_a_text_leads_to_its_page() -> None:
    shown = content(Column("name", "Name"), "a & b", link="/x?a&b")
    assert shown == '<a class="cut" href="/x?a&amp;b">a &amp; b</a>'


def test_a_template_of_a_column_gets_the_value_and_the_row() -> None:
    column = Column("host", "Domain", template="includes/outside_link.html")
    assert 'href="https://a.example/"' in content(column, None, url="https://a.example/")

"""The cells of lists: a page has hundreds, and a template takes several times as long for each."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from django import template
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator

from scans.templatetags.console import badge, duration, number, percent, time
from scrapersky.web.lists import Kind
from scrapersky.web.lists.page import Cell

register = template.Library()

NOTHING = mark_safe('<span class="text-secondary">\N{EN DASH}</span>')
END_TAG = mark_safe("</td>")
NO = mark_safe('<span class="text-secondary">No</span>')
LONGEST_TEXT, LONGEST_PAIR = 120, 40
ITEMS_SHOWN = 3


@register.simple_tag(takes_context=True)
def table_cells(context: template.Context, cells: Sequence[Cell]) -> SafeString:
    """Return the table cells of a row."""
    return mark_safe("".join(_table_cell(context, cell) for cell in cells))  # noqa: S308 (escaped)


def _table_cell(context: template.Context, cell: Cell) -> str:
    start = _start_tag(cell.column.label, cell.column.kind, cell.is_empty)
    return start + conditional_escape(_content(context, cell)) + END_TAG


@lru_cache
def _start_tag(label: str, kind: Kind, is_empty: bool) -> SafeString:
    css = f"kind-{kind}{' is-empty' if is_empty else ''}"
    return format_html('<td data-label="{}" class="{}">', label, css)


def _content(context: template.Context, cell: Cell) -> str:
    """Return the content of a cell, by the kind of its column or with the column's template."""
    if cell.column.template:
        return _with_template(context, cell)
    if cell.value is None or cell.value == "":
        return NOTHING
    by_kind = CONTENTS.get(cell.column.kind)
    return by_kind(cell.value) if by_kind else _text(cell)


def _with_template(context: template.Context, cell: Cell) -> SafeString:
    """Render the template with the context of the page and the value."""
    content = template.Engine.get_default().get_template(cell.column.template)
    with context.push(cell=cell, value=cell.value):
        return content.render(context)


def _text(cell: Cell) -> SafeString:
    if cell.link:
        return format_html('<a class="cut" href="{}">{}</a>', cell.link, cell.value)
    return format_html('<span class="cut">{}</span>', _shortened(cell.value, LONGEST_TEXT))


def _shortened(value: Any, length: int) -> str:
    text = str(value)
    return text if len(text) <= length else Truncator(text).chars(length)


def _url(url: str) -> SafeString:
    attributes = mark_safe('rel="noopener noreferrer nofollow" target="_blank"')
    return format_html('<a class="cut" href="{}" {}>{}</a>', url, attributes, url)


def _flag(value: Any) -> str:
    return "Yes" if value else NO


def _items(values: list[Any]) -> SafeString:
    shown = ", ".join(map(str, values[:ITEMS_SHOWN]))
    if len(values) <= ITEMS_SHOWN:
        return format_html('<span class="items">{}</span>', shown) if values else NOTHING
    more = len(values) - ITEMS_SHOWN
    template_text = (
        '<span class="items">{} <span class="text-secondary text-nowrap">+{}</span></span>'
    )
    return format_html(template_text, shown, more)


def _pairs(values: Mapping[str, Any]) -> SafeString:
    pairs = ((name, _shortened(item, LONGEST_PAIR)) for name, item in values.items())
    return format_html_join(" ", '<span class="chip">{}: {}</span>', pairs) or NOTHING


CONTENTS: dict[str, Callable[[Any], str]] = {
    Kind.TIME: time,
    Kind.STATE: badge,
    Kind.NUMBER: number,
    Kind.SHARE: percent,
    Kind.SECONDS: duration,
    Kind.FLAG: _flag,
    Kind.ITEMS: _items,
    Kind.PAIRS: _pairs,
    Kind.URL: _url,
}

"""A site's own menu: links to pages of the site, in an element that is a menu."""

import pytest

from scans.engine.site_menu import has_own_menu

TWO_PAGES = '<a href="/lamps">lamps</a><a href="/chairs">chairs</a>'


@pytest.mark.parametrize(
    "html",
    [
        f"<nav>{TWO_PAGES}</nav>",
        f'<nav class="top">{TWO_PAGES}',
        f'<div class="menu" role="navigation">{TWO_PAGES}</div>',
        f"<ul role=navigation>{TWO_PAGES}</ul>",
        "<nav><a href=lamps>lamps</a><a class='x' href='chairs?page=2'>chairs</a></nav>",
        '<nav><a href="https://www.example.org/lamps">lamps</a><a href="/chairs">chairs</a></nav>',
        '<nav><a href="/lamps">lamps</a></nav><nav><a href="/chairs">chairs</a></nav>',
    ],
)
def test_links_to_two_pages_of_the_site_are_its_menu(html: str) -> None:
    assert has_own_menu(html, "example.org")


@pytest.mark.parametrize(
    "html",
    [
        "",
        TWO_PAGES,
        f'<div class="navigation">{TWO_PAGES}</div>',
        f"<navigator>{TWO_PAGES}</navigator>",
        '<nav><a href="/">home</a><a href="/lamps">lamps</a><a href="/lamps">lamps</a></nav>',
        '<nav><a href="#lamps">lamps</a><a href="#chairs">chairs</a></nav>',
        '<nav><a href="/impressum">impressum</a><a href="/datenschutz">datenschutz</a></nav>',
        '<nav><a href="/de">de</a><a href="/en/">en</a><a href="/fr-ch">fr</a></nav>',
        '<nav><a href="mailto:a@example.org">mail</a><a href="tel:+4922155501">call</a></nav>',
        '<nav><a href="https://host.example/help">help</a><a href="//host.example/a">a</a></nav>',
        '<nav><a href="http://[bad">bad</a><a href="/lamps">lamps</a></nav>',
    ],
)
def test_other_links_are_no_menu_of_the_site(html: str) -> None:
    assert not has_own_menu(html, "example.org")


def test_relative_links_are_those_of_an_unknown_site() -> None:
    assert has_own_menu(f"<nav>{TWO_PAGES}</nav>", "")
    assert not has_own_menu(
        '<nav><a href="https://a.example/1">1</a><a href="//a.example/2">2</a></nav>', ""
    )

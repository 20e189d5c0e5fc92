"""Contacts that markup names as such, even where no text shows them."""

import pytest

from scans.engine.extractors import read_page

NUMBER = "+492214710123"


def contacts_of(body: str) -> list[tuple[str, str, str]]:
    """Return (value, label, method) of the contacts of a German page."""
    page = f"<html lang=de><head>{body}</head><body><p>Text</p></body>".encode()
    read = read_page(page, "https://www.kesselwerk.de/", "text/html; charset=utf-8")
    return [(contact.value, contact.label, contact.method) for contact in read.contacts]


@pytest.mark.parametrize(
    ("body", "method"),
    [
        ('<meta itemprop="telephone" content="+492214710123">', "microdata"),
        ('<meta itemprop="telephone" content="0221 4710123">', "microdata"),
        ('<meta itemprop="telephone" content="492214710123">', "microdata"),
        ("<meta itemprop=telephone content=02214710123>", "microdata"),
        ('<span itemprop="telephone" content="+492214710123">Call us</span>', "microdata"),
        ('<span itemprop="telephone">02214710123</span>', "microdata"),
        ('<meta property="schema:telephone" content="+492214710123">', "microdata"),
        ('<data class="p-tel" value="+492214710123">Call us</data>', "h_card"),
        ('<p class="vcard"><abbr class="tel" title="02214710123">Call</abbr></p>', "h_card"),
        ('<meta property="business:contact_data:phone_number" content="0221 4710123">', "meta"),
        ('<meta property="og:phone_number" content="+49-221-4710123">', "meta"),
    ],
)
def test_a_phone_number_may_be_stated_by_markup_only(body, method):
    assert contacts_of(body) == [(NUMBER, "DE", method)]


@pytest.mark.parametrize(
    "body",
    [
        '<span itemprop="faxNumber">0221 4710123</span>',
        '<meta itemprop="faxNumber" content="+492214710123">',
        '<meta property="business:contact_data:fax_number" content="0221 4710123">',
        '<p>Fax 0221 4710123</p><meta itemprop="telephone" content="0221 4710123">',
    ],
)
def test_a_number_that_markup_or_text_calls_a_fax_is_one(body):
    assert [(value, label) for value, label, _ in contacts_of(body)] == [(NUMBER, "DE fax")]


@pytest.mark.parametrize(
    ("body", "method"),
    [
        ('<meta itemprop="email" content="kesselwerk@gmail.com">', "microdata"),
        ('<span itemprop="email" content="kesselwerk@gmail.com">Write</span>', "microdata"),
        ('<meta property="business:contact_data:email" content="kesselwerk@gmail.com">', "meta"),
    ],
)
def test_an_address_that_markup_names_counts_at_any_domain(body, method):
    assert contacts_of(body) == [("kesselwerk@gmail.com", "free", method)]


def test_a_property_without_a_contact_names_none():
    assert contacts_of('<meta itemprop="telephone" content="yes"><b itemprop="email">-</b>') == []

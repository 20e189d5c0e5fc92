"""Which countries a page refers to."""

import pytest

from scans.engine.extractors.regions import PageRegions, countries_in


def regions(url="https://example.com/", language="", json_ld=(), text="") -> PageRegions:
    return PageRegions(url=url, language=language, json_ld=json_ld, text=text)


@pytest.mark.parametrize(
    ("url", "first"),
    [
        ("https://example.co.uk/", ("GB",)),
        ("https://example.de/", ("DE",)),
        ("https://example.ca/", ("US",)),  # one numbering plan
        ("https://example.io/", ("US",)),
        ("https://example.com/", ("US",)),
        ("https://[broken/", ("US",)),
        ("", ("US",)),
    ],
)
def test_the_ending_of_the_domain_comes_first(url, first):
    assert regions(url).first == first


def test_the_country_of_an_address_is_declared_too():
    page = [{"address": {"addressCountry": {"name": "Deutschland"}}}, {"addressCountry": "AT"}]
    assert regions(json_ld=page).declared == ("DE", "AT")


def test_a_language_with_a_region_declares_it_unless_templates_bring_it():
    assert regions(language="en-GB").declared == ("GB",)
    assert regions(language="en-US").declared == ()


def test_a_page_in_another_language_is_not_american_by_default():
    assert regions(language="de").likely == ("DE", "AT", "CH")


def test_what_the_text_names_most_comes_before_the_rest():
    text = "Offices in France, Spain and Spain.\nCall +39 06 123"
    assert regions(text=text).likely[0] == "US"
    assert set(regions(text=text).likely[1:]) == {"ES", "IT", "FR"}
    assert regions(text=text).likely[-1] == "FR"


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("Nottingham NG4 2PE", "GB"),
        ("Parramatta NSW 2150", "AU"),
        ("D-80331 München", "DE"),
        ("Tullamore, Co. Offaly", "IE"),
    ],
)
def test_postcodes_speak_of_their_country(text, region):
    assert region in regions(text=text).likely


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("New South Wales", []),
        ("New England and New Mexico", []),
        ("Northern Ireland and Indiana", []),
        ("Wales", ["GB"]),
        ("a Spaniard from Spain", ["ES"]),
        ("BangladeshX", []),
        ("Calle 8, Asunción", ["PY"]),
        ("Cork floors", []),
    ],
)
def test_names_within_other_names_are_not_countries(text, expected):
    assert [region for region, _ in countries_in(text)] == expected


def test_the_addresses_on_a_page_speak_of_their_country():
    text = "Advokat Berg\npost@advokatberg.no\npost@berg.io"
    assert regions(text=text).likely == ("US", "NO")


def test_the_text_is_believed_where_a_template_says_english():
    text = "Vi hjelper deg med alt fra kontrakter til arv, og du kan ringe oss når du vil i dag."
    assert regions(language="en-US", text=text).likely == ("US", "NO")
    assert regions(language="en-US", text="We help you with all of it.").likely == ("US",)

"""JSON-LD as written on real pages."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scans.engine.extractors.address_markup import addresses_in_json_ld
from scans.engine.extractors.json_ld import (
    address_line,
    organisation,
    read_blocks,
    same_as,
    walk,
)

BAKERY = {
    "@type": ["http://schema.org/Bakery", "Thing"],
    "name": "The  Bakery",
    "logo": {"@type": "ImageObject", "url": "/logo.png"},
    "telephone": "+1 212 736 5000",
    "email": "mailto:info@bakery.com",
    "address": {
        "streetAddress": "1 Main St",
        "addressLocality": "Springfield",
        "postalCode": "62701",
        "addressCountry": {"name": "US"},
    },
    "sameAs": ["https://x.com/bakery", 7],
}


@pytest.mark.parametrize(
    "block",
    [
        '{"name": "a"}',
        '<!-- {"name": "a"} -->',
        '//<![CDATA[\n{"name": "a"}\n//]]>',
        '/* <![CDATA[ */{"name": "a"}/* ]]> */',
        '{"name": "a"};',
        '[{"name": "a"}]',
        '{"@context": "https://schema.org", "@graph": [{"name": "a"}]}',
    ],
)
def test_a_block_is_read_in_whatever_it_is_wrapped(block):
    assert read_blocks([block]) == ({"name": "a"},)


def test_a_line_break_inside_a_string_is_read():
    assert read_blocks(['{"name": "a\nb"}']) == ({"name": "a\nb"},)


@pytest.mark.parametrize(
    "block", ["", "{", "null", '"text"', "[" * 100_000, '{"a":' * 50_000, "{,}"]
)
def test_a_block_that_is_no_object_is_left_out(block):
    assert read_blocks([block, '{"name": "a"}']) == ({"name": "a"},)


def test_what_no_database_takes_is_cleaned_out():
    (thing,) = read_blocks(['{"name": "a\\u0000b\\ud800"}'])
    assert thing == {"name": "ab?"}


def test_the_organisation_is_described_wherever_it_stands():
    page = [{"@type": "WebPage", "publisher": BAKERY}]
    assert organisation(page) == {
        "type": "Bakery",
        "name": "The Bakery",
        "logo": "/logo.png",
        "telephone": "+1 212 736 5000",
        "email": "info@bakery.com",
        "address": "1 Main St, 62701, Springfield, US",
        "same_as": ["https://x.com/bakery"],
    }


def test_the_organisation_that_says_most_is_the_one():
    assert (
        organisation([{"@type": "Organization", "name": "Agency"}, BAKERY])["name"] == "The Bakery"
    )


def test_other_things_are_no_organisation():
    assert organisation([{"@type": "Product", "name": "Bread"}]) == {}


def test_profiles_are_listed():
    assert list(same_as([BAKERY])) == ["https://x.com/bakery"]


@pytest.mark.parametrize(
    ("address", "line"),
    [
        ("1 Main St,\n Springfield", "1 Main St, Springfield"),
        ([{"addressLocality": "Springfield"}], "Springfield"),
        ([], ""),
        (None, ""),
        ({"streetAddress": None, "postalCode": 62701}, "62701"),
    ],
)
def test_an_address_becomes_one_line(address, line):
    assert address_line(address) == line


VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(["@type", "@graph", "address", "name", "logo", "sameAs", "email"]),
            inner,
        )
    ),
)


@given(VALUES)
def test_any_json_is_read_without_raising(value):
    things = read_blocks([json.dumps(value)])
    organisation(things)
    assert all(isinstance(thing, dict) for thing in walk(list(things)))
    assert all(len(parts) == 7 for parts in addresses_in_json_ld(things))
    assert all(isinstance(url, str) for url in same_as(things))


@given(st.text())
def test_any_text_is_read_without_raising(text):
    assert isinstance(read_blocks([text]), tuple)

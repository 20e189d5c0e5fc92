"""Host names in Unicode, and those that could be mistaken for others."""

import idna
import pytest

from scrapersky.web.idn import display_host


@pytest.mark.parametrize(
    "name",
    [
        "bücher.example",
        "пример.рф",
        "例え.テスト",
        "한국.example",
        "παράδειγμα.example",
        "www.bücher.example",
        "привет.com",
    ],
)
def test_a_name_of_one_script_is_shown_as_people_write_it(name: str) -> None:
    assert display_host(idna.encode(name).decode()) == name


@pytest.mark.parametrize(
    "host",
    [
        "xn--80ak6aa92e.com",  # all Cyrillic, and looks like "apple"
        "xn--pple-43d.com",  # "apple" with a Cyrillic first letter
        "xn--paypl-7ve.example",
        "xn--zz.example",
        "example.com",
        "203.0.113.7:8080",
    ],
)
def test_a_name_that_could_mislead_or_is_not_valid_stays_as_it_is(host: str) -> None:
    assert display_host(host) == host

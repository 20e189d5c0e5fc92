"""The filter by words in the title and description of a domain.

Where many domains have the words, a page is filled soonest domain after domain; where few have
them, through the index of words. PostgreSQL cannot tell which: it estimates prefixes of words
poorly, and takes parsing a title to cost little. A sample of the domains that a list begins with
decides.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.db import connection

from scans.models import Domain
from scans.text_search import words_match
from scrapersky.web.lists import text
from scrapersky.web.lists.filters import Condition, Filter, any_of

SAMPLE = 2_000


def by_words(label: str, *, path: str = "", common: int, **options: Any) -> Filter:
    """Define the filter; `path` leads from a row to its domain.

    The words are common if `common` domains of the sample have them.
    """

    def by_frequency(values: list[str], tenants: Sequence[Any], is_only: bool) -> Condition | None:
        if connection.vendor == "sqlite" or _in_sample(values, tenants) < common:
            return None
        return any_of(partial(words_match, path=path, is_common=True))(values)

    match = partial(words_match, path=path)
    return text("words", label, match, by_frequency=by_frequency, **options)


def _in_sample(values: list[str], tenants: Sequence[Any]) -> int:
    """Return how many of the domains that a list begins with have the words."""
    matches = any_of(partial(words_match, is_common=True))(values)
    sample = Domain.objects.filter(tenant=tenants[0]).order_by("host").annotate(matches=matches)
    return sum(sample.values_list("matches", flat=True)[:SAMPLE])

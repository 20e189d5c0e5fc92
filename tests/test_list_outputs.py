"""The outputs of a list agree: any filters in any order, on its page and through the API."""

import re
from collections.abc import Callable
from random import Random
from typing import Any
from urllib.parse import urlencode

import pytest
from django.http import QueryDict
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batches.models import Batch
from scans.models import Contact, Domain, Page
from scans.tests.test_api_lists import PATHS
from scrapersky.tenants.models import Membership, Tenant, User
from scrapersky.web.lists import Filter, ListDefinition, ListQuery, get_list
from tests.random_results import Results

pytestmark = pytest.mark.django_db
ROW = re.compile(r'<tr id="row-([0-9a-f-]{36})"')
NEXT = re.compile(r'rel="next" href="[^"?]+\?([^"]*)"')
API_ROWS = 45
Pairs = list[tuple[str, str]]


@pytest.fixture
def member(user: User, other_tenant: Tenant, default_tenant: Tenant) -> User:
    """Return a member of two tenants of three, all with random results."""
    Membership.objects.create(user=user, tenant=other_tenant, role=Membership.Role.VIEWER)
    unseen = Tenant.objects.create(name="Out of sight")
    for number, tenant in enumerate((default_tenant, other_tenant, unseen)):
        Results(tenant, Random(number)).write()
    return user


def texts_of(item: Filter) -> list[str]:
    """Return texts that a filter of any list may have: its choices, or values of the data."""
    if item.choices:
        return [value for value, _ in item.choices]
    if item.input_type == "number":
        return ["0", "1", "2", "60"]
    if item.name.endswith(("_after", "_before")):
        return ["1d", "4d", "7d", "2020-01-01"]
    hosts = list(Domain.objects.values_list("host", flat=True)[:9])
    values = list(Contact.objects.values_list("value", flat=True)[:9])
    technologies = ["WordPress", "Shopify", "nginx", "nothing"]
    named = {
        "q": [*hosts, *(h[:6] for h in hosts), ".de", "co.uk", "bücher", "1", "Harbour", "50 %"],
        "words": ["harb", "straße wine", "O'Hara", "%", "bücher berg"],
        "batch": [str(batch.pk) for batch in Batch.objects.order_by("pk")[:2]],
        "tag": ["vip", "Später", "50 %"],
        "language": ["de", "en", "de-AT"],
        "tld": ["de", "co.uk"],
        "version": ["6", "5", "6.4.1"],
        "name": technologies,
        "value": [*values, "+4930", "info1", "%", "_"],
        "column": ["wine", "berg", "straße", "%", "O'Hara", "nothing"],
        "url": [url[:-3] for url in Page.objects.values_list("url", flat=True)[:9]],
    }
    named |= {"list": ["nothing"], "no_list": ["nothing"]}
    named |= {"domain": named["q"], "technology": [*technologies, "WordPress@6"]}
    named |= {"no_technology": technologies, "country": ["DE", "us"], "phone_country": ["DE"]}
    return named[item.name]


def queries(definition: ListDefinition) -> st.SearchStrategy[Pairs]:
    """Return a strategy for up to three values of filters, and an order."""
    pairs = [(f.name, text) for f in definition.filters for text in texts_of(f)]
    by_filter = st.sampled_from(definition.filters).flatmap(
        lambda item: st.sampled_from([pair for pair in pairs if pair[0] == item.name])
    )
    sorts = [sort for sort in definition.sorts if not sort.within]
    orders = [("sort", sign + sort.name) for sort in sorts for sign in ("", "-")] + [("sort", "")]
    filters = st.lists(by_filter, min_size=1, max_size=3, unique_by=_once(definition))
    return st.tuples(filters, st.sampled_from(orders)).map(lambda both: [*both[0], both[1]])


def _once(definition: ListDefinition) -> Callable[[tuple[str, str]], object]:
    """Return what no two pairs may share: the whole pair, or only its name for a single filter."""
    return lambda pair: pair[0] if definition.filter_by_name[pair[0]].is_single else pair


def rows_of_page(client: Client, definition: ListDefinition, pairs: Pairs) -> list[str]:
    """Return the ids of the rows of a list's pages, followed by their links."""
    ids, query = [], urlencode([*pairs, ("columns", definition.columns[0].name)])
    while query:
        page = client.get(f"{definition.url}rows/?{query}", headers={"HX-Request": "true"})
        text = page.content.decode()
        assert page.status_code == 200
        ids += ROW.findall(text)
        following = NEXT.search(text)
        query = following[1].replace("&amp;", "&") if following else ""
    return ids


def rows_of_api(client: Client, definition: ListDefinition, pairs: Pairs) -> list[str]:
    """Return the ids of the rows of the API, read cursor by cursor."""
    ids, cursor = [], ""
    while cursor is not None:
        params = [*pairs, ("fields", "id"), ("limit", f"{API_ROWS}"), ("cursor", cursor)]
        response = client.get(f"/api/v3{PATHS[definition.name]}?{urlencode(params)}")
        assert response.status_code == 200, response.content
        ids += [row["id"] for row in response.json()["items"]]
        cursor = response.json()["next"]
    return ids


def ids_of(definition: ListDefinition, user: User, pairs: Any) -> set[str]:
    """Return the ids of the rows that match, straight from the database."""
    query = ListQuery(definition, QueryDict(urlencode(pairs)), user)
    assert query.errors == {}
    return {str(pk) for pk in query.rows.values_list("pk", flat=True)}


def grouped(pairs: Pairs) -> list[Pairs]:
    """Return the values of each filter, which are alternatives, apart from the others."""
    names = {name for name, _ in pairs if name != "sort"}
    return [[pair for pair in pairs if pair[0] == name] for name in names]


def agree(client: Client, user: User, definition: ListDefinition, pairs: Pairs) -> bool:
    """Check that the outputs of a list agree on some parameters; return whether a row matches."""
    shown = rows_of_page(client, definition, pairs)
    assert shown == rows_of_api(client, definition, pairs)
    assert len(shown) == len(set(shown))
    alone = [ids_of(definition, user, group) for group in grouped(pairs)]
    assert set(shown) == set.intersection(*alone)
    count = ListQuery(definition, QueryDict(urlencode(pairs)), user).count()
    assert count.rows == len(shown)
    return bool(shown)


def matches_of(client: Client, user: User, definition: ListDefinition) -> int:
    """Check random parameters of a list; return how many of them match a row."""
    outcomes: list[bool] = []

    @settings(max_examples=12, suppress_health_check=list(HealthCheck))
    @given(queries(definition))
    def check(pairs: Pairs) -> None:
        outcomes.append(agree(client, user, definition, pairs))

    check()
    return sum(outcomes)


def test_random_filters_give_the_same_rows_on_the_page_and_in_the_api(
    member: User, console: Client
) -> None:
    matches = {name: matches_of(console, member, get_list(name)) for name in PATHS}
    assert {name for name, number in matches.items() if number < 4} == set()

"""Parameters of a list: what is wrong with them is said on the page and through the API alike."""

from base64 import urlsafe_b64encode
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone

from batches.models import Batch, BatchRow
from scans.curation import DomainTag, Tag
from scans.domain_lists.models import ListedDomain
from scans.models import Domain, DomainList, Technology
from scans.services import ensure_domains
from scans.tests.test_lists import hosts, results  # noqa: F401 (a fixture)
from scrapersky.tenants.models import Tenant, User
from scrapersky.web.lists.keyset import Cursor

pytestmark = pytest.mark.django_db
MANY = "&".join(f"tag={number}" for number in range(1_100))
WRONG = [
    ("colour=red", "The list has no filter “colour”."),
    ("limit=5", "The list has no filter “limit”."),
    ("sort=colour", "“colour” is not an order of this list."),
    ("sort=--host", "“--host” is not an order of this list."),
    ("has_email=yes&has_email=no", "Has e-mail: Enter one value."),
    ("pages_min=1&pages_min=3", "Pages, at least: Enter one value."),
    ("&".join(f"tag=t{number}" for number in range(51)), "Tag: Enter at most 50 values."),
    (f"words={'x' * 501}", "Enter at most 500 characters."),
    (f"q={'x' * 4_001}", "Domain: Enter at most 4,000 characters."),
    ("scanned_after=9999-12-31T23:59:59-12:00", "Scanned after: “9999-12-31T23:59:59-12:00” is"),
    ("first_seen_before=0001-01-01T00:00:00%2B14:00", "First seen before: “0001-01-01T00:00"),
    ("phone_country=Germany", "Phone country: “Germany” is not a country code of two letters"),
    ("columns=host,colour", "There is no column “colour”."),
]


@pytest.mark.parametrize(("params", "message"), WRONG)
def test_the_page_says_which_parameter_it_ignores(
    console: Client, params: str, message: str
) -> None:
    page = console.get(f"/domains/?{params}").content.decode()
    assert message in page
    assert "It is ignored." in page


@pytest.mark.parametrize(("params", "message"), WRONG)
def test_the_api_and_exports_refuse_what_the_page_ignores(
    console: Client, params: str, message: str
) -> None:
    reason = message.rpartition(": ")[2]
    export = console.get(f"/exports/list/domains/?{params}")
    assert export.status_code == 422
    assert reason in export.content.decode()
    if params != "limit=5":  # which is a parameter of the API
        response = console.get("/api/v3/domains?" + params.replace("columns=", "fields="))
        assert response.status_code == 422
        assert reason in response.json()["detail"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("actions", {"list": "domains", "action": "tag", "tags": ["x"], "query": MANY}),
        ("exports", {"list": "domains", "query": MANY}),
        ("batch_page_scraper/batch", {"source": f"filter:{MANY}"}),
    ],
)
def test_a_query_of_too_many_parameters_is_refused(
    console: Client, path: str, body: dict[str, Any]
) -> None:
    response = console.post(f"/api/v3/{path}", body, content_type="application/json")
    assert response.status_code == 422
    assert "too many parameters" in response.json()["detail"]


@pytest.mark.usefixtures("results")
def test_a_repeated_value_counts_once(user: User) -> None:
    assert len(hosts(user, has_email=["yes", "yes"])) == len(hosts(user, has_email="yes")) > 0


@pytest.mark.usefixtures("results")
def test_a_cursor_is_valid_in_one_order_of_one_list_only(console: Client) -> None:
    def following(path: str, **params: str) -> Any:
        return console.get(f"/api/v3/{path}", {"limit": "1", **params})

    cursor = following("contacts").json()["next"]
    assert following("contacts", cursor=cursor).status_code == 200
    assert following("contacts", cursor=cursor, kind="email").status_code == 200
    for path, params in (("pages", {}), ("contacts", {"sort": "first_seen"})):
        response = following(path, cursor=cursor, **params)
        assert response.status_code == 422
        assert "cursor is not one of this list" in response.json()["detail"]


@pytest.mark.parametrize(
    ("sort", "values"),
    [
        ("host", ["a"]),
        ("page_count", [10**30, str(UUID(int=1))]),
        ("page_count", [float("inf"), str(UUID(int=1))]),
        ("created_at", ["0001-01-01T00:00:00+14:00", str(UUID(int=1))]),
        ("created_at", ["2026-01-01T00:00:00+00:00", "x"]),
    ],
)
def test_a_cursor_with_impossible_values_is_refused(
    console: Client, default_tenant: Tenant, sort: str, values: list[Any]
) -> None:
    cursor = Cursor(f"domains {sort}", str(default_tenant.pk), tuple(values)).text()
    response = console.get("/api/v3/domains", {"sort": sort, "cursor": cursor})
    assert response.status_code == (200 if values == ["a"] else 422)


@pytest.mark.usefixtures("results")
def test_a_cursor_of_nested_brackets_is_refused(console: Client) -> None:
    cursor = urlsafe_b64encode(b"[" * 5_000).decode()
    assert console.get("/api/v3/domains", {"cursor": cursor}).status_code == 422


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pt", ["a.example", "b.example"]),
        ("PT-br", ["b.example"]),
        ("pt_BR", ["b.example"]),
        ("zh-hans", ["c.example"]),
        ("ZH-Hans-cn", ["d.example"]),
        ("zh", ["c.example", "d.example"]),
        ("p", []),
        ("pt-", ["a.example", "b.example"]),
    ],
)
def test_a_language_includes_its_regions(
    default_tenant: Tenant, user: User, text: str, expected: list[str]
) -> None:
    languages = {"a.example": "pt", "b.example": "pt-BR", "c.example": "zh-Hans"}
    languages |= {"d.example": "zh-hans-CN", "e.example": ""}
    ensure_domains(tenant=default_tenant, hosts=list(languages))
    for host, language in languages.items():
        Domain.objects.filter(host=host).update(language=language)
    assert hosts(user, language=text) == expected


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *[("tag", text) for text in ("Später", "SPÄTER", "später")],
        *[("list", text) for text in ("Groß", "groß", "GROSS")],
        *[
            ("technology", text)
            for text in ("WordPress", "wordpress", "WORDPRESS@6", "wordpress @ 6")
        ],
    ],
)
def test_names_are_found_in_any_case(
    default_tenant: Tenant, user: User, name: str, text: str
) -> None:
    now = timezone.now()
    ensure_domains(tenant=default_tenant, hosts=["a.example", "b.example"])
    domain = Domain.objects.get(host="a.example")
    tag = Tag.objects.create(tenant=default_tenant, name="Später")
    DomainTag.objects.create(tag=tag, domain=domain)
    group = DomainList.objects.create(tenant=default_tenant, name="Groß")
    ListedDomain.objects.create(domain_list=group, domain=domain)
    seen = {"tenant": default_tenant, "domain": domain, "first_seen": now, "last_seen": now}
    Technology.objects.create(name="WordPress", version="6.4.1", category="cms", **seen)
    assert hosts(user, **{name: text}) == ["a.example"]
    if name != "tag":  # which no filter excludes
        assert hosts(user, **{f"no_{name}": text}) == ["b.example"]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"tld": "рф"}, ["xn--e1afmkfd.xn--p1ai"]),
        ({"tld": ".xn--p1ai"}, ["xn--e1afmkfd.xn--p1ai"]),
        ({"tld": "*.De"}, ["xn--strae-oqa.de"]),
        ({"q": "straße"}, ["xn--strae-oqa.de"]),
        ({"q": ".straße.de"}, []),
        ({"q": "straße.de"}, ["xn--strae-oqa.de"]),
        ({"q": "https://straße.de/" + "x" * 3_000}, ["xn--strae-oqa.de"]),
    ],
)
def test_international_names_are_found_as_typed(
    default_tenant: Tenant, user: User, params: dict[str, str], expected: list[str]
) -> None:
    ensure_domains(tenant=default_tenant, hosts=["xn--e1afmkfd.xn--p1ai", "xn--strae-oqa.de"])
    assert hosts(user, **params) == expected


@pytest.mark.parametrize("text", ["Überblick", "überblick", "ÜBERBLICK", "ÜBER", "straße ü"])
def test_names_of_batches_and_lists_are_found_in_any_case(
    default_tenant: Tenant, console: Client, text: str
) -> None:
    batch = Batch.objects.create(tenant=default_tenant, name="Straßen-Überblick", total=1)
    assert [row["id"] for row in rows_of(console, "batches", q=text)] == [str(batch.pk)]
    DomainList.objects.create(tenant=default_tenant, name="Straßen-Überblick")
    assert len(rows_of(console, "lists", q=text)) == (0 if " " in text else 1)


@pytest.mark.parametrize("text", ["grün", "Grün", "GRÜN", "Ort=grün", "Ort=GRÜN", "Ort=Grün"])
@pytest.mark.parametrize("stored", ["Grün", "grün", "GRÜN"])
def test_a_column_of_a_list_is_searched_in_any_case(
    default_tenant: Tenant, console: Client, stored: str, text: str
) -> None:
    batch = Batch.objects.create(tenant=default_tenant, total=1, list_columns=["Ort"])
    BatchRow.objects.create(batch=batch, position=1, line=2, values=[stored])
    assert len(rows_of(console, "lines", batch=str(batch.pk), column=text)) == 1


def rows_of(client: Client, path: str, **params: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = client.get(f"/api/v3/{path}", params).json()["items"]
    return rows

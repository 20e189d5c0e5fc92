"""Lists of results through the API: the same rows as on the page, in every format."""

import json
from typing import Any

import pytest
from django.test import Client

from scans.lists import DOMAINS
from scans.models import Domain, Scan
from scans.tests.test_lists import results  # noqa: F401 (a fixture)
from scrapersky.tenants.models import User
from scrapersky.web.lists import all_lists

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("results")]
API = "/api/v3"
PATHS = {
    "domains": "/domains",
    "contacts": "/contacts",
    "pages": "/pages",
    "technology_names": "/technologies",
    "technologies": "/technologies/domains",
    "sitemaps": "/sitemaps",
    "scans": "/scans",
    "batches": "/batches",
    "jobs": "/jobs",
    "lists": "/lists",
    "lines": "/lines",
}


def get(client: Client, path: str, **params: Any) -> Any:
    response = client.get(f"{API}{path}", params)
    assert response.status_code == 200, response.content
    return response.json()


def test_every_list_has_a_path() -> None:
    assert PATHS.keys() == {definition.name for definition in all_lists()}


@pytest.mark.parametrize("name", PATHS)
def test_a_list_can_be_read_page_by_page(console: Client, name: str) -> None:
    definition = next(item for item in all_lists() if item.name == name)
    whole = get(console, PATHS[name], limit=1_000)
    assert whole["next"] is None
    parts, cursor = [], ""
    for _ in range(10):
        page = get(console, PATHS[name], limit=7, cursor=cursor)
        parts += page["items"]
        cursor = page["next"]
        if not cursor:
            break
    assert parts == whole["items"]
    for item in parts[:1]:
        assert item.keys() == definition.column_by_name.keys()


def test_rows_are_those_of_the_page(console: Client) -> None:
    items = get(console, "/domains", q="site.test", sort="-page_count", limit=5)["items"]
    shown = console.get("/domains/", {"q": "site.test", "sort": "-page_count"}).content.decode()
    places = [shown.index(item["host"]) for item in items]
    assert places == sorted(places)


def test_fields_decide_what_a_row_has(console: Client) -> None:
    items = get(console, "/domains", fields="host,page_count")["items"]
    assert items[0].keys() == {"host", "page_count"}


def test_blanks_around_a_limit_and_fields_are_ignored(console: Client) -> None:
    items = get(console, "/domains", limit=" 2.0 ", fields=" host , host,,title ")["items"]
    assert [list(item) for item in items] == [["host", "title"]] * 2


def test_json_lines_name_the_next_page_in_their_head(console: Client) -> None:
    response = console.get(f"{API}/domains?format=jsonl&limit=7&fields=host")
    lines = b"".join(response.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    hosts = [json.loads(line)["host"] for line in lines]
    assert len(hosts) == 7
    assert response["Content-Type"] == "application/jsonl"
    page = get(console, "/domains", cursor=response["X-Next-Cursor"], limit=7, fields="host")
    assert page["items"][0]["host"] > hosts[-1]
    assert response["Link"].startswith("<http://testserver/api/v3/domains?")


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"verdict": "nonsense"}, "verdict"),
        ({"sort": "colour"}, "sort"),
        ({"fields": "host,colour"}, "fields"),
        ({"cursor": "x"}, "cursor"),
        ({"limit": "1001"}, "limit"),
        ({"limit": "0"}, "limit"),
        ({"columns": "host"}, "columns"),
        ({"view": "none"}, "view"),
        ({"colour": "red"}, "colour"),
        ({"format": "xml"}, "format"),
    ],
)
def test_a_wrong_parameter_is_422_with_its_name(
    console: Client, params: dict[str, str], field: str
) -> None:
    response = console.get(f"{API}/domains", params)
    assert response.status_code == 422
    assert field in response.json()["errors"][0]["field"]


def test_one_domain_is_returned_whole(console: Client) -> None:
    row = Domain.objects.get(host="example.org")
    domain = get(console, f"/domains/{row.pk}")
    assert domain["host"] == "example.org"
    assert [item["value"] for item in domain["contacts"]] == ["a1@example.com"]
    assert domain["technologies_with_evidence"][0]["version"] == "6.4.1"
    assert len(domain["sitemaps"]) == 1


def test_one_scan_is_returned_with_its_report(console: Client) -> None:
    row = Scan.objects.filter(domain__host="example.org").get()
    scan = get(console, f"/scans/{row.pk}")
    assert scan["domain"] == "example.org"
    assert scan["report"]["contacts"] == []


def test_rows_of_another_tenant_are_not_there(console: Client, stranger: User) -> None:
    for name, path in PATHS.items():
        body = console.get(f"{API}{path}", {"limit": 1_000}).content.decode()
        assert "foreign.example" not in body, name
    foreign = Domain.objects.get(host="foreign.example")
    unknown = console.get(f"{API}/domains/{stranger.pk}")
    response = console.get(f"{API}/domains/{foreign.pk}")
    assert (response.status_code, unknown.status_code) == (404, 404)
    assert response.json()["detail"] == unknown.json()["detail"]


def test_the_documentation_names_every_filter_and_field() -> None:
    paths = Client().get(f"{API}/openapi.json").json()["paths"]
    listed = {param["name"] for param in paths[f"{API}/domains"]["get"]["parameters"]}
    assert listed >= set(DOMAINS.filter_by_name) | {"sort", "cursor", "limit", "fields", "format"}

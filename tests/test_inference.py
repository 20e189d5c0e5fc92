"""Ids of other tenants behave like unknown ids: same body, status and number of queries.

Every URL with an id is found through the URL resolver and the OpenAPI document. New kinds of ids
must be added to the fixtures here, or a test fails.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, time
from typing import Any
from urllib.parse import quote, quote_plus
from uuid import UUID, uuid4

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLResolver, get_resolver
from django.utils.html import escape

from batches.models import Batch, Export, Job, LegacyId
from batches.recurring import Plan, create_recurring
from batches.services import create_batch
from batches.tests.api_clients import program_of
from batches.tests.outcomes import complete
from scans.bulk.models import BulkAction
from scans.corrections.models import Correction
from scans.domain_lists.models import DomainList
from scans.models import Contact, Page, Sitemap
from scrapersky.api import api
from scrapersky.tenants.models import ApiToken, Tenant, User, UserSession
from scrapersky.tenants.preferences import SavedView

pytestmark = pytest.mark.django_db

# Pairs of another tenant's id and an unknown one, by kind of row.
Pairs = dict[str, list[tuple[str, str]]]
# The kind of row in a console URL, by prefix of the route.
KIND_OF_ROUTE = {
    "batches/": "batch",
    "jobs/": "job",
    "domains/": "domain",
    "schedules/": "schedule",
    "views/": "view",
    "actions/": "action",
    "exports/": "export",
    "lists/": "list",
    "contacts/": "contact",
    "pages/": "page",
    "sitemaps/": "sitemap",
    "account/sessions/": "session",
    "account/tokens/": "token",
}
# Id parameters of lists, and the kinds of rows they refer to.
ID_PARAMETERS = {
    "q": ("batch", "job", "domain"),
    "batch": ("batch",),
    "domain": ("domain",),
    "list": ("list",),
}
API_PATHS = api.get_openapi_schema()["paths"]
API_OPERATIONS = [(method, path) for path, methods in API_PATHS.items() for method in methods]
# Every filter by id of the API: the URL of a list, and the parameter.
API_FILTERS = [
    (path, parameter["name"])
    for path, methods in API_PATHS.items()
    for parameter in methods.get("get", {}).get("parameters", ())
    if "{" not in path and parameter["name"] in ID_PARAMETERS
]


@pytest.fixture
def pairs(other_tenant: Tenant, stranger: User) -> Pairs:
    taken = uuid4()
    third = Tenant.objects.create(name="Third")
    create_batch(tenant=third, created_by=None, domains=["t.example"], batch_id=taken)
    batch = create_batch(
        tenant=other_tenant, created_by=stranger, domains=["x.example"], batch_id=taken
    )
    job = complete(batch.jobs.get())
    assert job.domain
    assert job.scan
    Batch.objects.filter(pk=batch.pk).update(legacy_id=77)
    Job.objects.filter(pk=job.pk).update(legacy_id=78)
    batch_ids = [batch.pk, taken, alias("batch", batch.pk), batch.pk.hex, f"batch_{batch.pk.hex}"]
    job_ids = [job.pk, alias("job", job.pk)]
    domain_ids = [job.domain.pk, alias("domain", job.domain.pk)]
    now = datetime.now(UTC)
    own: dict[str, Any] = {"tenant": other_tenant, "created_by": stranger}
    seen: dict[str, Any] = {"tenant": other_tenant, "domain": job.domain}
    seen |= {"first_seen": now, "last_seen": now}
    rows: dict[str, list[Any]] = {
        "batch": [*batch_ids, 77, alias("batch", batch.pk, "their batch")],
        "job": [*job_ids, 78, alias("job", job.pk, "job_theirs")],
        "domain": domain_ids,
        "scan": [job.scan.pk],
        "schedule": [schedule_of(other_tenant, stranger)],
        "view": [view_of(other_tenant, stranger)],
        "action": [sample(BulkAction, list_name="domains", operation="tag", **own).pk],
        "export": [sample(Export, list_name="domains", format="csv", **own).pk],
        "list": [sample(DomainList, name="Theirs", **own).pk],
        "contact": [sample(Contact, kind="email", value="x@x.example", **seen).pk],
        "page": [sample(Page, url="http://x.example/z", url_hash=b"z" * 16, **seen).pk],
        "sitemap": [sample(Sitemap, url="http://x.example/s", url_hash=b"s" * 16, **seen).pk],
        "correction": [
            sample(Correction, domain=job.domain, kind="technology", value="nginx", **own).pk
        ],
        "session": [session_of(stranger)],
        "token": [ApiToken.create(user=stranger, name="theirs")[0].pk],
    }
    return {kind: [(str(pk), nobodys(str(pk))) for pk in ids] for kind, ids in rows.items()}


def sample(model: type[Model], **facts: Any) -> Model:
    return model._default_manager.create(**facts)


def nobodys(text: str) -> str:
    """Return an unknown id of the same form."""
    fresh = uuid4()
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", str(fresh), text)
    text = re.sub(r"[0-9a-f]{32}", fresh.hex, text)
    return text.replace("their", "nobod").replace("7", "9") if len(text) < 20 else text


def alias(kind: str, became: UUID, original: str = "") -> str:
    text = original or str(uuid4())
    LegacyId.objects.create(kind=kind, original=text, uuid=became, how="alias", made=True)
    return text


def schedule_of(tenant: Tenant, user: User) -> UUID:
    plan = Plan(name="Weekly", domains="x.example", frequency="daily", time_of_day=time(6))
    return create_recurring(plan, tenant=tenant, created_by=user, now=datetime.now(UTC)).pk


def view_of(tenant: Tenant, user: User) -> UUID:
    view = SavedView(tenant=tenant, owner=user, list_name="domains", name="Theirs", is_shared=True)
    view.save()
    return view.pk


def session_of(user: User) -> Any:
    client = Client()
    client.force_login(user)
    client.get("/")
    assert Session.objects.exists()
    return UserSession.objects.get(user=user).pk


def outcome(client: Client, method: str, url: str, text: str) -> tuple[Any, ...]:
    """Return the observable properties of a response, without the requested id."""
    with CaptureQueriesContext(connection) as queries:
        response = client.generic(method.upper(), url, content_type="application/json")
    streamed = getattr(response, "streaming_content", None)
    body = b"".join(streamed) if streamed else response.content
    shown = re.sub(r"csrf[^>]{0,200}", "", body.decode())
    location = response.headers.get("Location", "")
    for spelled in (text, quote(text), quote_plus(text), escape(text)):
        shown, location = shown.replace(spelled, ""), location.replace(spelled, "")
    return response.status_code, location, len(queries), shown


def assert_same(client: Client, method: str, url: str, pairs: list[tuple[str, str]]) -> None:
    for _, unknown in pairs[:1]:
        outcome(client, method, url.replace("ID", unknown), unknown)  # what is done once is done
    for theirs, unknown in pairs:
        expected = outcome(client, method, url.replace("ID", unknown), unknown)
        assert outcome(client, method, url.replace("ID", theirs), theirs) == expected


@pytest.mark.parametrize(("method", "path"), [op for op in API_OPERATIONS if "{" in op[1]])
def test_an_address_of_the_api_tells_nothing_of_other_tenants(
    user: User, pairs: Pairs, method: str, path: str
) -> None:
    (kind,) = re.findall(r"\{(\w+)_id\}", path)
    program = program_of(user)
    taken = [pair for pair in pairs[kind] if "-" in pair[0] or kind in ("batch", "job")]
    assert_same(program, method, re.sub(r"\{\w+\}", "ID", path), taken)


@pytest.mark.parametrize(("path", "name"), API_FILTERS)
def test_a_filter_of_the_api_tells_nothing_of_other_tenants(
    user: User, pairs: Pairs, path: str, name: str
) -> None:
    named = [pair for kind in ID_PARAMETERS[name] for pair in pairs[kind]]
    assert_same(program_of(user), "get", f"{path}?{name}=ID", named)


def test_sitemaps_of_other_tenants_domains_are_unknown_like_any_others(
    user: User, pairs: Pairs
) -> None:
    program, url = program_of(user), "/api/v3/domains/sitemaps"
    for theirs, unknown in pairs["domain"]:
        answers = []
        for pk in (unknown, unknown, theirs):
            with CaptureQueriesContext(connection) as queries:
                response = program.post(url, {"ids": [pk]}, content_type="application/json")
            body = response.content.decode().replace(pk, "")
            answers.append((response.status_code, body, len(queries)))
        assert answers[1] == answers[2]
        assert answers[2][0] == 404


def routes(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, route)
        else:
            yield route


ROUTES = sorted(
    route
    for route in routes(get_resolver())
    if "<uuid:pk>" in route and not route.startswith(("admin/", "api/"))
)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_an_address_of_the_console_tells_nothing_of_other_tenants(
    console: Client, pairs: Pairs, method: str, route: str
) -> None:
    kind = next(kind for start, kind in KIND_OF_ROUTE.items() if route.startswith(start))
    ids = [pair for pair in pairs[kind] if re.fullmatch(r"[0-9a-f-]{36}", pair[0])]
    assert_same(console, method, "/" + route.replace("<uuid:pk>", "ID"), ids)


@pytest.mark.parametrize("page", ["/batches/", "/domains/", "/search/", "/jobs/"])
def test_a_search_tells_nothing_of_other_tenants(console: Client, pairs: Pairs, page: str) -> None:
    ids = pairs["batch"] + pairs["job"] + pairs["domain"]
    assert_same(console, "get", f"{page}?q=ID", ids)

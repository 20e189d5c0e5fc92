"""Every address of the project, called by those who have no business with what is behind it.

A new address must be added to the table, with what a stranger gets there; until it is, a test
fails. The rows of one tenant carry a word that no answer to a stranger may hold.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db.models import Model
from django.http import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from batches.models import (
    Batch,
    Job,
    LegacyId,
    MaintenanceRun,
    RecurringBatch,
    RecurringRun,
    Worker,
)
from batches.recurring import Plan, create_recurring, start_now
from batches.services import create_batch
from batches.tests.outcomes import complete
from scans.models import (
    Contact,
    Correction,
    Domain,
    DomainTag,
    Page,
    Scan,
    Sitemap,
    Tag,
    Technology,
    TechnologyCount,
)
from scrapersky.tenants.models import ApiToken, LoginDelay, Membership, Tenant, User
from scrapersky.tenants.preferences import ListSettings, SavedView
from scrapersky.web.lists import all_lists

pytestmark = pytest.mark.django_db
WORD = "zanzibar"


@dataclass(frozen=True)
class Gate:
    """What answers at an address: to nobody in particular, and to a member of another tenant."""

    anonymous: int
    stranger: int
    # Whose id the address takes: `batch`, `job`, `domain` or `schedule`.
    key: str = ""
    method: str = "get"
    parameter: str = "<uuid:pk>"

    @property
    def changes_a_row(self) -> bool:
        return bool(self.key) and self.method != "get"


LIST = Gate(302, 200)
OF_BATCH = Gate(302, 404, "batch")
OF_JOB = Gate(302, 404, "job")
OF_DOMAIN = Gate(302, 404, "domain")
CONTROL_OF_BATCH = Gate(302, 404, "batch", "post")
CONTROL_OF_JOB = Gate(302, 404, "job", "post")
PUBLIC = Gate(200, 200)
CONSOLE = {
    "login/": Gate(200, 302),
    "logout/": Gate(302, 302, method="post"),
    "healthz": PUBLIC,
    "": LIST,
    "search/": LIST,
    "live/": Gate(302, 302),
    "batches/": LIST,
    "batches/new/": LIST,
    "batches/demo/": Gate(302, 404, method="post"),
    "batches/<uuid:pk>/": OF_BATCH,
    "batches/<uuid:pk>/progress/": Gate(302, 302, "batch"),
    "batches/<uuid:pk>/jobs/": Gate(302, 302, "batch"),
    "batches/<uuid:pk>/results.csv": OF_BATCH,
    "batches/<uuid:pk>/results.json": OF_BATCH,
    "batches/<uuid:pk>/cancel/": CONTROL_OF_BATCH,
    "batches/<uuid:pk>/pause/": CONTROL_OF_BATCH,
    "batches/<uuid:pk>/resume/": CONTROL_OF_BATCH,
    "batches/<uuid:pk>/retry/": CONTROL_OF_BATCH,
    "batches/<uuid:pk>/rerun/": CONTROL_OF_BATCH,
    "jobs/<uuid:pk>/": OF_JOB,
    "jobs/<uuid:pk>/progress/": Gate(302, 302, "job"),
    "jobs/<uuid:pk>/retry/": CONTROL_OF_JOB,
    "jobs/<uuid:pk>/cancel/": CONTROL_OF_JOB,
    "domains/": LIST,
    "domains/<uuid:pk>/": OF_DOMAIN,
    "domains/<uuid:pk>/scan/": Gate(302, 404, "domain", "post"),
    "domains/<uuid:pk>/sitemaps/": Gate(302, 404, "domain", "post"),
    "domains/<uuid:pk>/corrections/": Gate(302, 404, "domain", "post"),
    "domains/<uuid:pk>/corrections/undo/": Gate(302, 404, "domain", "post"),
    "domains/scan/": Gate(302, 302, method="post"),
    "domains/sitemaps/": Gate(302, 302, method="post"),
    "schedules/": LIST,
    "schedules/new/": LIST,
    "schedules/<uuid:pk>/": Gate(302, 404, "schedule"),
    "schedules/<uuid:pk>/toggle/": Gate(302, 404, "schedule", "post"),
    "schedules/<uuid:pk>/run/": Gate(302, 404, "schedule", "post"),
    "schedules/<uuid:pk>/delete/": Gate(302, 404, "schedule", "post"),
}
for definition in all_lists():
    address = definition.url.removeprefix("/")
    CONSOLE[address] = LIST
    CONSOLE[f"{address}rows/"] = CONSOLE[f"{address}count/"] = Gate(302, 302)
CONSOLE["columns/<slug:name>/"] = Gate(302, 302, method="post", parameter="<slug:name>")
SCRAPER = "api/v3/batch_page_scraper/"
API = {
    "api/v3/": Gate(404, 404),
    "api/v3/<path:rest>": Gate(404, 404, parameter="<path:rest>"),
    "api/v3/docs": PUBLIC,
    "api/v3/openapi.json": PUBLIC,
    "api/v3/domains/sitemaps": Gate(401, 422, method="post"),
    "api/v3/corrections": Gate(401, 200),
    "api/v3/corrections/<correction_id>": Gate(401, 404, "correction", "delete", "<correction_id>"),
    f"{SCRAPER}health": PUBLIC,
    f"{SCRAPER}batch": Gate(401, 422, method="post"),
    f"{SCRAPER}scan": Gate(401, 422, method="post"),
    f"{SCRAPER}batch/<path:batch_id>/status": Gate(401, 404, "batch", parameter="<path:batch_id>"),
    f"{SCRAPER}batch/<path:batch_id>/results.csv": Gate(
        401, 404, "batch", parameter="<path:batch_id>"
    ),
    f"{SCRAPER}batch/<path:batch_id>/results.json": Gate(
        401, 404, "batch", parameter="<path:batch_id>"
    ),
    f"{SCRAPER}status/<path:job_id>": Gate(401, 404, "job", parameter="<path:job_id>"),
    "api/v3/jobs/<path:job_id>/cancel": Gate(401, 404, "job", "post", "<path:job_id>"),
}
API |= {
    f"api/v3/batches/<path:batch_id>/{control}": Gate(401, 404, "batch", "post", "<path:batch_id>")
    for control in ("cancel", "pause", "resume", "retry", "rerun")
}
TABLE = CONSOLE | API
# Addresses that change something of a tenant.
WRITES = [
    route
    for route, gate in CONSOLE.items()
    if gate.method == "post" and (gate.key or "domains/" in route)
] + ["batches/new/", "schedules/new/", "schedules/<uuid:pk>/"]
ADMIN = "admin/"
# The models of the project; each is in the admin and holds a row of the other tenant here.
OWNED: tuple[type[Model], ...] = (
    *(Batch, Job, Worker, MaintenanceRun, RecurringBatch, RecurringRun, LegacyId),
    *(
        Domain,
        Scan,
        Contact,
        Technology,
        Sitemap,
        Page,
        TechnologyCount,
        Tag,
        DomainTag,
        Correction,
    ),
    *(Tenant, Membership, ApiToken, User, LoginDelay, SavedView, ListSettings),
)
OBJECT_PAGES = ("change", "delete", "history")


@pytest.fixture
def treasure(default_tenant: Tenant, schedules_on_time: None) -> dict[str, Any]:
    """Return rows of a tenant that no stranger may learn of."""
    Tenant.objects.filter(pk=default_tenant.pk).update(name=f"{WORD} Ltd")
    owner = User.objects.create_user(f"{WORD}-owner", f"{WORD}@example.com")
    member = Membership.objects.create(user=owner, tenant=default_tenant)
    batch = create_batch(
        tenant=default_tenant, created_by=owner, domains=[f"{WORD}.example"], name=f"{WORD} list"
    )
    job = complete(batch.jobs.get())
    now = timezone.now()
    assert job.domain is not None
    tag = Tag.objects.create(tenant=default_tenant, name=WORD)
    view = SavedView.objects.create(tenant=default_tenant, owner=owner, name=WORD)
    plan = Plan(f"{WORD} weekly", f"{WORD}.example", "daily", now.time())
    schedule = create_recurring(plan, tenant=default_tenant, created_by=owner, now=now)
    return {
        "batch": batch,
        "job": job,
        "domain": job.domain,
        "tenant": default_tenant,
        "user": owner,
        "membership": member,
        "apitoken": ApiToken.create(user=owner, name=WORD)[0],
        "schedule": schedule,
        "run": start_now(schedule, user=owner, now=now),
        "chore": MaintenanceRun.objects.create(name=WORD),
        "legacyid": LegacyId.objects.create(
            kind="batch", original=WORD, uuid=batch.pk, how="alias", made=False
        ),
        "logindelay": LoginDelay.objects.create(kind="account", account=WORD, address="192.0.2.1"),
        "worker": Worker.objects.create(host=WORD, ended_at=timezone.now(), status="ended"),
        "scan": job.scan,
        "tag": tag,
        "domaintag": DomainTag.objects.create(domain=job.domain, tag=tag),
        "savedview": view,
        "correction": Correction.objects.create(
            tenant=default_tenant, domain=job.domain, kind="technology", value=WORD
        ),
        "listsettings": ListSettings.objects.create(user=owner, list_name=WORD),
        "technologycount": TechnologyCount.objects.create(
            tenant=default_tenant, name=WORD, domain_count=1, counted_at=now
        ),
    }


@pytest.fixture
def staff_stranger(stranger: User) -> User:
    """Return a member of another tenant who may do everything in the admin of the project."""
    labels = {model._meta.app_label for model in OWNED}
    own = Permission.objects.filter(content_type__app_label__in=labels)
    stranger.user_permissions.set(own)
    User.objects.filter(pk=stranger.pk).update(is_staff=True)
    return stranger


def addresses(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[str]:
    """Return the route of every address of the project."""
    for pattern in (resolver or get_resolver()).url_patterns:
        route = f"{prefix}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern, route)
        elif isinstance(pattern, URLPattern):
            yield route


def body_of(response: HttpResponseBase) -> str:
    content = b"".join(response) if response.streaming else response.content  # type: ignore[attr-defined]
    return content.decode().lower()


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def ask(client: Client, route: str, gate: Gate, treasure: dict[str, Any]) -> HttpResponseBase:
    key = str(treasure[gate.key].pk) if gate.key else "anything"
    url = f"/{route.replace(gate.parameter, key)}"
    if gate.method == "post" and route in API:
        return client.post(url, content_type="application/json")
    response: HttpResponseBase = getattr(client, gate.method)(url)
    return response


def test_every_address_is_in_the_table() -> None:
    routes = {route for route in addresses() if not route.startswith(ADMIN)}
    assert routes == TABLE.keys()


def test_every_model_of_the_project_is_in_the_admin_and_in_the_table() -> None:
    labels = {model._meta.app_label for model in OWNED}
    models = {model for label in labels for model in apps.get_app_config(label).get_models()}
    assert models == set(OWNED)
    assert models <= admin.site._registry.keys()


@pytest.mark.parametrize("route", TABLE)
def test_nobody_in_particular_learns_nothing(
    client: Client, treasure: dict[str, Any], route: str
) -> None:
    response = ask(client, route, TABLE[route], treasure)
    assert response.status_code == TABLE[route].anonymous
    assert WORD not in body_of(response)
    if response.status_code == 302:
        assert response.headers["Location"].startswith("/login/")


@pytest.mark.parametrize("route", TABLE)
def test_a_member_of_another_tenant_learns_nothing(
    stranger: User, treasure: dict[str, Any], route: str
) -> None:
    jobs = Job.objects.count()
    response = ask(logged_in(stranger), route, TABLE[route], treasure)
    assert response.status_code == TABLE[route].stranger
    assert WORD not in body_of(response)
    assert Job.objects.count() == jobs


@pytest.mark.parametrize("route", [route for route, gate in TABLE.items() if gate.changes_a_row])
def test_a_viewer_changes_nothing(treasure: dict[str, Any], route: str) -> None:
    viewer = User.objects.create_user("viewer")
    own = {"user": viewer, "tenant": treasure["tenant"], "role": Membership.Role.VIEWER}
    Membership.objects.create(**own)
    before = [list(model._default_manager.values()) for model in (Batch, Job, Domain)]
    assert ask(logged_in(viewer), route, TABLE[route], treasure).status_code == 403
    assert [list(model._default_manager.values()) for model in (Batch, Job, Domain)] == before


@pytest.mark.parametrize("route", TABLE)
def test_a_fragment_tells_a_stranger_no_more_than_its_page(
    stranger: User, treasure: dict[str, Any], route: str
) -> None:
    client = logged_in(stranger)
    client.defaults["HTTP_HX_REQUEST"] = "true"
    response = ask(client, route, TABLE[route], treasure)
    assert WORD not in body_of(response)
    assert not TABLE[route].key or response.status_code == 404


@pytest.mark.parametrize("route", WRITES)
def test_who_may_only_look_changes_nothing(treasure: dict[str, Any], route: str) -> None:
    viewer = User.objects.create_user("viewer")
    role = Membership.Role.VIEWER
    Membership.objects.create(user=viewer, tenant=treasure["tenant"], role=role)
    client = logged_in(viewer)
    before = state_of_rows()
    response = ask(client, route, replace(TABLE[route], method="post"), treasure)
    assert response.status_code == 403
    assert state_of_rows() == before


def state_of_rows() -> list[Any]:
    """Return what a write of the console could have changed."""
    return [list(model._default_manager.order_by("pk").values()) for model in OWNED]


def test_the_admin_is_closed_to_everybody_but_staff(
    client: Client, stranger: User, treasure: dict[str, Any]
) -> None:
    entrances = ("admin/login/", "admin/logout/")
    for route in addresses():
        if not route.startswith(ADMIN) or route in entrances or "(?P" in route:
            continue
        for browser in (client, logged_in(stranger)):
            response = browser.get("/" + route.replace("<path:object_id>", "1"))
            assert response.status_code in (302, 404), route
            assert WORD not in body_of(response), route


@pytest.mark.parametrize("model", OWNED)
def test_staff_of_another_tenant_see_none_of_its_rows(
    staff_stranger: User, treasure: dict[str, Any], model: type[Model]
) -> None:
    client = logged_in(staff_stranger)
    base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
    rows = list(model._default_manager.all())
    foreign = [row for row in rows if not is_own(row, staff_stranger)]
    assert foreign
    for url in (base, f"{base}add/"):
        response = client.get(url)
        assert response.status_code in (200, 403)
        assert WORD not in body_of(response)
    for row in foreign:
        assert str(row.pk) not in body_of(client.get(base, {"q": WORD}))
        for page in OBJECT_PAGES:
            response = client.get(f"{base}{row.pk}/{page}/")
            assert response.status_code in (302, 403, 404)
        client.post(f"{base}{row.pk}/delete/", {"post": "yes"})
    assert model._default_manager.count() == len(rows)


def is_own(row: Model, user: User) -> bool:
    return WORD not in f"{row} {getattr(row, 'domain', '')} {getattr(row, 'user', '')}".lower()

"""The admin: lists, the Add form of batches, live progress, actions, and restrictions."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from batches.models import Batch, Job
from batches.services import create_batch, initiate_scan
from batches.tests.outcomes import complete, fail
from batches.tests.running import running_batch
from scans.models import Domain
from scrapersky.tenants.models import ApiToken, Membership, Tenant, User

pytestmark = pytest.mark.django_db
BATCHES = "/admin/batches/batch/"
LISTS = (
    "batches/batch", "batches/job", "batches/worker", "scans/domain", "scans/scan",
    "scans/contact", "scans/technology", "scans/sitemap", "scans/page", "tenants/user",
    "tenants/tenant", "tenants/membership", "tenants/apitoken",
)  # fmt: skip


@pytest.fixture
def admin_user(default_tenant: Tenant) -> User:
    root = User.objects.create_superuser("root", "root@example.com")
    Membership.objects.create(user=root, tenant=default_tenant, role=Membership.Role.ADMIN)
    return root


@pytest.fixture
def office(admin_user: User) -> Client:
    """Return a browser in which a superuser is logged in."""
    client = Client()
    client.force_login(admin_user)
    return client


@pytest.fixture
def clerk(user: User) -> Client:
    """Return a client of a member of one tenant with all admin permissions."""
    User.objects.filter(pk=user.pk).update(is_staff=True)
    user.user_permissions.set(Permission.objects.all())
    client = Client()
    client.force_login(user)
    return client


def body_of(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def fill(tenant: Tenant, number: int) -> None:
    batch = create_batch(tenant=tenant, created_by=None, domains=[f"batch{number}.example"])
    complete(batch.jobs.get())
    user = User.objects.create_user(f"user{number}")
    Membership.objects.create(user=user, tenant=tenant)
    ApiToken.create(user=user, name=f"token{number}")


@pytest.mark.parametrize("name", LISTS)
def test_the_queries_of_a_list_do_not_grow_with_its_rows(
    office: Client, default_tenant: Tenant, name: str
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            body_of(office, f"/admin/{name}/")
        return len(captured)

    fill(default_tenant, 0)
    queries()
    few = queries()
    for number in range(1, 6):
        fill(default_tenant, number)
    assert queries() == few


@pytest.mark.parametrize("name", LISTS)
def test_a_list_can_be_searched(office: Client, default_tenant: Tenant, name: str) -> None:
    fill(default_tenant, 0)
    assert body_of(office, f"/admin/{name}/?q=no-such-thing")


# Batches


def test_the_add_form_creates_a_batch_by_the_service(
    office: Client, admin_user: User, default_tenant: Tenant
) -> None:
    sent = {"tenant": str(default_tenant.pk), "name": "From the office", "domains": "a.com\nb.com"}
    response = office.post(f"{BATCHES}add/", sent | {"max_pages": "10"})
    batch = Batch.objects.get()
    assert response.headers["Location"] == f"{BATCHES}{batch.pk}/change/"
    assert (batch.total, batch.created_by, batch.name) == (2, admin_user, "From the office")
    assert batch.jobs.count() == 2
    assert batch.scan_options.max_pages == 10


def test_the_add_form_shows_what_it_could_not_read(office: Client, default_tenant: Tenant) -> None:
    sent = {"tenant": str(default_tenant.pk), "domains": "localhost"}
    body = office.post(f"{BATCHES}add/", sent).content.decode()
    assert not Batch.objects.exists()
    assert "Reason" in body
    assert "localhost</textarea>" in body


def test_a_batch_cannot_be_added_for_another_tenant(clerk: Client, other_tenant: Tenant) -> None:
    body = clerk.post(
        f"{BATCHES}add/", {"tenant": str(other_tenant.pk), "domains": "a.com"}
    ).content.decode()
    assert not Batch.objects.exists()
    assert "Select a valid choice" in body
    assert other_tenant.name not in body


@pytest.mark.parametrize(
    ("name", "text", "other"),
    [
        ("batches/job", "one.exa", "two.exa"),
        ("scans/domain", "one.example", ".org"),
        ("scans/contact", "info@one", "info@two"),
        ("scans/page", ".example", ".org"),
    ],
)
def test_large_lists_are_searched_and_sorted_by_their_indexes_alone(
    office: Client, default_tenant: Tenant, name: str, text: str, other: str
) -> None:
    batch = create_batch(tenant=default_tenant, created_by=None, domains=["one.example"])
    complete(batch.jobs.get())
    matching, others = (
        office.get(f"/admin/{name}/", {"q": query}).context["cl"] for query in (text, other)
    )
    assert matching.result_count
    assert not others.result_count
    assert matching.sortable_by == ()


def test_batches_are_searched_and_sorted_by_their_indexes_alone(
    office: Client, default_tenant: Tenant
) -> None:
    batch = create_batch(
        tenant=default_tenant, created_by=None, domains=["a.com"], name="Spring list"
    )
    create_batch(tenant=default_tenant, created_by=None, domains=["b.com"], name="Autumn")
    for text in ("spring", "list spr", str(batch.pk)):
        assert list(office.get(BATCHES, {"q": text}).context["cl"].queryset) == [batch]
    assert office.get(BATCHES).context["cl"].sortable_by == ("created_at",)


def test_the_page_of_a_batch_shows_live_progress_and_leads_to_the_console(
    office: Client, default_tenant: Tenant
) -> None:
    batch = running_batch(default_tenant)
    body = body_of(office, f"{BATCHES}{batch.pk}/change/")
    assert f'hx-get="{BATCHES}{batch.pk}/live/"' in body
    assert "htmx" in body
    assert f'href="/batches/{batch.pk}/"' in body


def test_only_the_name_of_a_batch_can_be_changed(office: Client, default_tenant: Tenant) -> None:
    batch = create_batch(tenant=default_tenant, created_by=None, domains=["a.com"], name="Old")
    sent = {"name": "Better", "status": "complete", "completed": "1", "total": "7"}
    office.post(f"{BATCHES}{batch.pk}/change/", sent)
    batch.refresh_from_db()
    assert (batch.name, batch.status, batch.completed, batch.total) == ("Better", "pending", 0, 1)


def test_a_batch_is_deleted_only_once_it_has_ended(office: Client, default_tenant: Tenant) -> None:
    batch = create_batch(tenant=default_tenant, created_by=None, domains=["a.com"])
    url = f"{BATCHES}{batch.pk}/delete/"
    assert office.post(url, {"post": "yes"}).status_code == 403
    fail(batch.jobs.get(), "tls_error", "")
    assert office.post(url, {"post": "yes"}).status_code == 302
    assert not Batch.objects.exists()


# Jobs and domains


@pytest.mark.parametrize("name", ["batches/job", "scans/domain", "scans/scan", "scans/page"])
def test_what_only_services_write_is_read_only(
    office: Client, default_tenant: Tenant, name: str
) -> None:
    fill(default_tenant, 0)
    assert office.get(f"/admin/{name}/add/").status_code == 403
    row = office.get(f"/admin/{name}/").context["cl"].result_list[0]
    body = body_of(office, f"/admin/{name}/{row.pk}/change/")
    assert 'name="_save"' not in body
    assert office.post(f"/admin/{name}/{row.pk}/delete/", {"post": "yes"}).status_code == 403


def act(client: Client, name: str, action: str, rows: list[Any]) -> str:
    sent = {"action": action, "_selected_action": [str(row.pk) for row in rows]}
    response = client.post(f"/admin/{name}/", sent, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def test_domains_are_scanned_now_by_the_service(office: Client, default_tenant: Tenant) -> None:
    domain = Domain.objects.create(tenant=default_tenant, host="a.com")
    assert "Queued scans of 1 of 1 domain." in act(office, "scans/domain", "scan_each", [domain])
    act(office, "scans/domain", "scan_each", [domain])
    assert Job.objects.get(domain=domain).batch is None


def test_chosen_domains_become_a_batch(office: Client, default_tenant: Tenant) -> None:
    rows = [Domain.objects.create(tenant=default_tenant, host=f"{n}.com") for n in range(3)]
    act(office, "scans/domain", "make_batch", rows[:2])
    assert Batch.objects.get().total == 2


def test_domains_of_several_tenants_do_not_become_one_batch(
    office: Client, default_tenant: Tenant, other_tenant: Tenant
) -> None:
    rows = [Domain.objects.create(tenant=t, host="a.com") for t in (default_tenant, other_tenant)]
    assert "several tenants" in act(office, "scans/domain", "make_batch", rows)
    assert not Batch.objects.exists()


def test_the_domains_of_jobs_are_scanned_again(office: Client, default_tenant: Tenant) -> None:
    job = initiate_scan("a.com", tenant=default_tenant)
    fail(job, "tls_error", "")
    act(office, "batches/job", "scan_again", [job])
    assert Job.objects.filter(domain=job.domain, status="pending").count() == 1


def test_a_viewer_starts_nothing_from_the_admin(clerk: Client, default_tenant: Tenant) -> None:
    Membership.objects.update(role=Membership.Role.VIEWER)
    domain = Domain.objects.create(tenant=default_tenant, host="a.com")
    for action in ("scan_each", "make_batch"):
        sent = {"action": action, "_selected_action": [str(domain.pk)]}
        assert clerk.post("/admin/scans/domain/", sent).status_code == 403
    assert not Job.objects.exists()


# Accounts


def test_staff_cannot_give_themselves_more_power(clerk: Client, user: User) -> None:
    sent = {"username": "member", "is_superuser": "on", "is_active": "on"}
    form = {f"memberships-{name}_FORMS": "0" for name in ("TOTAL", "INITIAL")}
    clerk.post(f"/admin/tenants/user/{user.pk}/change/", sent | form)
    user.refresh_from_db()
    assert user.is_superuser is False


def test_staff_cannot_take_over_a_superuser(clerk: Client, admin_user: User) -> None:
    for page in ("change", "password"):
        response = clerk.get(f"/admin/tenants/user/{admin_user.pk}/{page}/")
        assert response.status_code in (302, 404)
    assert "root@example.com" not in body_of(clerk, "/admin/tenants/user/")


def test_a_token_is_ended_by_deleting_it_and_its_text_is_nowhere(
    office: Client, admin_user: User
) -> None:
    token, text = ApiToken.create(user=admin_user, name="Nightly")
    url = f"/admin/tenants/apitoken/{token.pk}"
    body = body_of(office, f"{url}/change/")
    assert text not in body
    assert token.token_hash not in body
    office.post(f"{url}/delete/", {"post": "yes"})
    assert not ApiToken.objects.exists()

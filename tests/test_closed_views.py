"""Views are closed by default, and accounts without a tenant are told what they lack."""

import io
import logging
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from batches.models import Batch
from batches.services import create_batch
from scrapersky.tenants import access
from scrapersky.tenants.models import Membership, Tenant, User
from scrapersky.tenants.tests.staff import account, browser
from scrapersky.urls import urlpatterns as console_urls
from scrapersky.web.access import open_to_viewers, own_account

pytestmark = pytest.mark.django_db


def plain(request: HttpRequest) -> HttpResponse:
    """A view without any decorator."""
    return HttpResponse("reached")


urlpatterns = [
    *console_urls,
    path("plain/", plain),
    path("for-viewers/", open_to_viewers(lambda request: HttpResponse("reached"))),
    path("own/", own_account(lambda request: HttpResponse("reached"))),
]


@pytest.mark.urls(__name__)
def test_a_view_without_any_decorator_takes_a_login(client: Client) -> None:
    assert client.get("/plain/").headers["Location"] == "/login/?next=/plain/"
    assert client.post("/plain/").status_code == 302


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_a_method_that_changes_something_takes_a_role_that_may_write(
    default_tenant: Tenant, method: str
) -> None:
    viewer = browser(account("viewer", default_tenant, role="viewer"))
    member = browser(account("member", default_tenant))
    assert viewer.get("/plain/").status_code == 200
    assert getattr(viewer, method)("/plain/").status_code == 403
    assert getattr(member, method)("/plain/").status_code == 200
    assert getattr(viewer, method)("/for-viewers/").status_code == 200
    assert getattr(viewer, method)("/own/").status_code == 200


# Accounts without a tenant


@pytest.fixture
def outsider(db: None) -> Client:
    return browser(account("outsider"))


@pytest.mark.parametrize("page", ["/", "/batches/", "/batches/new/", "/domains/", "/admin/"])
def test_an_account_without_a_tenant_is_told_what_it_lacks(outsider: Client, page: str) -> None:
    User.objects.create_superuser("root", "root@example.com")
    User.objects.filter(username="outsider").update(is_staff=True)
    response = outsider.get(page)
    body = response.content.decode()
    assert response.status_code == 200
    assert "not in a tenant yet" in body
    assert "root@example.com" in body
    assert 'href="/batches/' not in body


def test_no_request_of_an_account_without_a_tenant_leaves_a_traceback(
    outsider: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        assert outsider.get("/batches/new/").status_code == 200
        assert outsider.post("/batches/new/", {"domains": "a.com"}).status_code == 403
    assert not [record for record in caplog.records if record.exc_info]


def test_a_refused_request_is_logged_in_one_line(default_tenant: Tenant, settings: Any) -> None:
    names, logged = settings.LOGGING["root"]["handlers"], io.StringIO()
    handler: Any = next(h for h in logging.getLogger().handlers if h.name in names)
    usual = handler.setStream(logged)
    browser(account("viewer", default_tenant, role="viewer")).get("/batches/new/")
    handler.setStream(usual)
    assert "Forbidden" in logged.getvalue()
    assert "Traceback" not in logged.getvalue()


def test_a_closed_account_has_no_tenant_and_no_rights(default_tenant: Tenant) -> None:
    root = User.objects.create_superuser("root", is_active=False)
    closed = account("closed", default_tenant, role="admin")
    closed.is_active = False
    for user in (root, closed):
        assert not access.can_write(user, default_tenant.pk)
        assert not access.has_tenant(user)
        assert not access.readable_tenants(user).exists()


# What viewers are offered


PAGES = ("/", "/batches/", "/domains/", "/schedules/")


def test_a_viewer_is_offered_no_button_that_would_be_refused(default_tenant: Tenant) -> None:
    viewer = browser(account("viewer", default_tenant, role="viewer"))
    member = browser(account("member", default_tenant))
    for filled in (False, True):
        if filled:
            create_batch(tenant=default_tenant, created_by=None, domains=["a.com"])
        for page in PAGES:
            offers = 'href="/batches/new/"', 'href="/schedules/new/"', 'id="bulk"'
            seen = [offer in viewer.get(page).content.decode() for offer in offers]
            assert not any(seen), page
            assert any(offer in member.get(page).content.decode() for offer in offers), page


# A role that holds in one tenant only


@pytest.fixture
def mixed(default_tenant: Tenant, other_tenant: Tenant) -> User:
    """Return staff who may write in another tenant, and only read in the default one."""
    user = account("mixed", other_tenant, role="admin", staff=True)
    Membership.objects.create(user=user, tenant=default_tenant, role="viewer")
    user.user_permissions.set(Permission.objects.all())
    return user


def test_a_viewer_here_who_is_a_member_elsewhere_changes_nothing_here(
    mixed: User, default_tenant: Tenant
) -> None:
    batch: Any = create_batch(tenant=default_tenant, created_by=None, domains=["a.com"], name="Old")
    client, url = browser(mixed), f"/admin/batches/batch/{batch.pk}"
    assert client.post(f"/batches/{batch.pk}/cancel/").status_code == 403
    assert client.post(f"{url}/change/", {"name": "Mine"}).status_code == 403
    assert client.post(f"{url}/delete/", {"post": "yes"}).status_code == 403
    act = {"action": "cancel", "_selected_action": [batch.pk]}
    assert client.post("/admin/batches/batch/", act).status_code == 403
    tenant = f"/admin/tenants/tenant/{default_tenant.pk}/change/"
    assert client.post(tenant, {"name": "Mine"}).status_code == 403
    batch.refresh_from_db()
    default_tenant.refresh_from_db()
    assert (batch.name, batch.status, default_tenant.name) == ("Old", "pending", "Default")


def test_a_batch_is_not_added_where_the_role_is_viewer(
    mixed: User, default_tenant: Tenant, other_tenant: Tenant
) -> None:
    client = browser(mixed)
    sent = {"tenant": str(default_tenant.pk), "domains": "a.com"}
    response = client.post("/admin/batches/batch/add/", sent)
    assert "Select a valid choice" in response.content.decode()
    client.post("/admin/batches/batch/add/", sent | {"tenant": str(other_tenant.pk)})
    assert [batch.tenant for batch in Batch.objects.all()] == [other_tenant]

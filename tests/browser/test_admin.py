"""The admin as used by a tenant's staff: create a batch, watch it, and control it."""

import pytest
from django.contrib.auth.models import Permission
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from batches.models import Batch, Job
from batches.tests.outcomes import complete, fail
from scrapersky.tenants.models import Tenant, User
from tests.browser.test_controls import opened

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LIST = "/admin/batches/batch/"
LONG_NAME = "A list with a long name " * 8


@pytest.fixture
def office(logged_in: Page, user: User) -> Page:
    """Return a page with a tenant's staff logged in, in a 1024 px window."""
    make_staff(user)
    logged_in.set_viewport_size({"width": 1024, "height": 800})
    logged_in.goto("/admin/")
    return logged_in


def make_staff(user: User) -> None:
    user.user_permissions.set(Permission.objects.all())
    User.objects.filter(pk=user.pk).update(is_staff=True)


def test_a_batch_is_created_watched_paused_retried_and_cancelled(
    office: Page, other_tenant: Tenant
) -> None:
    first = office.locator("#content-main .module th[scope=row]")
    expect(first.nth(0)).to_have_text("Batches")
    expect(first.nth(1)).to_have_text("Jobs")
    expect(first.nth(2)).to_have_text("Domains")
    office.goto(f"{LIST}add/")
    expect(office.locator("#id_tenant option")).not_to_contain_text([other_tenant.name])
    office.fill("#id_name", LONG_NAME[:200])
    office.fill("#id_domains", "a.com b.com c.com d.com")
    office.click("text=Start scanning")
    batch = Batch.objects.get()
    office.wait_for_url(f"**{LIST}{batch.pk}/change/")

    jobs = list(batch.jobs.select_related("domain").order_by("position"))
    fail(jobs[0], "dns_not_found", "The domain name does not resolve to an address.")
    expect(office.locator("#progress .is-failed dd")).to_have_text("1")
    office.click("#pause")
    expect(office.locator("#progress .state")).to_have_text("Paused")
    office.click("#resume")
    expect(office.locator("#progress .state")).to_have_text("Running")
    office.click("text=Retry 1 × DNS not found")
    expect(office.locator("text=Retrying: DNS not found")).to_be_visible()

    office.goto(LIST)
    expect(office.locator(f"#failures-{batch.pk}")).to_have_text("0")
    complete(jobs[1])
    expect(office.locator(f"#bar-{batch.pk} progress")).to_have_attribute("value", "1")
    assert office.evaluate("document.documentElement.scrollWidth") <= 1024
    office.click("#result_list .field-title a")
    office.click("#progress summary:has-text('Cancel')")
    office.click("#cancel")
    expect(office.locator("#progress .state")).to_have_text("Cancelled")
    assert not Job.objects.filter(status=Job.Status.PENDING).exists()
    office.goto(LIST)
    expect(office.locator(f"#state-{batch.pk}")).to_have_text("Cancelled")
    expect(office.locator("#live-rows[hx-trigger]")).to_have_count(0)


def test_a_batch_is_created_watched_and_controlled_without_scripts(
    chromium: Browser, live_server: LiveServer, user: User
) -> None:
    make_staff(user)
    page = opened(chromium, live_server, f"{LIST}add/", scripts=False)
    page.fill("#id_name", LONG_NAME[:200])
    page.fill("#id_domains", "a.com b.com")
    page.click("text=Start scanning")
    job, *_ = Batch.objects.get().jobs.select_related("domain").order_by("position")
    fail(job, "dns_not_found", "The domain name does not resolve to an address.")
    page.reload()
    expect(page.locator("#progress .is-failed dd")).to_have_text("1")
    for button, text in (
        ("#pause", "Paused"),
        ("#resume", "Running"),
        ("#retry-dns_not_found", "Running"),
        ("#progress summary:has-text('Cancel')", "Running"),
        ("#cancel", "Cancelled"),
        ("text=Retry 2 cancelled", "Running"),
    ):
        page.click(button)
        expect(page.locator("#progress .state")).to_have_text(text)
    page.context.close()

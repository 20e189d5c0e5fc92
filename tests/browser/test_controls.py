"""The buttons of a batch in a real Chromium while its page updates itself."""

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from batches.models import Batch, Job
from batches.services import create_batch
from batches.tests.outcomes import complete, fail
from batches.tests.running import running_batch
from scrapersky.tenants.models import Membership, Tenant, User

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def mixed(default_tenant: Tenant) -> Batch:
    """Return a batch that ended with one completed, a time-out and a TLS error."""
    hosts = [f"{number}.example" for number in range(3)]
    batch = create_batch(tenant=default_tenant, created_by=None, domains=hosts, name="Three")
    first, second, third = batch.jobs.order_by("position")
    complete(first)
    fail(second, "read_timeout", "Late.")
    fail(third, "tls_error", "Old.")
    return batch


def updated(page: Page, batch: Batch) -> None:
    """Wait for the next update of a running batch's page."""
    with page.expect_response(lambda answer: f"{batch.pk}/progress/" in answer.url):
        pass


def test_a_batch_is_paused_resumed_and_cancelled_in_place(
    logged_in: Page, default_tenant: Tenant
) -> None:
    batch = running_batch(default_tenant)
    logged_in.goto(f"/batches/{batch.pk}/?status=failed")
    logged_in.evaluate("window.isSamePage = true")
    state = logged_in.locator("#progress .state")
    logged_in.click("#pause")
    expect(state).to_have_text("Paused")
    logged_in.click("#resume")
    expect(state).to_have_text("Running")
    expect(logged_in.locator("#pause")).to_be_enabled()
    logged_in.click("summary:has-text('Cancel')")
    logged_in.click("#cancel")
    expect(state).to_have_text("Cancelling")
    expect(logged_in.locator("#progress form")).to_have_count(0)
    expect(logged_in.locator("text=The batch is being cancelled")).to_be_visible()
    assert logged_in.evaluate("window.isSamePage")
    assert logged_in.url.endswith(f"/batches/{batch.pk}/")


def test_a_question_stays_open_while_the_page_updates_itself(
    logged_in: Page, default_tenant: Tenant
) -> None:
    batch = running_batch(default_tenant)
    logged_in.goto(f"/batches/{batch.pk}/")
    logged_in.click("summary:has-text('Retry failed')")
    logged_in.fill("#id_site_deadline", "9")
    updated(logged_in, batch)
    complete(batch.jobs.filter(status=Job.Status.PENDING)[0])
    expect(logged_in.locator("#progress .is-complete dd")).to_have_text("3")
    logged_in.keyboard.type("5")
    expect(logged_in.locator("#id_site_deadline")).to_have_value("95")
    logged_in.click("#retry")
    expect(logged_in.locator("text=Retrying: all failed jobs.")).to_be_visible()
    assert batch.jobs.get(options__site_deadline=95).status == "pending"


def test_a_button_is_not_exchanged_while_it_is_pressed(
    logged_in: Page, default_tenant: Tenant
) -> None:
    batch = running_batch(default_tenant)
    logged_in.goto(f"/batches/{batch.pk}/")
    logged_in.hover("#pause")
    logged_in.mouse.down()
    updated(logged_in, batch)
    updated(logged_in, batch)
    logged_in.mouse.up()
    expect(logged_in.locator("#progress .state")).to_have_text("Paused")


def test_a_retry_sets_an_ended_page_moving_again(logged_in: Page, mixed: Batch) -> None:
    logged_in.goto(f"/batches/{mixed.pk}/failures/")
    expect(logged_in.locator("[hx-trigger]")).to_have_count(0)
    logged_in.click("#retry-tls_error")
    expect(logged_in.locator("#progress .state")).to_have_text("Running")
    expect(logged_in.locator("#failure-tls_error")).to_have_count(0)
    logged_in.click("nav >> text=Results")
    expect(logged_in.locator("#jobs tbody tr")).to_have_count(3)
    complete(mixed.jobs.get(status="pending"))
    expect(logged_in.locator("#progress .state")).to_have_text("Partial")
    expect(logged_in.locator("#jobs .state:text-is('Complete')")).to_have_count(2)


def test_a_row_is_retried_and_its_filter_stays(logged_in: Page, mixed: Batch) -> None:
    logged_in.goto(f"/batches/{mixed.pk}/?status=failed")
    logged_in.click("#jobs tbody tr:has-text('2.example') button")
    expect(logged_in.locator("text=2.example is scanned again")).to_be_visible()
    expect(logged_in.locator("#jobs tbody tr")).to_have_count(1)
    assert logged_in.url.endswith("?status=failed")


def test_run_again_shows_the_batch_that_is_new(logged_in: Page, mixed: Batch) -> None:
    logged_in.goto(f"/batches/{mixed.pk}/")
    logged_in.click("#rerun")
    expect(logged_in.locator("h1")).to_have_text("Three (again)")
    again = Batch.objects.exclude(pk=mixed.pk).get()
    assert logged_in.url.endswith(f"/batches/{again.pk}/")
    logged_in.go_back()
    expect(logged_in.locator("h1")).to_have_text("Three")


def opened(browser: Browser, server: LiveServer, url: str, *, scripts: bool) -> Page:
    """Return a page with `member` logged in on which requests may be refused."""
    page = browser.new_context(base_url=server.url, java_script_enabled=scripts).new_page()
    page.goto(url)
    page.fill("#id_username", "member")
    page.fill("#id_password", "secret")
    page.click("button:has-text('Log in')")
    return page


def test_who_may_no_longer_write_is_told_so(
    chromium: Browser, live_server: LiveServer, user: User, mixed: Batch
) -> None:
    page = opened(chromium, live_server, f"/batches/{mixed.pk}/", scripts=True)
    expect(page.locator("#rerun")).to_be_enabled()
    Membership.objects.update(role=Membership.Role.VIEWER)
    page.click("#rerun")
    expect(page.locator("text=can view")).to_be_visible()
    expect(page.locator("#connection-lost")).to_be_hidden()
    page.context.close()


def test_a_batch_is_cancelled_and_retried_without_scripts(
    chromium: Browser, live_server: LiveServer, user: User, default_tenant: Tenant
) -> None:
    batch = create_batch(tenant=default_tenant, created_by=None, domains=["a.example"])
    page = opened(chromium, live_server, f"/batches/{batch.pk}/", scripts=False)
    expect(page.locator("#cancel")).to_be_hidden()
    page.click("summary:has-text('Cancel')")
    page.click("#cancel")
    expect(page.locator("#progress .state")).to_have_text("Cancelled")
    page.click("summary:has-text('Retry cancelled')")
    page.fill("#id_request_delay", "2")
    page.click("#retry")
    expect(page.locator("#progress .state")).to_have_text("Running")
    page.context.close()

    assert batch.jobs.get().options["request_delay"] == 2

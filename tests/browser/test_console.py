"""The console as a person uses it, in a real Chromium."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from batches.models import Batch, Job, Worker
from batches.tests.outcomes import complete
from batches.tests.running import running_batch
from scrapersky.tenants.models import Tenant, User

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def end(batch: Batch) -> None:
    """End every job that is left."""
    Worker.objects.all().delete()
    batch.jobs.filter(status=Job.Status.RUNNING).update(status=Job.Status.PENDING, worker=None)
    for job in batch.jobs.filter(status=Job.Status.PENDING).select_related("domain"):
        complete(job)


def test_the_login_opens_the_overview(page: Page) -> None:
    page.goto("/login/")
    page.fill("#id_username", "member")
    page.fill("#id_password", "secret")
    page.click("button:has-text('Log in')")
    expect(page.locator("h1")).to_have_text("Overview")


def test_a_pasted_list_becomes_a_batch_whose_page_counts_refusals(logged_in: Page) -> None:
    logged_in.click("text=New batch")
    logged_in.fill("#id_name", "Spring list")
    logged_in.fill("#id_domains", "a.com\nhttps://b.com/x\nlocalhost")
    expect(logged_in.locator("#domain-count")).to_have_text("3 lines")
    logged_in.click("button:has-text('Start scanning')")
    expect(logged_in.locator("h1")).to_have_text("Spring list")
    expect(logged_in.locator("text=1 line of the list was rejected")).to_be_visible()
    expect(logged_in.locator("#jobs tbody tr")).to_have_count(2)


def test_the_columns_of_a_chosen_csv_are_offered(logged_in: Page) -> None:
    logged_in.goto("/batches/new/")
    file: Any = {"name": "l.csv", "mimeType": "text/csv", "buffer": b'id;"web site"\n1;a.com\n'}
    logged_in.set_input_files("#id_file", [file])
    offered = logged_in.locator("#columns option")
    expect(offered).to_have_count(2)
    assert offered.nth(1).get_attribute("value") == "web site"


def test_a_running_batch_updates_itself_and_stops_when_it_has_ended(
    logged_in: Page, default_tenant: Tenant
) -> None:
    batch = running_batch(default_tenant)
    logged_in.goto(f"/batches/{batch.pk}/")
    expect(logged_in.locator("#progress .state")).to_have_text("Running")
    end(batch)
    expect(logged_in.locator("#progress .state")).to_have_text("Partial")
    expect(logged_in.locator("#progress[hx-trigger]")).to_have_count(0)
    expect(logged_in.locator("#jobs[hx-trigger]")).to_have_count(0)


def test_sites_are_filtered_in_place_and_the_address_can_be_shared(
    logged_in: Page, default_tenant: Tenant
) -> None:
    batch = running_batch(default_tenant)
    logged_in.goto(f"/batches/{batch.pk}/")
    logged_in.click("#jobs .pills >> text=Failed")
    expect(logged_in.locator("#jobs tbody tr")).to_have_count(1)
    assert logged_in.url.endswith("?status=failed")
    logged_in.reload()
    expect(logged_in.locator("#jobs tbody tr")).to_have_count(1)


def test_a_page_that_loses_the_server_says_so_and_recovers(
    logged_in: Page, default_tenant: Tenant
) -> None:
    batch = running_batch(default_tenant)
    logged_in.goto(f"/batches/{batch.pk}/")
    expect(logged_in.locator("#connection-lost")).to_be_hidden()
    logged_in.route("**/progress/", lambda route: route.fulfill(status=204, body=""))
    logged_in.evaluate("document.dispatchEvent(new CustomEvent('htmx:sendError'))")
    expect(logged_in.locator("#connection-lost")).to_be_visible()
    logged_in.unroute("**/progress/")
    expect(logged_in.locator("#connection-lost")).to_be_hidden()


def test_the_theme_follows_the_system_until_one_is_chosen_and_is_remembered(
    logged_in: Page,
) -> None:
    def background() -> str:
        return str(logged_in.evaluate("getComputedStyle(document.body).backgroundColor"))

    light = background()
    logged_in.emulate_media(color_scheme="dark")
    dark = background()
    assert dark != light
    logged_in.click("#theme-toggle")
    assert background() == light
    logged_in.goto("/domains/")
    assert background() == light


def test_everything_works_without_scripts(
    chromium: Browser, live_server: LiveServer, user: User, default_tenant: Tenant
) -> None:
    batch = running_batch(default_tenant)
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"/batches/{batch.pk}/")
    page.fill("#id_username", "member")
    page.fill("#id_password", "secret")
    page.click("button:has-text('Log in')")
    expect(page.locator("h1")).to_have_text("Spring list")
    page.click("#jobs .pills >> text=Failed")
    expect(page.locator("#jobs tbody tr")).to_have_count(1)
    page.click("text=Batches")
    page.click("text=New batch")
    page.click("summary:has-text('Options')")
    page.fill("#id_max_concurrent", "7")
    page.fill("#id_domains", "a.com")
    page.click("button:has-text('Start scanning')")
    expect(page.locator("#jobs tbody tr")).to_have_count(1)
    page.click("#jobs tbody a")
    page.click("button:has-text('Scan now')")
    expect(page.locator("text=a.com is being scanned")).to_be_visible()
    page.click("summary:has-text('member')")
    page.click("button:has-text('Log out')")
    expect(page.locator("text=User name")).to_be_visible()
    context.close()


def test_the_admin_shows_live_progress(logged_in: Page, user: User, default_tenant: Tenant) -> None:
    User.objects.filter(pk=user.pk).update(is_staff=True, is_superuser=True)
    batch = running_batch(default_tenant)
    logged_in.goto(f"/admin/batches/batch/{batch.pk}/change/")
    expect(logged_in.locator("#progress .state")).to_have_text("Running")
    end(batch)
    expect(logged_in.locator("#progress .state")).to_have_text("Partial")
    logged_in.click("text=View on site")
    expect(logged_in).to_have_url(re.compile(f"/batches/{batch.pk}/$"))

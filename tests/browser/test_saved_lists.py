"""From a pasted list to a saved list and its batch, with and without JavaScript."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from batches.models import Batch
from scans.domain_lists.models import DomainList
from scans.domain_lists.tests.hosts import hosts_of
from scrapersky.tenants.models import User

WAIT = 60_000
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(
    ("has_scripts", "width"), [(True, 1440), (False, 390)], ids=["scripts", "no scripts, 390 px"]
)
def test_a_list_is_imported_after_a_look_and_scanned(
    chromium: Browser, live_server: LiveServer, user: User, has_scripts: bool, width: int
) -> None:
    context = chromium.new_context(
        base_url=live_server.url,
        java_script_enabled=has_scripts,
        viewport={"width": width, "height": 900},
    )
    context.set_default_timeout(WAIT)
    page = context.new_page()
    log_in(page)
    create_list(page)
    assert hosts_of(DomainList.objects.get()) == ["a.example", "b.example"]
    scan_list(page)
    batch = Batch.objects.get()
    assert batch.total == 2
    assert batch.metadata["source"]["name"] == "Leads"
    context.close()


def log_in(page: Page) -> None:
    page.goto("/login/")
    page.fill("#id_username", "member")
    page.fill("#id_password", "secret")
    page.click("button:has-text('Log in')")


def create_list(page: Page) -> None:
    page.goto("/lists/")
    page.click("a:has-text('New list')")
    page.fill("#id_name", "Leads")
    page.fill("#id_domains", "a.example\nb.example\nlocalhost")
    page.click("button:has-text('Continue')")
    expect(page.locator("main, body").first).to_contain_text("Nothing has changed yet.")
    expect(page.locator(".refused")).to_contain_text("localhost")
    page.click("button:has-text('Add 2')")
    expect(page.locator("#domains")).to_contain_text("b.example")


def scan_list(page: Page) -> None:
    page.click("a:has-text('Scan')")
    expect(page.locator("#id_source option:checked")).to_have_text("Leads (2)")
    page.click("button:has-text('Check the list first')")
    group: Any = page.locator("#check details")
    expect(group).to_have_count(1)
    page.click("button:has-text('Start scanning')")
    expect(page.locator("h1")).to_be_visible()
    page.wait_for_url("**/batches/*-*/")

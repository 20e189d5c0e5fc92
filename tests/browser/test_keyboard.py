"""Three journeys by keyboard only, without losing focus."""

import pytest
from playwright.sync_api import Page, expect

from batches.models import Batch
from batches.tests.running import running_batch, scan_now
from scans.models import Domain
from scrapersky.tenants.models import Tenant

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the element has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"Tab does not reach {selector}.")


def press(page: Page, selector: str, key: str = "Enter") -> None:
    tab_to(page, selector)
    page.keyboard.press(key)


def test_a_batch_is_created_paused_and_cancelled_and_its_domains_tagged(
    logged_in: Page, default_tenant: Tenant
) -> None:
    keyboard = logged_in.keyboard
    press(logged_in, "main a[href='/batches/new/']")
    logged_in.wait_for_url("**/batches/new/")
    tab_to(logged_in, "#id_domains")
    keyboard.type("a.example b.example")
    press(logged_in, "main button.btn-primary[type=submit]")
    expect(logged_in.locator("#jobs tbody tr")).to_have_count(2)

    scan_now(Batch.objects.get().jobs.order_by("position").first())  # type: ignore[arg-type]
    press(logged_in, "#pause")
    expect(logged_in.locator("#resume")).to_be_focused()
    press(logged_in, "#ask-cancel summary", "Space")
    press(logged_in, "#cancel")
    expect(logged_in.locator("#progress .state")).to_have_text("Cancelling")
    expect(logged_in.locator("#progress")).to_be_focused()

    running_batch(default_tenant)
    logged_in.goto("/domains/")
    press(logged_in, "[data-pick-page] input", "Space")
    press(logged_in, "#bulk details summary", "Enter")
    tab_to(logged_in, "#bulk-tags")
    keyboard.type("spring")
    keyboard.press("Tab")
    keyboard.press("Enter")
    expect(logged_in.locator("main")).to_contain_text("tagged")
    assert Domain.objects.filter(tags__name="spring").exists()

"""Single-key shortcuts, and disabling them."""

import pytest
from playwright.sync_api import Page, expect

from batches.tests.running import running_batch
from scrapersky.tenants.models import Tenant

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_single_keys_search_move_select_and_can_be_switched_off(
    logged_in: Page, default_tenant: Tenant
) -> None:
    batch = running_batch(default_tenant)
    logged_in.goto(f"/batches/{batch.pk}/")
    keys = logged_in.keyboard
    for key in ("j", "j", "k", "j", "x"):
        keys.press(key)
    picks = logged_in.locator("#jobs input[name=pick]")
    expect(picks.nth(1)).to_be_checked()
    expect(logged_in.locator("#jobs input[name=pick]:checked")).to_have_count(1)
    keys.press("?")
    expect(logged_in.locator("#shortcuts")).to_contain_text("Previous row")
    keys.press("Escape")
    keys.press("/")
    expect(logged_in.locator("#header-search")).to_be_focused()
    keys.type("n")
    expect(logged_in.locator("#header-search")).to_have_value("n")
    logged_in.locator("h1").click()
    keys.press("n")
    logged_in.wait_for_url("**/batches/new/")
    logged_in.goto("/account/")
    logged_in.click("#keyboard button")
    expect(logged_in.locator("#keyboard")).to_contain_text("off in this browser")
    keys.press("n")
    keys.press("?")
    expect(logged_in.locator("#shortcuts")).to_be_hidden()
    assert logged_in.url.endswith("/account/#keyboard")

"""Results corrected in a real Chromium, without leaving the page of the domain."""

import pytest
from playwright.sync_api import Page, expect

from scans.corrections.tests.scans import ABOUT, RIGHT, WRONG, scan
from scans.models import Correction
from scrapersky.tenants.models import Tenant

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_results_are_corrected_and_restored_in_place(
    logged_in: Page, default_tenant: Tenant
) -> None:
    domain = scan(default_tenant)
    logged_in.goto(f"/domains/{domain.pk}/?type=about")
    logged_in.evaluate("window.isSamePage = true")
    contacts = logged_in.locator("#contacts")
    logged_in.get_by_label(f"Mark {WRONG} as wrong", exact=True).click()
    expect(contacts).not_to_contain_text(WRONG)
    expect(contacts).to_contain_text(RIGHT)
    logged_in.get_by_label("Mark Shopify as wrong everywhere").click()
    expect(logged_in.locator("#technologies")).not_to_contain_text("Shopify")
    expect(logged_in.locator("#corrections")).to_contain_text("Shopify is wrong everywhere")
    logged_in.get_by_label("Page type").first.select_option("team")
    expect(logged_in.locator("#corrections")).to_contain_text(f"{ABOUT} is of the type team")
    logged_in.get_by_label("Correct verdict").select_option("parked")
    expect(logged_in.locator("#corrections")).to_contain_text("The verdict is Parked, not OK")
    assert Correction.objects.count() == 4
    logged_in.get_by_label(f"Undo: Contact {WRONG} is wrong").click()
    expect(contacts).to_contain_text(WRONG)
    assert logged_in.evaluate("window.isSamePage")
    assert "type=about" in logged_in.url

"""Schedules and actions on selected domains in a real Chromium."""

import pytest
from playwright.sync_api import Page, expect

from batches.models import Batch, RecurringBatch
from scans.models import Domain
from scrapersky.tenants.models import Tenant

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def domains(default_tenant: Tenant) -> list[Domain]:
    rows = [Domain(tenant=default_tenant, host=f"s{number:02}.example") for number in range(60)]
    return Domain.objects.bulk_create(rows)


def test_domains_are_ticked_counted_and_queued(logged_in: Page, domains: list[Domain]) -> None:
    logged_in.goto("/domains/")
    queue = logged_in.locator("button:has-text('Queue for sitemaps')")
    expect(queue).to_be_disabled()
    logged_in.check("[aria-label='Select s00.example']")
    logged_in.check("[aria-label='Select s02.example']")
    expect(logged_in.locator("#picked")).to_have_text("2 selected")
    queue.click()
    expect(logged_in.locator("[role=status]", has_text="2 domains are queued.")).to_be_visible()
    queued = Domain.objects.filter(sitemap_analysis_status="queued")
    assert sorted(queued.values_list("host", flat=True)) == ["s00.example", "s02.example"]


def test_a_page_is_ticked_at_once_and_all_that_match_go_beyond_it(
    logged_in: Page, domains: list[Domain]
) -> None:
    logged_in.goto("/domains/?q=s")
    logged_in.get_by_label("This page").check()
    expect(logged_in.locator("#picked")).to_have_text("50 selected")
    logged_in.locator("[data-pick-all]").check()
    expect(logged_in.locator("[name=pick]:enabled")).to_have_count(0)
    logged_in.click("#bulk button:has-text('Scan now')")
    expect(logged_in.locator("[role=status]", has_text="60 domains are")).to_be_visible()
    assert Batch.objects.get().total == 60


def test_the_form_asks_for_the_day_that_the_frequency_has(logged_in: Page) -> None:
    logged_in.goto("/schedules/new/")
    weekday, month_day = logged_in.locator("#id_weekday"), logged_in.locator("#id_month_day")
    expect(weekday).to_be_visible()
    expect(month_day).to_be_hidden()
    logged_in.select_option("#id_frequency", "monthly")
    expect(weekday).to_be_hidden()
    logged_in.fill("#id_month_day", "31")
    logged_in.fill("#id_name", "Bakers")
    logged_in.fill("#id_domains", "a.example")
    logged_in.click("button:has-text('Save')")
    expect(logged_in.locator("h1")).to_have_text("Bakers")
    assert RecurringBatch.objects.get().month_day == 31


def test_deleting_asks_first(logged_in: Page) -> None:
    logged_in.goto("/schedules/new/")
    logged_in.fill("#id_name", "Bakers")
    logged_in.fill("#id_domains", "a.example")
    logged_in.click("button:has-text('Save')")
    confirm = logged_in.locator("button:has-text('Delete it')")
    expect(confirm).to_be_hidden()
    logged_in.click("summary:has-text('Delete')")
    confirm.click()
    expect(logged_in.locator("text=No recurring batches")).to_be_visible()
    assert not RecurringBatch.objects.exists()


@pytest.mark.parametrize("width", [1440, 1024, 390])
@pytest.mark.parametrize("url", ["/schedules/", "/schedules/new/", "/domains/"])
def test_no_page_is_wider_than_its_window(
    logged_in: Page, domains: list[Domain], url: str, width: int
) -> None:
    Domain.objects.update(sitemap_analysis_status="processing")
    logged_in.set_viewport_size({"width": width, "height": 900})
    logged_in.goto(url)
    wider = "[document.documentElement, ...document.querySelectorAll('.table-responsive')]"
    overflow = logged_in.evaluate(f"{wider}.map((e) => e.scrollWidth - e.clientWidth)")
    assert max(overflow) <= 0

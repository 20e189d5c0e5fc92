"""Lists in a real Chromium: from a filter to a shared view."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from conftest import member_of
from scans.corrections.domain_facts import refresh_lists
from scans.models import Contact, Domain, Technology
from scrapersky.tenants.models import Tenant

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MATCHING = 60  # more than a page
Opening = Callable[[str], Page]


@pytest.fixture
def shops(default_tenant: Tenant) -> None:
    """Seventy domains, of which sixty use WordPress and have an e-mail address."""
    hosts = [f"shop{number:02}.example" for number in range(MATCHING + 10)]
    domains = Domain.objects.bulk_create(
        Domain(tenant=default_tenant, host=host, page_count=number, language="de")
        for number, host in enumerate(hosts)
    )
    now = timezone.now()
    seen: dict[str, Any] = {"tenant": default_tenant, "first_seen": now, "last_seen": now}
    Technology.objects.bulk_create(
        Technology(domain=domain, name="WordPress", category="cms", **seen) for domain in domains
    )
    Contact.objects.bulk_create(
        Contact(domain=domain, kind="email", value=f"info@{domain.host}", **seen)
        for domain in domains[:MATCHING]
    )
    refresh_lists([domain.pk for domain in domains])


@pytest.fixture
def open_as(
    chromium: Browser, live_server: LiveServer, default_tenant: Tenant, request: Any
) -> Iterator[Opening]:
    """Return a function that logs in a new member in a given window, with or without JavaScript."""
    width, has_scripts = request.param
    contexts = []

    def opened(name: str) -> Page:
        member_of(default_tenant, name)
        context = chromium.new_context(
            base_url=live_server.url,
            java_script_enabled=has_scripts,
            viewport={"width": width, "height": 900},
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.goto("/login/")
        page.fill("#id_username", name)
        page.fill("#id_password", "secret")
        page.click("button:has-text('Log in')")
        return page

    yield opened
    for context in contexts:
        context.close()


def is_turned(icon: Locator) -> bool:
    return bool(icon.evaluate("icon => getComputedStyle(icon).transform !== 'none'"))


def filter_and_sort(page: Page) -> None:
    page.goto("/domains/")
    summary = page.locator("summary:has-text('More filters')")
    summary.click()
    assert [is_turned(icon) for icon in summary.locator(".icon").all()] == [False, True]
    page.fill("#filter-technology", "WordPress")
    page.select_option("#filter-has_email", "yes")
    page.select_option("#list-order", "-page_count")
    page.click("button:has-text('Apply')")
    expect(page.locator(".chips li")).to_have_count(2)
    expect(page.locator("#list tbody tr").first).to_contain_text("shop59.example")


def choose_columns(page: Page) -> None:
    page.click("summary:has-text('Columns')")
    page.check("input[name=column][value=language]")
    page.uncheck("input[name=column][value=title]")
    page.click(".columns-menu button:has-text('Save')")
    expect(page.locator("#list tbody td[data-label=Language]").first).to_be_visible()
    expect(page.locator("#list tbody td[data-label=Title]")).to_have_count(0)


def tag_all_that_match(page: Page) -> None:
    page.check("[data-pick-all]")
    page.click("#bulk summary:has-text('Tag')")
    page.fill("#bulk input[name=tags]", "vip")
    page.click("#bulk button:has-text('Add')")
    expect(page.locator(f"text={MATCHING} domains tagged “vip”")).to_be_visible()
    expect(page.locator("#list tbody tr").first).to_contain_text("vip")


def save_view(page: Page) -> None:
    page.click("summary:has-text('Save view')")
    page.fill("#view-name", "Shops to call")
    page.select_option("#view-shared", index=1)
    page.click(".save-view button:has-text('Save')")
    expect(page.locator(".list-views [aria-current]")).to_contain_text("Shops")


@pytest.mark.parametrize(
    "open_as",
    [(1440, True), (390, True), (1440, False), (390, False)],
    ids=["wide", "narrow", "wide-no-scripts", "narrow-no-scripts"],
    indirect=True,
)
def test_a_filtered_list_is_tagged_and_saved_for_another_member(
    open_as: Opening, shops: None
) -> None:
    page = open_as("first")
    filter_and_sort(page)
    choose_columns(page)
    tag_all_that_match(page)
    assert Domain.objects.filter(tags__name="vip", contacts__kind="email").count() == MATCHING
    assert Domain.objects.filter(tags__name="vip").count() == MATCHING
    save_view(page)

    page = open_as("second")
    page.goto("/domains/")
    page.click(".list-views >> text=Shops to call")
    expect(page.locator("#list tbody tr").first).to_contain_text("shop59.example")
    expect(page.locator("#list tbody td[data-label=Language]").first).to_have_text("de")
    expect(page.locator("#list tbody tr")).to_have_count(50)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

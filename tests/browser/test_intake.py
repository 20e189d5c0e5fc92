"""From a list to a batch like a user, with and without JavaScript."""

import io
from collections.abc import Iterator

import openpyxl
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, FilePayload, Page, expect
from pytest_django.live_server_helper import LiveServer

from batches.models import Batch, Draft
from scrapersky.tenants.models import User
from tests.browser.test_every_page import EVERY_RULE

# Milliseconds; a workbook is read in a separate process, which starts slowly on a busy machine.
WAIT = 60_000
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SHEETS = {
    "Old": [["Firm", "Website"], ["Z", "z.example"]],
    "Firms": [
        ["Firm", "Website", "Parent"],
        ["A", "a.example", "x.example"],
        ["B", "b.example", "y.example"],
        ["C", "localhost", "x.example"],
    ],
}


def workbook() -> FilePayload:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in SHEETS.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return FilePayload(name="firms.xlsx", mimeType="", buffer=file.getvalue())


@pytest.fixture(params=[True, False], ids=["scripts", "no scripts"])
def has_scripts(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(params=[390, 1440])
def visitor(
    request: pytest.FixtureRequest,
    has_scripts: bool,
    chromium: Browser,
    live_server: LiveServer,
    user: User,
) -> Iterator[Page]:
    """Return a page with `user` logged in, in a window of the given width."""
    context = chromium.new_context(
        base_url=live_server.url,
        java_script_enabled=has_scripts,
        viewport={"width": request.param, "height": 900},
    )
    context.set_default_timeout(WAIT)
    page = context.new_page()
    page.goto("/login/")
    page.fill("#id_username", "member")
    page.fill("#id_password", "secret")
    page.click("button:has-text('Log in')")
    page.goto("/batches/new/")
    yield page
    context.close()


def test_a_workbook_is_checked_corrected_and_started(visitor: Page, has_scripts: bool) -> None:
    page = visitor
    page.set_input_files("#id_file", files=[workbook()])
    if not has_scripts:
        page.click("button:has-text('Check the list first')")
    sheet = page.locator("#check button[name=pick_sheet]", has_text="Firms")
    expect(sheet).to_have_attribute("aria-pressed", "true", timeout=WAIT)
    expect(page.locator("#check summary", has_text="New")).to_contain_text("2", timeout=WAIT)

    page.click("#check button[name=pick_sheet]:has-text('Old')")
    expect(page.locator("#check details", has_text="New")).to_contain_text(
        "z.example", timeout=WAIT
    )
    page.click("#check button[name=pick_sheet]:has-text('Firms')")
    page.click("#check button[name=pick_column]:has-text('Parent')")
    expect(page.locator("#id_column")).to_have_value("Parent", timeout=WAIT)
    expect(page.locator("#check summary", has_text="Repeated")).to_contain_text("1", timeout=WAIT)
    page.click("#check button[name=pick_column]:has-text('Website')")

    expect(page.locator("#check summary", has_text="Rejected")).to_contain_text("1", timeout=WAIT)
    page.fill("#id_name", "Firms")
    with page.expect_navigation():
        page.press("#id_name", "Enter")
    expect(sheet).to_have_attribute("aria-pressed", "true", timeout=WAIT)
    expect(page.locator("#id_name")).to_have_value("Firms", timeout=WAIT)
    expect(page.locator("#id_fixes")).to_have_value("localhost\n", timeout=WAIT)
    page.fill("#id_fixes", "c.example")
    page.click("button:has-text('Check again')")
    expect(page.locator("#check summary", has_text="New")).to_contain_text("3", timeout=WAIT)
    assert not Batch.objects.exists()
    width = page.viewport_size["width"] if page.viewport_size else 0
    if has_scripts:
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        violations = Axe().run(page, options=EVERY_RULE).response["violations"]
        assert violations == []

    page.click("button:has-text('Start scanning')")
    page.wait_for_url("**/batches/*-*/")
    hosts = Batch.objects.get().jobs.order_by("position").values_list("domain__host", flat=True)
    assert list(hosts) == ["a.example", "b.example", "c.example"]
    assert not Draft.objects.exists()


def test_what_was_pasted_is_there_again_after_the_tab_is_closed(
    visitor: Page, has_scripts: bool
) -> None:
    page = visitor
    page.fill("#id_name", "Bakers")
    page.fill("#id_domains", "a.example\nlocalhost")
    if not has_scripts:
        page.click("button:has-text('Check the list first')")
    expect(page.locator("#check summary", has_text="Rejected")).to_contain_text("1", timeout=WAIT)
    context = page.context
    page.close()
    later = context.new_page()
    later.goto("/batches/new/")
    later.click("a:has-text('Drafts (1)')")
    later.click("a:has-text('Bakers')")
    expect(later.locator("#id_domains")).to_have_value("a.example\nlocalhost", timeout=WAIT)
    later.click("button:has-text('Start scanning')")
    later.wait_for_url("**/batches/*-*/")
    assert Batch.objects.get().total == 1

"""Live pages do not interfere with the user's actions."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from batches.models import Batch, Job, Worker
from batches.services import create_batch
from batches.tests.outcomes import complete, fail
from batches.tests.running import running_batch
from scrapersky.tenants.models import Tenant

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# How far contents moved that no click or key moved, as Chromium scores it (0.1 is still good).
WATCH_SHIFTS = """() => {
  window.shifted = 0;
  new PerformanceObserver((list) => {
    for (const shift of list.getEntries()) if (!shift.hadRecentInput) window.shifted += shift.value;
  }).observe({ type: "layout-shift" });
}"""
THREE_POLLS_HELD_BACK = """new Promise((done) => {
  let count = 0;
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.defaultPrevented && ++count === 3) done();
  });
})"""

# A fragment may still change the width of a number.
UNSEEN = 0.01
# From the first fragment on: a browser paints a page while it is still being read.
SHIFTS_OF_FRAGMENTS = f"""
document.addEventListener("htmx:beforeSwap", {WATCH_SHIFTS}, {{ once: true }});"""
# How many fragments have arrived, up to four, as an attribute of the page.
COUNT_FRAGMENTS = """() => document.addEventListener("htmx:afterSettle", () => {
  window.fragments = Math.min((window.fragments ?? 0) + 1, 4);
  document.body.dataset.fragments = window.fragments;
})"""
# The state of polls, as attributes of the page, because its CSP forbids evaluating conditions. htmx
# queues a poll that is due while the previous one is pending.
WATCH_QUEUE = """() => document.addEventListener("htmx:confirm", (event) => {
  if (event.detail.elt.matches("#jobs.htmx-request")) document.body.dataset.queue = "filled";
})"""
# Whether the poll queued behind the delayed one was sent.
WATCH_SENT = """() => document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.elt.id !== "jobs") return;
  document.body.dataset.queue = event.defaultPrevented ? "dropped" : "sent";
})"""
# Whether a delayed response for all statuses was swapped in after the user selected one.
WATCH_SWAPPED = """() => document.addEventListener("htmx:beforeSwap", (event) => {
  const { pathInfo, shouldSwap } = event.detail;
  if (pathInfo.requestPath.includes("/jobs/?shown"))
    document.body.dataset.held = shouldSwap ? "swapped" : "dropped";
})"""


@pytest.fixture(autouse=True)
def fast_polls(settings: Any) -> None:
    settings.POLL_MILLISECONDS = 100


def end(batch: Batch) -> None:
    """End every job that is left."""
    Worker.objects.all().delete()
    batch.jobs.filter(status=Job.Status.RUNNING).update(status=Job.Status.PENDING, worker=None)
    for job in batch.jobs.filter(status=Job.Status.PENDING).select_related("domain"):
        complete(job)


def complete_next(batch: Batch) -> Job:
    """End the next waiting job with a report."""
    job = batch.jobs.filter(status=Job.Status.PENDING).first()
    assert job
    return complete(job)


def hold_a_poll(page: Page) -> Route:
    """Delay one poll of the jobs, and wait until the next one is queued."""
    held: list[Route] = []
    page.route("**/jobs/?*", lambda route: route.continue_() if held else held.append(route))
    while not held:
        page.wait_for_event("request")
    page.evaluate(WATCH_QUEUE)
    expect(page.locator("body")).to_have_attribute("data-queue", "filled")
    return held[0]


def wait_for_polls(page: Page, count: int) -> None:
    for _ in range(count):
        with page.expect_response("**/jobs/?*"):
            pass


def test_ticks_focus_and_open_menus_outlast_ten_polls_and_the_end_is_announced(
    logged_in: Page, default_tenant: Tenant
) -> None:
    batch = running_batch(default_tenant)
    logged_in.goto(f"/batches/{batch.pk}/")
    logged_in.evaluate(WATCH_SHIFTS)
    picks = logged_in.locator("#jobs input[name=pick]")
    for place in range(3):
        picks.nth(place).check()
    logged_in.click("#bulk summary:has-text('Tag')")
    logged_in.fill("#bulk-tags", "half a ta")
    job = complete_next(batch)
    wait_for_polls(logged_in, 10)
    expect(logged_in.locator(f"#job-{job.pk} .state").first).to_have_text("Complete")
    expect(logged_in.locator("#bulk-tags")).to_have_value("half a ta")
    expect(logged_in.locator("#bulk-tags")).to_be_focused()
    expect(logged_in.locator("#jobs input[name=pick]:checked")).to_have_count(3)
    expect(logged_in.locator("#picked")).to_have_text("3 selected")
    expect(logged_in.locator("#announcements")).to_contain_text("50 % of the sites are done")
    end(batch)
    expect(logged_in.locator("#announcements")).to_contain_text("The batch has ended as partial")
    expect(logged_in.locator("#pause-updates")).to_be_hidden()
    expect(logged_in.locator("#jobs input[name=pick]:checked")).to_have_count(3)
    assert logged_in.evaluate("window.shifted") < 0.1


def test_a_poll_queued_behind_the_one_that_shows_the_end_leaves_the_ticks_alone(
    logged_in: Page, default_tenant: Tenant
) -> None:
    batch = running_batch(default_tenant)
    logged_in.goto(f"/batches/{batch.pk}/")
    logged_in.locator("#jobs input[name=pick]").first.check()
    held = hold_a_poll(logged_in)
    end(batch)
    logged_in.evaluate(WATCH_SENT)
    held.continue_()
    expect(logged_in.locator("body")).to_have_attribute("data-queue", "dropped")
    expect(logged_in.locator("#jobs input[name=pick]:checked")).to_have_count(1)


def test_a_poll_under_way_does_not_undo_the_filter_that_the_user_chose(
    logged_in: Page, default_tenant: Tenant
) -> None:
    batch = running_batch(default_tenant)
    logged_in.goto(f"/batches/{batch.pk}/")
    held = hold_a_poll(logged_in)
    logged_in.evaluate(WATCH_SWAPPED)
    logged_in.click("#jobs nav a:has-text('Failed')")
    expect(logged_in.locator("#jobs input[name=pick]")).to_have_count(1)
    held.continue_()
    expect(logged_in.locator("body")).to_have_attribute("data-held", "dropped")
    expect(logged_in.locator("#jobs a[aria-current]")).to_contain_text("Failed")


def test_rows_under_the_pointer_stay_in_place(logged_in: Page, default_tenant: Tenant) -> None:
    batch = running_batch(default_tenant)
    logged_in.goto(f"/batches/{batch.pk}/activity/")
    ended = logged_in.locator("#activity .list-group[data-still]")
    ended.hover()
    complete(batch.jobs.get(status=Job.Status.RUNNING))
    for _ in range(3):
        with logged_in.expect_response("**/activity/live/"):
            pass
    expect(ended.locator("li")).to_have_count(3)
    logged_in.hover("h1")
    expect(ended.locator("li")).to_have_count(4)


def test_new_rows_wait_until_they_are_requested(logged_in: Page, default_tenant: Tenant) -> None:
    batch = running_batch(default_tenant)
    logged_in.goto(f"/batches/{batch.pk}/?status=complete")
    rows, waiting = logged_in.locator("#jobs tbody tr"), logged_in.locator("#new-rows a")
    complete_next(batch)
    expect(waiting).to_have_text("1 new")
    expect(rows).to_have_count(2)
    waiting.click()
    expect(rows).to_have_count(3)
    expect(waiting).to_have_count(0)


def test_updates_can_be_paused_and_a_message_goes_when_it_is_no_longer_true(
    logged_in: Page, default_tenant: Tenant
) -> None:
    batch = running_batch(default_tenant)
    logged_in.goto(f"/batches/{batch.pk}/")
    logged_in.click("#pause")
    expect(logged_in.locator("text=Running scans finish")).to_be_visible()
    expect(logged_in.locator("#resume")).to_be_focused()
    logged_in.click("#pause-updates")
    Batch.objects.filter(pk=batch.pk).resume()
    logged_in.evaluate(THREE_POLLS_HELD_BACK)
    expect(logged_in.locator("#progress .state")).to_have_text("Paused")
    logged_in.click("#pause-updates")
    expect(logged_in.locator("#progress .state")).to_have_text("Running")
    expect(logged_in.locator("text=Running scans finish")).to_have_count(0)


def test_the_live_region_says_start_quarters_failure_pause_and_end(
    logged_in: Page, default_tenant: Tenant
) -> None:
    hosts = [f"host{number}.example" for number in range(8)]
    batch = create_batch(tenant=default_tenant, created_by=None, domains=hosts)
    jobs = list(batch.jobs.select_related("domain").order_by("position"))
    row = Batch.objects.filter(pk=batch.pk)
    logged_in.goto(f"/batches/{batch.pk}/")
    region = logged_in.locator("#announcements")
    region.evaluate("region => { region.isTheFirst = true }")
    expect(region).to_be_empty()
    row.start()
    expect(region).to_have_text("The batch is running.")
    complete(jobs[0])
    complete(jobs[1])
    expect(region).to_have_text("The batch is running, 25 % of the sites are done.")
    fail(jobs[2], "dns_not_found", "The domain name does not resolve to an address.")
    expect(region).to_contain_text("25 % of the sites are done, some sites have failed.")
    complete(jobs[3])
    expect(region).to_contain_text("50 % of the sites are done")
    row.pause()
    expect(region).to_contain_text("The batch is paused")
    row.resume()
    expect(region).to_contain_text("The batch is running")
    complete(jobs[4])
    complete(jobs[5])
    expect(region).to_contain_text("75 % of the sites are done")
    end(batch)
    expect(region).to_have_text("The batch has ended as partial: 7 complete, 1 failed.")
    assert region.evaluate("region => region.isTheFirst && region.role === 'status'")


@pytest.mark.parametrize("width", [1440, 1024, 390, 320])
def test_fragments_move_nothing_when_they_arrive(
    logged_in: Page, default_tenant: Tenant, width: int
) -> None:
    batch = running_batch(default_tenant)
    logged_in.set_viewport_size({"width": width, "height": 900})
    logged_in.add_init_script(f"({COUNT_FRAGMENTS})(); {SHIFTS_OF_FRAGMENTS}")
    for url in ("/", *(f"/batches/{batch.pk}/{tab}" for tab in ("", "failures/", "activity/"))):
        logged_in.goto(url)
        expect(logged_in.locator("body")).to_have_attribute("data-fragments", "4")
        assert logged_in.evaluate("window.shifted") < UNSEEN, url
    for url in ("/batches/", "/domains/", "/contacts/", "/pages/", "/technologies/"):
        logged_in.goto(url)
        expect(logged_in.locator("#list-count")).to_have_text(re.compile(r"\d"))
        assert logged_in.evaluate("window.shifted") < UNSEEN, url

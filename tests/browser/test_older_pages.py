"""A page with the older system's calls, in a real Chromium, to every outcome."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from batches.models import Batch, Job
from batches.tests.outcomes import complete, fail
from batches.transitions import cancel_batch, cancel_job
from scrapersky.tenants.models import ApiToken, User

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGE = Path(__file__).with_name("older_page.html")
API = "/api/v3"
# `modernized_page_scraper` has the views of `batch_page_scraper` (test_api_older_clients.py).
BATCH_PATHS = ("batch_page_scraper/batch", "sitemap/batch/create")
SCAN_PATHS = ("batch_page_scraper/scan", "sitemap/scan")
NO_ADDRESS = "The domain name does not resolve to an address."
# What to do once the page polls, and the expected final status, error and domains.
End = tuple[list[Callable[[Any], object]], str, str, list[str]]


def fail_dns(job: Job) -> None:
    fail(job, "dns_not_found", NO_ADDRESS)


def of(place: int, step: Callable[[Any], object]) -> Callable[[Batch], object]:
    return lambda batch: step(batch.jobs.get(position=place))


LAST_ERROR = f"Error processing domain b.example: {NO_ADDRESS}"
BATCH_ENDS: dict[str, End] = {
    "complete": ([of(0, complete), of(1, complete)], "completed", "none", ["completed"] * 2),
    "partial": (
        [of(0, complete), of(1, fail_dns)],
        "completed",
        LAST_ERROR,
        ["completed", "failed"],
    ),
    "failed": ([of(0, fail_dns), of(1, fail_dns)], "failed", LAST_ERROR, ["failed"] * 2),
    "cancelled": (
        [of(0, complete), cancel_batch],
        "failed",
        "cancelled",
        ["completed", "failed"],
    ),
}
SCAN_ENDS: dict[str, tuple[Callable[[Any], object], str, str]] = {
    "complete": (complete, "completed", "none"),
    "failed": (fail_dns, "failed", NO_ADDRESS),
    "cancelled": (cancel_job, "failed", "cancelled"),
}


@pytest.fixture
def older_page(chromium: Browser, live_server: LiveServer, user: User) -> Iterator[Page]:
    """Return the page, served at this system's address, with a token of `user` filled in."""
    _, token = ApiToken.create(user=user)
    with chromium.new_context(base_url=live_server.url) as context:
        context.set_default_timeout(10_000)
        page = context.new_page()
        page.route("**/older-page.html", lambda route: route.fulfill(path=PAGE))
        page.goto("/older-page.html")
        page.fill("#token", token)
        yield page


def start(page: Page, path: str, body: dict[str, Any]) -> None:
    page.fill("#path", f"{API}/{path}")
    page.fill("#body", json.dumps(body))
    page.click("text=Start")
    expect(page.locator("#status")).not_to_be_empty()


def polls(page: Page) -> int:
    return int(page.inner_text("#polls"))


def expect_more_polls(page: Page) -> None:
    """Wait until the page has polled again and continues."""
    before = polls(page)
    expect(page.locator("#polls")).not_to_have_text(str(before))
    expect(page.locator("#error")).to_be_empty()


def expect_end(page: Page, status: str, error: str) -> None:
    expect(page.locator("#error")).to_have_text(error)
    expect(page.locator("#status")).to_have_text(status)


@pytest.mark.parametrize("end", BATCH_ENDS)
@pytest.mark.parametrize("path", BATCH_PATHS)
def test_an_older_page_polls_a_batch_to_its_end(older_page: Page, path: str, end: str) -> None:
    steps, status, error, domains = BATCH_ENDS[end]
    start(older_page, path, {"domains": ["a.example", "b.example"], "max_pages": 10})
    batch = Batch.objects.get()
    for step in steps:
        expect_more_polls(older_page)
        step(batch)
    expect_end(older_page, status, error)
    response = json.loads(older_page.inner_text("#response"))
    assert [domain["status"] for domain in response["domain_statuses"].values()] == domains


@pytest.mark.parametrize("end", SCAN_ENDS)
@pytest.mark.parametrize("path", SCAN_PATHS)
def test_an_older_page_polls_a_scan_to_its_end(older_page: Page, path: str, end: str) -> None:
    step, status, error = SCAN_ENDS[end]
    start(older_page, path, {"base_url": "a.example", "max_pages": 10})
    expect_more_polls(older_page)
    step(Job.objects.select_related("domain").get())
    status = "complete" if (path, status) == ("sitemap/scan", "completed") else status
    expect_end(older_page, status, error)


def test_the_token_of_the_public_repository_shows_the_older_page_why_it_is_refused(
    older_page: Page,
) -> None:
    older_page.fill("#token", "scraper_sky_2024")
    older_page.fill("#path", f"{API}/batch_page_scraper/batch")
    older_page.fill("#body", json.dumps({"domains": ["a.example"]}))
    older_page.click("text=Start")
    expect(older_page.locator("#error")).to_contain_text("401: ")
    assert not Batch.objects.exists()

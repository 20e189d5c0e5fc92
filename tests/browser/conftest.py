"""A real Chromium, started once for all browser tests."""

import os
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from playwright.sync_api import Browser, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from scrapersky.tenants.models import User
from tests.browser.chromium import CHROMIUM, FLAGS


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run browser tests only on SQLite: the pages are the same on both databases."""
    if connection.vendor == "sqlite":
        return
    here = [item for item in items if item.get_closest_marker("browser")]
    items[:] = [item for item in items if item not in here]
    config.hook.pytest_deselected(items=here)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if not CHROMIUM:
        pytest.skip("no Chromium on this machine (Debian: apt install chromium-headless-shell)")
    # Playwright's event loop runs in this thread, where the tests use the ORM.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def page(chromium: Browser, live_server: LiveServer, user: User) -> Iterator[Page]:
    """Return an empty page; the test fails if a page violates its CSP or throws."""
    context = chromium.new_context(base_url=live_server.url, color_scheme="light")
    context.set_default_timeout(10_000)
    faults: list[str] = []
    opened = context.new_page()
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on(
        "console", lambda message: faults.append(message.text) if message.type == "error" else None
    )
    yield opened
    context.close()
    assert faults == []


@pytest.fixture
def logged_in(page: Page, live_server: LiveServer, user: User) -> Page:
    """Return a page with `user` logged in."""
    client = Client()
    client.force_login(user)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
    page.goto("/")
    return page

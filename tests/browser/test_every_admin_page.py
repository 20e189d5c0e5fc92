"""Every page of the admin: axe's report (WCAG 2.2 AA), and whether it fits the screen."""

from collections.abc import Callable, Iterator

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect

from batches.models import Batch
from batches.tests.outcomes import fail
from batches.tests.running import running_batch
from scrapersky.tenants.models import User
from tests.access.world import World
from tests.browser.test_every_page import SHARES, faults_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

BATCHES = "/admin/batches/batch/"
MEMBERSHIPS = "/admin/tenants/membership/"
# Names of 200 characters, with and without spaces.
LONG = ("A list with a long name " * 9)[:200]
UNBROKEN = "x" * 200
# It would inline the styles imported by Django's, violating the pages' CSP.
PRELOAD = False
# Lists that are wider than their box, which scrolls.
IS_WIDER = """(() => {
  const { scrollWidth, clientWidth } = document.querySelector(".results");
  return scrollWidth > clientWidth;
})()"""


@pytest.fixture
def world(transactional_db: None) -> World:
    world = World()
    running = running_batch(world.here)
    Batch.objects.filter(pk=running.pk).update(name=LONG)
    failed = world.rows["schedules"].runs.get().batch
    fail(failed.jobs.select_related("domain").get(), "dns_not_found", "")
    Batch.objects.filter(pk=failed.pk).update(name=UNBROKEN)
    return world


@pytest.fixture
def user(world: World) -> User:
    """Return a superuser, who logs in."""
    member = User.objects.get(username="member")
    member.set_password("secret")
    member.is_staff = member.is_superuser = True
    member.save()
    return member


def urls(world: World, user: User) -> Iterator[str]:
    """Return every URL of the admin that shows a page of its own."""
    client = Client()
    client.force_login(user)
    yield from ("/admin/", "/admin/batches/", "/admin/password_change/")
    for batch in world.here.batches.all():
        pages = ["change", "history", *(["delete"] if batch.is_ended else ())]
        yield from (url_of(Batch, page, batch) for page in pages)
    for model in admin.site._registry:
        yield url_of(model, "changelist")
        row = world.sample(model)
        for url in (url_of(model, "add"), url_of(model, "change", row)):
            if client.get(url).status_code == 200:
                yield url


def url_of(model: type[Model], page: str, row: Model | None = None) -> str:
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}"
    return reverse(name, args=[row.pk] if row else [])


@pytest.mark.parametrize("share", SHARES)
def test_every_page_passes_axe_and_fits_every_screen(
    logged_in: Page, world: World, user: User, share: int
) -> None:
    faults = []
    for url in list(urls(world, user))[share :: len(SHARES)]:
        logged_in.goto(url)
        faults += [f"{url}: {fault}" for fault in faults_of(logged_in, preload=PRELOAD)]
    assert not faults, "\n".join(faults)


def open_filter(page: Page) -> None:
    page.click(".filters summary:has-text('Status')")
    expect(page.locator(".filters li a:has-text('Paused')")).to_be_visible()


def open_options(page: Page) -> None:
    page.click("summary:has-text('Options')")
    expect(page.locator("#id_max_pages")).to_be_visible()


def open_choice(page: Page) -> None:
    page.click(".field-user .select2-selection")
    page.fill(".select2-search__field", "staff")
    expect(page.locator(".select2-results__option").first).to_contain_text("staff")


@pytest.mark.parametrize(
    ("url", "opening"),
    [
        (BATCHES, open_filter),
        (f"{BATCHES}add/", open_options),
        (f"{MEMBERSHIPS}add/", open_choice),
        (f"{MEMBERSHIPS}add/?_popup=1", open_choice),
    ],
)
def test_what_opens_passes_axe_and_fits_every_screen(
    logged_in: Page, url: str, opening: Callable[[Page], None]
) -> None:
    logged_in.goto(url)
    opening(logged_in)
    faults = list(faults_of(logged_in, preload=PRELOAD))
    assert not faults, "\n".join(faults)


def test_no_list_needs_scrolling_at_1024_pixels(logged_in: Page) -> None:
    logged_in.set_viewport_size({"width": 1024, "height": 800})
    wide = []
    for model in admin.site._registry:
        logged_in.goto(url_of(model, "changelist"))
        if logged_in.evaluate(IS_WIDER):
            wide.append(model.__name__)
    assert wide == []
    logged_in.goto(BATCHES)
    for name in (LONG, UNBROKEN):
        assert logged_in.locator(f"#result_list [title='{name}']").bounding_box()["height"] < 25  # type: ignore[index]


def test_a_menu_of_filters_closes_on_escape_and_keeps_the_focus(
    logged_in: Page, world: World
) -> None:
    logged_in.goto(BATCHES)
    open_filter(logged_in)
    logged_in.keyboard.press("Escape")
    expect(logged_in.locator(".filters li a:visible")).to_have_count(0)
    assert logged_in.evaluate("document.activeElement.textContent").startswith("Status")
    open_filter(logged_in)
    logged_in.click(".filters li a:has-text('Running')")
    expect(logged_in.locator(".filters summary strong")).to_have_text("Running")
    expect(logged_in.locator("#result_list tbody tr")).to_have_count(1)
    logged_in.click("text=Clear all filters")
    expect(logged_in.locator("#result_list tbody tr")).to_have_count(world.here.batches.count())

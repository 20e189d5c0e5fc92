"""Every page of the console and the admin: axe's report (WCAG 2.2 AA), and whether it fits."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page

from batches.models import Job
from batches.tests.running import running_batch
from scrapersky.tenants.models import User
from tests.access.addresses import CONSOLE
from tests.access.world import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NOWHERE = "/no-such-page/"
WIDTHS = (1440, 1024, 390, 320)
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
EVERY_RULE = {
    "runOnly": {"type": "tag", "values": TAGS},
    "rules": {"label-content-name-mismatch": {"enabled": True}},
}
# Report violations only. Preloading would fetch styles that the pages' CSP forbids.
REPORT = {"resultTypes": ["violations"], "preload": False}
# Only contrast depends on colours.
RULES_ON_COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}
Checks = tuple[tuple[int, Any, Any], ...]
CHECKS: Checks = (
    (1440, "light", EVERY_RULE),
    (1440, "dark", RULES_ON_COLOURS),
    (390, "dark", EVERY_RULE),
    (390, "light", RULES_ON_COLOURS),
)


# Nobody uses the admin on a phone.
ADMIN_WIDTHS = (1440, 1024)
# Colours are those of a few style sheets, so the pages of batches stand for all of them.
ADMIN_CHECKS: Checks = ((1440, "light", EVERY_RULE),)
BATCH_CHECKS: Checks = (*ADMIN_CHECKS, (1024, "dark", RULES_ON_COLOURS))


def urls(world: World) -> Iterator[str]:
    """Return every URL of the console that shows a full page."""
    client = Client()
    client.force_login(User.objects.get(username="member"))
    yield from (f"/batches/{batch.pk}/" for batch in world.here.batches.all())
    yield from (f"/jobs/{job.pk}/" for job in Job.objects.filter(status="failed"))
    yield NOWHERE
    for address in CONSOLE:
        url = address.url(world)
        if address.name != "logout":
            response = client.get(url)
            if response.status_code == 200 and b"<html" in response.getvalue():
                yield url


def admin_urls(world: World) -> Iterator[str]:
    """Return every URL of the admin that shows a list or a row, and the form of a new batch."""
    client = Client()
    client.force_login(User.objects.get(username="member"))
    yield "/admin/"
    yield reverse("admin:batches_batch_add")
    yield reverse("admin:batches_batch_change", args=[world.here.batches.latest("created_at").pk])
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        row = reverse(f"{name}_change", args=[world.sample(model).pk])
        for url in (reverse(f"{name}_changelist"), row):
            if client.get(url).status_code == 200:
                yield url


def faults_of(
    page: Page, axe: Axe, checks: Checks = CHECKS, widths: tuple[int, ...] = WIDTHS
) -> Iterator[str]:
    for width, scheme, options in checks:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.set_viewport_size({"width": width, "height": 900})
        report = axe.run(page, options=options | REPORT)
        for violation in report.response["violations"]:
            nodes = [f"{node['target']} {node['html'][:150]}" for node in violation["nodes"][:3]]
            yield f"{width} px, {scheme}: {violation['id']}: {nodes}"
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        if page.evaluate("document.documentElement.scrollWidth") > width:
            yield f"wider than {width} px"


@pytest.fixture
def world(transactional_db: None) -> World:
    world = World()
    running_batch(world.here)
    return world


@pytest.fixture
def user(world: World) -> User:
    """Return the world's member, who logs in."""
    member = User.objects.get(username="member")
    member.set_password("secret")
    member.save()
    return member


def test_every_page_passes_axe_and_fits_every_screen(logged_in: Page, world: World) -> None:
    axe = Axe()
    faults = []
    # The browser reports the status of an error page as an error.
    logged_in.route(f"**{NOWHERE}", lambda route: route.fulfill(response=route.fetch(), status=200))
    for url in urls(world):
        logged_in.goto(url)
        faults += [f"{url}: {fault}" for fault in faults_of(logged_in, axe)]
    assert not faults, "\n".join(faults)


def test_every_page_of_the_admin_passes_axe(logged_in: Page, user: User, world: World) -> None:
    User.objects.filter(pk=user.pk).update(is_staff=True, is_superuser=True)
    axe = Axe()
    faults = []
    for url in admin_urls(world):
        logged_in.set_viewport_size({"width": 1440, "height": 900})
        logged_in.goto(url)
        checks = BATCH_CHECKS if "/batches/batch/" in url else ADMIN_CHECKS
        faults += [f"{url}: {fault}" for fault in faults_of(logged_in, axe, checks, ADMIN_WIDTHS)]
    assert not faults, "\n".join(faults)

"""Every page of the console: axe's report (WCAG 2.2 AA), and whether it fits the screen."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.db.models import QuerySet
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page as BrowserPage
from playwright.sync_api import TimeoutError

from batches.models import Batch, Job
from batches.services import create_batch
from batches.tests.outcomes import complete
from batches.tests.running import running_batch
from scans.curation import DomainTag, Tag
from scans.models import Contact, Page, Sitemap, Technology
from scrapersky.tenants.models import User
from tests.access.addresses import CONSOLE
from tests.access.world import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NOWHERE = "/no-such-page/"
LONG = "A long name of a list of shops, " * 6
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
EVERY_RULE = {
    "runOnly": {"type": "tag", "values": TAGS},
    "rules": {"label-content-name-mismatch": {"enabled": True}},
}
# Texts of a page that are cut off: all of them, and the names of domains.
CUT = """(selector) => [...document.querySelectorAll(selector)]
  .filter((text) =>
    text.scrollWidth > text.clientWidth + 1 || text.scrollHeight > text.clientHeight + 2)
  .map((text) => text.textContent)"""
FITS = "(width) => document.documentElement.scrollWidth <= width"
TEXTS = "main .cut"
HOSTS = ":is(a.cut[href^='/domains/'], a.cut[href^='/jobs/'])"
# Only contrast depends on colours.
RULES_ON_COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}
# The colour schemes in which axe runs at each width, and its rules.
CHECKS: dict[int, tuple[tuple[Any, Any], ...]] = {
    1440: (("light", EVERY_RULE), ("dark", RULES_ON_COLOURS)),
    1024: (),
    390: (("dark", EVERY_RULE), ("light", RULES_ON_COLOURS)),
    320: (),
}
# The pages are divided among this many tests, so that all processes of a run share them.
SHARES = range(3)


def urls(world: World) -> Iterator[str]:
    """Return every URL of the console that shows a full page."""
    client = Client()
    client.force_login(User.objects.get(username="member"))
    yield from (f"/batches/{batch.pk}/" for batch in world.here.batches.all())
    yield from (f"/jobs/{job.pk}/" for job in Job.objects.filter(status="failed"))
    yield from (f"/domains/{tag.domain_id}/" for tag in DomainTag.objects.all())
    yield NOWHERE
    for address in CONSOLE:
        url = address.url(world)
        if address.name != "logout":
            response = client.get(url)
            if response.status_code == 200 and b"<html" in response.getvalue():
                yield url


def faults_of(page: BrowserPage, **options: Any) -> Iterator[str]:
    """Yield what axe finds on a page in `CHECKS`, and where it does not fit."""
    options["resultTypes"] = ["violations"]
    page.emulate_media(reduced_motion="reduce")
    page.evaluate(AXE_SCRIPT)
    for width, checks in CHECKS.items():
        page.set_viewport_size({"width": width, "height": 900})
        for scheme, rules in checks:
            page.emulate_media(color_scheme=scheme)
            report = page.evaluate("(options) => axe.run(options)", rules | options)
            for violation in report["violations"]:
                nodes = [
                    f"{node['target']} {node['html'][:150]}" for node in violation["nodes"][:3]
                ]
                yield f"{width} px, {scheme}: {violation['id']}: {nodes}"
        yield from misfits(page, width)


def misfits(page: BrowserPage, width: int) -> Iterator[str]:
    """Yield whether a page is wider than the window, and its texts that are cut off."""
    try:  # scripts move what is open after the window has changed
        page.wait_for_function(FITS, arg=width, timeout=2_000)
    except TimeoutError:
        yield f"wider than {width} px"
    # Wider screens have tables; on these, each fact has a line of its own.
    texts = page.evaluate(CUT, TEXTS if width < 768 else HOSTS)
    yield from (f"cut at {width} px: {text}" for text in texts)


@pytest.fixture
def world(transactional_db: None) -> World:
    world = World()
    batch = running_batch(world.here)
    Batch.objects.filter(pk=batch.pk).update(name=LONG)
    add_long_names(world)
    return world


def add_long_names(world: World) -> None:
    """Give each list a domain with a long name, and this domain a long tag and gone results."""
    hosts = [f"{'a-shop-' * 8}of-the-north.example"]
    batch = create_batch(tenant=world.here, created_by=None, domains=hosts)
    job = complete(batch.jobs.get())
    tag = Tag.objects.create(tenant=world.here, name="a long name of a tag " * 3)
    assert job.domain
    DomainTag.objects.create(tag=tag, domain=job.domain)
    for model in (Contact, Technology, Page, Sitemap):
        rows: QuerySet = model._default_manager.filter(domain=job.domain)
        assert rows.update(gone_at=timezone.now())


@pytest.fixture
def user(world: World) -> User:
    """Return the world's member, who logs in."""
    member = User.objects.get(username="member")
    member.set_password("secret")
    member.save()
    return member


@pytest.mark.parametrize("share", SHARES)
def test_every_page_passes_axe_and_fits_every_screen(
    logged_in: BrowserPage, world: World, share: int
) -> None:
    faults = []
    # The browser reports the status of an error page as an error.
    logged_in.route(f"**{NOWHERE}", lambda route: route.fulfill(response=route.fetch(), status=200))
    for url in list(urls(world))[share :: len(SHARES)]:
        logged_in.goto(url)
        faults += [f"{url}: {fault}" for fault in faults_of(logged_in)]
    assert not faults, "\n".join(faults)

"""Times and numbers are formatted for the account, else for the browser, else in UTC."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client, RequestFactory

from batches.services import create_batch
from scrapersky.settings import BASE_DIR
from scrapersky.tenants.models import NumberFormat, Tenant, User
from scrapersky.web import regional

pytestmark = pytest.mark.django_db


@pytest.fixture
def batch_url(default_tenant: Tenant) -> str:
    batch = create_batch(tenant=default_tenant, created_by=None, domains=["a.example"])
    return f"/batches/{batch.pk}/"


def test_times_are_in_the_zone_of_the_browser_until_the_account_has_one(
    client: Client, user: User, batch_url: str
) -> None:
    client.force_login(user)
    assert "Times are in <a" in client.get(batch_url).text
    assert ">UTC</a>" in client.get(batch_url).text
    client.cookies["time_zone"] = "Asia/Tokyo"
    assert "Asia/Tokyo (JST)" in client.get(batch_url).text
    client.post("/account/regional/", {"time_zone": "Asia/Kathmandu", "number_format": "point"})
    page = client.get(batch_url).text
    assert "Asia/Kathmandu" in page
    assert "+05:45" in page


@pytest.mark.parametrize("cookie", ["Mars/Base", "../../etc/passwd", "", "America"])
def test_a_cookie_that_names_no_zone_leaves_times_in_utc(
    client: Client, user: User, batch_url: str, cookie: str
) -> None:
    client.force_login(user)
    client.cookies["time_zone"] = cookie
    assert ">UTC</a>" in client.get(batch_url).text


def test_the_zone_of_one_request_does_not_outlive_it(
    client: Client, user: User, batch_url: str
) -> None:
    User.objects.filter(pk=user.pk).update(time_zone="Asia/Tokyo", number_format="point")
    client.force_login(user)
    client.get(batch_url)
    assert regional.grouped(1234.5, 1) == "1,234.5"
    assert regional.template_context(RequestFactory().get("/"))["time_zone"]() == "UTC"


@pytest.mark.parametrize("kind", NumberFormat)
def test_each_number_format_writes_its_own_example(kind: NumberFormat) -> None:
    token = regional._format.set(kind)
    try:
        assert regional.grouped(1234.5, 1).replace("\u202f", " ") == kind.label
    finally:
        regional._format.reset(token)


def test_an_unknown_zone_is_refused_with_the_page(client: Client, user: User) -> None:
    client.force_login(user)
    response = client.post("/account/regional/", {"time_zone": "Mars/Base"})
    assert "Mars/Base is not one of the available choices" in response.text


def test_messages_and_hints_write_numbers_as_the_user_reads_them(
    client: Client, user: User
) -> None:
    User.objects.filter(pk=user.pk).update(number_format="point")
    client.force_login(user)
    assert " MB and 2.000.000 domains" in client.get("/batches/new/").text
    hosts = "\n".join(f"host{number}.example" for number in range(1_001))
    page = client.post("/batches/new/", {"domains": hosts}, follow=True).text
    assert "1.001 domains will be scanned" in page


def test_only_one_place_of_the_console_puts_marks_between_thousands() -> None:
    own = [
        str(path.relative_to(BASE_DIR))
        for path in modules_of_the_console()
        if re.search(r"\{[^{}\n]*:,[.}dfg]", path.read_text())
    ]
    assert own == ["scrapersky/web/regional.py"]


def modules_of_the_console() -> Iterator[Path]:
    """Yield the modules of pages and API; the engine and the commands have no user."""
    others = {"tests", "migrations", "engine", "management", "legacy", "runner", "schema"}
    for app in ("batches", "scans", "scrapersky"):
        for path in sorted((BASE_DIR / app).rglob("*.py")):
            if not others & set(path.relative_to(BASE_DIR).parts):
                yield path

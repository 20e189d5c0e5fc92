"""No page is stored in the cache of a browser or proxy."""

from collections.abc import Iterator

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from scrapersky.tenants.models import User
from scrapersky.web.no_store import NoStoreMiddleware


def routes(resolver: URLResolver | None = None, prefix: str = "/") -> Iterator[str]:
    """Return every URL of the project without parameters."""
    for pattern in (resolver or get_resolver()).url_patterns:
        route = f"{prefix}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, route)
        elif isinstance(pattern, URLPattern) and not {"<", "("} & set(route):
            yield route


@pytest.mark.django_db
@pytest.mark.parametrize("logged_in", [True, False])
def test_every_page_forbids_storing_it(admin_user: User, logged_in: bool) -> None:
    browser = Client()
    if logged_in:
        browser.force_login(admin_user)
    every = [*routes(), "/nowhere/", "/api/v3/nowhere"]
    assert len(every) > 40
    answers = {route: browser.get(route).headers.get("Cache-Control", "") for route in every}
    assert [route for route, value in answers.items() if "no-store" not in value] == []


def test_static_files_may_be_stored(client: Client) -> None:
    assert "no-store" not in client.get("/static/css/scrapersky.css").headers["Cache-Control"]


def test_a_view_may_call_its_response_public() -> None:
    stored = HttpResponse(headers={"Cache-Control": "public, max-age=60"})
    response = NoStoreMiddleware(lambda request: stored)(HttpRequest())
    assert response.headers["Cache-Control"] == "public, max-age=60"

"""The HTTP API: mounts the routers of the applications under /api/v3/."""

import json
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from ninja import NinjaAPI, Router
from ninja.openapi.docs import Swagger

from batches.api.exports import router as exports
from batches.api.lists import batches as batch_lists
from batches.api.lists import jobs as job_lists
from batches.api.lists import lines as line_lists
from batches.api.page_scraper import router as page_scraper
from batches.api.saved_lists import router as saved_lists
from batches.api.schedules import router as schedules
from batches.api.sitemaps import router as sitemap_scans
from batches.api.transitions import jobs as job_controls
from batches.api.transitions import router as batch_controls
from scans import api_lists
from scans.api import router as domains
from scans.bulk.api import router as actions
from scans.corrections.api import router as corrections
from scrapersky.web import api_errors
from scrapersky.web.api_auth import ConsoleSession, TokenAuth

# URL prefixes of the older system -> the prefixes that serve them.
ALIASES = {"modernized_page_scraper/": "batch_page_scraper/"}


class DocsPage(Swagger):
    """Swagger UI in the console's own template; django-ninja's loads it from the internet."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        url = self.get_openapi_url(api, kwargs)
        settings = json.dumps(self.settings | {"url": url})
        context = {"swagger_settings": settings, "openapi_url": url}
        return render(request, "api_docs.html", context)


class ConsoleApi(NinjaAPI):
    """An API that returns all errors in one format."""

    @property
    def urls(self) -> tuple[list[Any], str, str]:
        patterns, application, namespace = super().urls
        for pattern in patterns:
            if isinstance(pattern, URLPattern):
                # The API itself checks tokens and sessions and returns its own errors.
                pattern.callback = login_not_required(api_errors.name_methods(pattern.callback))
        # `reverse` uses the last pattern of a name, so the aliases come first.
        return [*_aliases(patterns), *patterns], application, namespace


def _aliases(patterns: list[Any]) -> list[URLPattern]:
    routes = [(str(pattern.pattern), pattern) for pattern in patterns]
    return [
        path(alias + route.removeprefix(start), pattern.callback, name=pattern.name)
        for alias, start in ALIASES.items()
        for route, pattern in routes
        if route.startswith(start)
    ]


api = ConsoleApi(
    title="ScraperSky",
    version="3.0.0",
    urls_namespace="api",
    docs=DocsPage(),
    description=(
        "Scan lists of websites. Log in to the console, or create a token on your account page "
        "and send it as `Authorization: Bearer TOKEN`. Every path under `batch_page_scraper` is "
        "also available under `modernized_page_scraper`."
    ),
    auth=[TokenAuth(), ConsoleSession()],
)
api_errors.install(api)
api.add_router("/batch_page_scraper", page_scraper, tags=["batch_page_scraper"])
api.add_router("/sitemap", sitemap_scans, tags=["sitemap"])
api.add_router("/batches", batch_controls, tags=["batches"])
api.add_router("/batches", batch_lists, tags=["batches"])
api.add_router("/jobs", job_controls, tags=["jobs"])
api.add_router("/exports", exports, tags=["exports"])
api.add_router("/schedules", schedules, tags=["schedules"])
api.add_router("/jobs", job_lists, tags=["jobs"])
api.add_router("/lists", saved_lists, tags=["lists"])
api.add_router("/lines", line_lists, tags=["lines"])
api.add_router("/domains", domains, tags=["domains"])
for name in ("domains", "contacts", "pages", "technologies", "sitemaps", "scans"):
    api.add_router(f"/{name}", getattr(api_lists, name), tags=[name])
api.add_router("/actions", actions, tags=["actions"])
api.add_router("/corrections", corrections, tags=["corrections"])

# Mounted last, so that unknown paths get an API error instead of a page.
unknown = Router(auth=None)
api.add_router("", unknown)


@unknown.api_operation(
    ["GET", "POST", "PUT", "PATCH", "DELETE"], "/{path:rest}", include_in_schema=False
)
def unknown_address(request: HttpRequest, rest: str) -> None:
    """Return 404 for an unknown API path."""
    raise Http404(f"The API has no endpoint {request.path}.")


urlpatterns = api.urls[0]

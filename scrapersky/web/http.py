"""Requests of the console, and the fragments that htmx requests."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST
from django_htmx.middleware import HtmxDetails

from scrapersky.tenants.models import User


class ConsoleRequest(HttpRequest):
    """A request behind the login."""

    user: User
    htmx: HtmxDetails


View = Callable[..., HttpResponse]
# A view that may also stream a file
C = TypeVar("C", bound=Callable[..., HttpResponseBase])


def fragment_of(page: str) -> Callable[[View], View]:
    """Redirect requests without htmx to the full page (a URL name), keeping the query string."""

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapped(request: ConsoleRequest, **kwargs: Any) -> HttpResponse:
            if request.htmx:
                return view(request, **kwargs)
            response = redirect(page, **kwargs)
            if query := request.GET.urlencode():
                response["Location"] += f"?{query}"
            return response

        return wrapped

    return decorate


def control_of(page: str) -> Callable[[C], C]:
    """Accept only POST; after a login, continue at the page with the form (a URL name)."""

    def decorate(view: C) -> C:
        control: Any = require_POST(view)
        control.page_after_login = page
        return control

    return decorate


def redirect_back(request: HttpRequest, default: str, anchor: str = "") -> HttpResponse:
    """Return to the page that had the button (`next`), or else to a default URL.

    `anchor` is the id of the element to scroll to.
    """
    url = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(url, allowed_hosts={request.get_host()}):
        url = default
    if anchor:
        url = f"{url.partition('#')[0]}#{anchor}"
    return HttpResponseRedirect(url)

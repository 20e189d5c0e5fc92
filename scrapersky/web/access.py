"""Decide who may call a view: the default rule for every view.

Without a decorator, a view requires a login, and methods that change something require a role that
may write. `scrapersky.tenants.access` decides which rows it may read or write.
"""

from functools import partial
from typing import Any, TypeVar

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse

from scrapersky.tenants import access
from scrapersky.tenants.models import User

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
V = TypeVar("V")


def own_account(view: V) -> V:
    """Open a view to every account, including viewers and accounts without a tenant.

    It only handles rows of the account itself: profile, sessions, tokens.
    """
    view.is_own_account = True  # type: ignore[attr-defined]
    return view


def open_to_viewers(view: V) -> V:
    """Let viewers call a view with any method, as it changes no shared rows."""
    view.is_open_to_viewers = True  # type: ignore[attr-defined]
    return view


def check_method(request: HttpRequest) -> None:
    """Raise PermissionDenied if the method changes something and the user may not write."""
    if request.method not in SAFE_METHODS:
        access.check_writable_somewhere(request.user)


class AccessMiddleware(LoginRequiredMiddleware):
    """Enforce the rule on every view; `login_not_required` opens a view to everybody."""

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        if not getattr(view, "login_required", True):
            return None
        if not request.user.is_authenticated:
            return self._to_login(request, view, kwargs)
        if getattr(view, "is_own_account", False):
            return None
        if not access.has_tenant(request.user):
            return _without_tenant(request)
        if not getattr(view, "is_open_to_viewers", False):
            check_method(request)
        return None

    def _to_login(self, request: HttpRequest, view: Any, kwargs: dict[str, Any]) -> HttpResponse:
        page = getattr(view, "page_after_login", "")
        if page:
            return redirect_to_login(_url_of(page, kwargs))
        return self.handle_no_permission(request, view)


def _url_of(page: str, kwargs: dict[str, Any]) -> str:
    """Return the URL of a page with its action's arguments, or with none."""
    try:
        return reverse(page, kwargs=kwargs)
    except NoReverseMatch:
        return reverse(page)


def _without_tenant(request: HttpRequest) -> HttpResponse:
    """Return the page that explains what the account lacks and who can add it."""
    superusers = User.objects.filter(is_superuser=True, is_active=True).exclude(email="")
    context = {"contacts": superusers.order_by("date_joined")[:3]}
    status = 200 if request.method in SAFE_METHODS else 403
    return render(request, "registration/no_tenant.html", context, status=status)


def template_context(request: HttpRequest) -> dict[str, Any]:
    """Tell templates whether the user may write."""
    user = getattr(request, "user", None)
    if user is None:
        return {}
    return {
        "has_tenant": partial(access.has_tenant, user),
        "can_write": partial(access.can_write_somewhere, user),
    }

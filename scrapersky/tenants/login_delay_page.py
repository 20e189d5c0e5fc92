"""The page for delayed logins."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render


class LoginDelayMiddleware:
    """Return 429 if DelayedBackend refused a login attempt on any page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        wait = getattr(request, "login_wait", 0)
        if not wait:
            return response
        page = render(request, "registration/too_many_attempts.html", {"wait": wait}, status=429)
        page.headers["Retry-After"] = str(wait)
        return page

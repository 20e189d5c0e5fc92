"""Times and numbers as the user reads them: by their own settings, else by those of the browser.

A few lines of JavaScript store the browser's settings in cookies; without them times are in UTC.
What is chosen holds while one request is answered.
"""

from collections.abc import Callable
from contextvars import ContextVar
from datetime import datetime, tzinfo
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.functional import lazy

from scrapersky.tenants.models import NumberFormat

API_PREFIX = "/api/"
# The marks between thousands and before decimals.
MARKS = {
    NumberFormat.COMMA: (",", "."),
    NumberFormat.POINT: (".", ","),
    NumberFormat.SPACE: ("\u202f", ","),
    NumberFormat.APOSTROPHE: ("'", "."),
}
_format: ContextVar[NumberFormat] = ContextVar("number_format", default=NumberFormat.COMMA)


class RegionalMiddleware:
    """Answer each request in the time zone and number format of its user; the API stays in UTC."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            return self.get_response(request)
        finally:
            timezone.deactivate()
            _format.set(NumberFormat.COMMA)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        if getattr(view, "login_required", True) and not request.path.startswith(API_PREFIX):
            timezone.activate(ZoneInfo(time_zone_of(request)))
            _format.set(number_format_of(request))


@cache
def time_zones() -> frozenset[str]:
    """Return the names of all time zones."""
    return frozenset(available_timezones()) | {"UTC"}


def browser_time_zone(request: HttpRequest) -> str:
    """Return the time zone of the browser, UTC where it is not known."""
    name = request.COOKIES.get("time_zone", "")
    return name if name in time_zones() else "UTC"


def time_zone_of(request: HttpRequest) -> str:
    """Return the name of the time zone that a request is answered in."""
    own = getattr(request.user, "time_zone", "")
    return own if own in time_zones() else browser_time_zone(request)


def number_format_of(request: HttpRequest) -> NumberFormat:
    """Return the number format that a request is answered in."""
    for name in (getattr(request.user, "number_format", ""), request.COOKIES.get("number_format")):
        if name in NumberFormat.values:
            return NumberFormat(name)
    return NumberFormat.COMMA


def grouped(value: float | Decimal, decimals: int | None = 0) -> str:
    """Return a number with its thousands apart, in the number format of the request.

    Without `decimals` (None) it has those that it needs, up to six.
    """
    text = f"{value:,.{6 if decimals is None else decimals}f}"
    if decimals is None:
        text = text.rstrip("0").rstrip(".")
    group, point = MARKS[_format.get()]
    return text.translate({ord(","): group, ord("."): point})


# For texts that are defined once and shown in each user's format, such as the help of a field.
grouped_lazily = lazy(grouped, str)


def zone_label(zone: tzinfo, moment: datetime) -> str:
    """Name a time zone, with its abbreviation at a moment where it has one."""
    name, short = str(zone), moment.astimezone(zone).tzname() or ""
    return f"{name} ({short})" if short.isalpha() and short != name else name


def exact_time(moment: datetime) -> str:
    """Return a moment to the second in the time zone of the request, with the zone named."""
    zone = timezone.get_current_timezone()
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S} {zone_label(zone, moment)}"


def template_context(request: HttpRequest) -> dict[str, Any]:
    """Tell templates the time zone that times are in."""
    return {"time_zone": lambda: zone_label(timezone.get_current_timezone(), timezone.now())}

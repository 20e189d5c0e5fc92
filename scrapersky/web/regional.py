"""Format times and numbers by the user's settings, or else the browser's.

JavaScript stores the browser's settings in cookies; without them, times are in UTC. The formats are
active for the duration of a request.
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
# Thousands separators and decimal marks.
MARKS = {
    NumberFormat.COMMA: (",", "."),
    NumberFormat.POINT: (".", ","),
    NumberFormat.SPACE: ("\u202f", ","),
    NumberFormat.APOSTROPHE: ("'", "."),
}
_format: ContextVar[NumberFormat] = ContextVar("number_format", default=NumberFormat.COMMA)


class RegionalMiddleware:
    """Activate the user's time zone and number format for each request; the API uses UTC."""

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
    """Return the browser's time zone, or UTC if unknown."""
    name = request.COOKIES.get("time_zone", "")
    return name if name in time_zones() else "UTC"


def time_zone_of(request: HttpRequest) -> str:
    """Return the name of a request's time zone."""
    own = getattr(request.user, "time_zone", "")
    return own if own in time_zones() else browser_time_zone(request)


def number_format_of(request: HttpRequest) -> NumberFormat:
    """Return a request's number format."""
    for name in (getattr(request.user, "number_format", ""), request.COOKIES.get("number_format")):
        if name in NumberFormat.values:
            return NumberFormat(name)
    return NumberFormat.COMMA


def grouped(value: float | Decimal, decimals: int | None = 0) -> str:
    """Return a number with thousands separators, in the request's number format.

    With `decimals` None, it has as many as needed, up to six.
    """
    text = f"{value:,.{6 if decimals is None else decimals}f}"
    if decimals is None:
        text = text.rstrip("0").rstrip(".")
    group, point = MARKS[_format.get()]
    return text.translate({ord(","): group, ord("."): point})


# For texts defined once but shown in each user's format, such as help texts.
grouped_lazily = lazy(grouped, str)


def zone_label(zone: tzinfo, moment: datetime) -> str:
    """Return the name of a time zone, with its abbreviation at a given time, if any."""
    name, short = str(zone), moment.astimezone(zone).tzname() or ""
    return f"{name} ({short})" if short.isalpha() and short != name else name


def exact_time(moment: datetime) -> str:
    """Return a time to the second in the request's time zone, with the zone's name."""
    zone = timezone.get_current_timezone()
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S} {zone_label(zone, moment)}"


def template_context(request: HttpRequest) -> dict[str, Any]:
    """Tell templates the current time zone."""
    return {"time_zone": lambda: zone_label(timezone.get_current_timezone(), timezone.now())}

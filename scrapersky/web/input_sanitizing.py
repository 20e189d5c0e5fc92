"""Sanitise untrusted text where it enters: in requests, and in every text or JSON column.

One rule (`scrapersky.web.text.sanitize`) holds for both: characters that databases reject are
removed. Requests are sanitised before any code examines them; columns are sanitised regardless of
the source (form, API, admin, command, scan, list), as are the values they are compared with.
"""

from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.db.models import CharField, Field, JSONField, TextField
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.views.defaults import bad_request

from scrapersky.web.text import sanitize, sanitize_json

View = Callable[..., HttpResponseBase]


class SanitizeInputMiddleware:
    """Sanitise the query, form, cookies and file names of every request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.GET = _sanitized_query(request.GET)  # type: ignore[assignment]
        request.COOKIES = {name: sanitize(value) for name, value in request.COOKIES.items()}
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: View, args: Any, kwargs: Any) -> None:
        """Sanitise a form; views without Django's CSRF check read their bodies themselves."""
        if getattr(view, "csrf_exempt", False):
            return
        if request.content_type in ("application/x-www-form-urlencoded", "multipart/form-data"):
            request.POST = _sanitized_query(request.POST)  # type: ignore[assignment]
            uploads: Any = request.FILES.values()
            for upload in uploads:
                upload.name = sanitize(upload.name or "")

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Return 400 for numbers too large for SQLite's columns; PostgreSQL just finds no row."""
        return bad_request(request, error) if isinstance(error, OverflowError) else None


def _sanitized_query(query: QueryDict) -> QueryDict:
    pairs = [(name, value) for name, values in query.lists() for value in values]
    if all(sanitize(text) is text for pair in pairs for text in pair):
        return query
    cleaned = QueryDict(mutable=True, encoding=query.encoding)
    for name, value in pairs:
        cleaned.appendlist(sanitize(name), sanitize(value))
    cleaned._mutable = False
    return cleaned


def protect_columns() -> None:
    """Make every text or JSON column sanitise its values.

    All models are covered, including those of other packages.
    """
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, JSONField):
                _clean_with(field, sanitize_json)
            elif isinstance(field, CharField | TextField):
                _clean_with(field, _sanitized_value)


def _clean_with(field: Field, clean: Callable[[Any], Any]) -> None:
    """Sanitise values before a field prepares them; its class is unchanged for migrations."""
    prepare = field.get_prep_value

    def get_prep_value(value: Any) -> Any:
        return prepare(value if hasattr(value, "as_sql") else clean(value))

    field.get_prep_value = get_prep_value  # type: ignore[method-assign]


def _sanitized_value(value: Any) -> Any:
    return sanitize(value) if isinstance(value, str) else value

"""Where untrusted text enters: requests, and every column of text or JSON.

One rule (`scrapersky.web.text.sanitize`) holds for both: what no database stores is taken out. A
request is cleaned before any code decides by its text; a column is cleaned wherever the text comes
from (form, API, admin, command, scan, list), and so is what it is compared with.
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
    """Take out of a request what no database stores: from its query, form, cookies and files."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.GET = _sanitized_query(request.GET)  # type: ignore[assignment]
        request.COOKIES = {name: sanitize(value) for name, value in request.COOKIES.items()}
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: View, args: Any, kwargs: Any) -> None:
        """Clean a form; the bodies of views without Django's CSRF check are for them to read."""
        if getattr(view, "csrf_exempt", False):
            return
        if request.content_type in ("application/x-www-form-urlencoded", "multipart/form-data"):
            request.POST = _sanitized_query(request.POST)  # type: ignore[assignment]
            uploads: Any = request.FILES.values()
            for upload in uploads:
                upload.name = sanitize(upload.name or "")

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer 400 to a number that no column of SQLite holds, as PostgreSQL finds no row."""
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
    """Make every column of text or JSON take only what both databases store, and so show.

    All models are covered, those of other packages too, so that none can be forgotten.
    """
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, JSONField):
                _clean_with(field, sanitize_json)
            elif isinstance(field, CharField | TextField):
                _clean_with(field, _sanitized_value)


def _clean_with(field: Field, clean: Callable[[Any], Any]) -> None:
    """Clean values before a field prepares them; its class stays what migrations know."""
    prepare = field.get_prep_value

    def get_prep_value(value: Any) -> Any:
        return prepare(value if hasattr(value, "as_sql") else clean(value))

    field.get_prep_value = get_prep_value  # type: ignore[method-assign]


def _sanitized_value(value: Any) -> Any:
    return sanitize(value) if isinstance(value, str) else value

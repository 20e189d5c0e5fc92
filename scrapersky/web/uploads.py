"""Which requests may have a large body, and from whom."""

from collections.abc import Mapping
from importlib import import_module

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest, parse_cookie
from django.urls import Resolver404, resolve
from django.utils import timezone

from scrapersky.tenants.tokens import user_of_token
from scrapersky.web.session_lifetime import ends_at_latest, is_session_key

# URL names that accept lists of domains, up to UPLOAD_MAX_BYTES. All others are refused above 1 MB
# before the body is read.
UPLOAD_URLS = frozenset(
    {
        "batch_create",
        "schedule_create",
        "schedule_detail",
        "saved_list_create",
        "saved_list_import",
        "api:list_lists",
        "api:add_to_list",
        "api:remove_from_list",
        "admin:batches_batch_add",
        "api:create_batch",
        "api:create_sitemap_batch",
        "api:queue_sitemaps",
    }
)


def may_upload(path: str, headers: Mapping[str, str]) -> bool:
    """Return whether a client may send a large body to a path; headers are named like `X_NAME`.

    Decided before the body is read; the view still checks the user's permissions.
    """
    return is_upload_path(path) and (
        has_token(headers.get("AUTHORIZATION", "")) or has_session(headers.get("COOKIE", ""))
    )


def is_upload_path(path: str) -> bool:
    try:
        return resolve(path).view_name in UPLOAD_URLS
    except Resolver404:
        return False


def has_token(authorization: str) -> bool:
    """Return whether an Authorization header has a valid bearer token."""
    scheme, _, token = authorization.partition(" ")
    return scheme.lower() == "bearer" and user_of_token(token.strip()) is not None


def has_session(cookies: str) -> bool:
    """Return whether a Cookie header has the session of a logged-in user."""
    key = parse_cookie(cookies).get(settings.SESSION_COOKIE_NAME, "")
    if not is_session_key(key):
        return False
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    now = timezone.now()
    return get_user(request).is_authenticated and ends_at_latest(request.session, now) > now

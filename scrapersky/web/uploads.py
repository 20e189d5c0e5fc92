"""Which requests may be larger than others, and from whom."""

from collections.abc import Mapping
from importlib import import_module

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest, parse_cookie
from django.urls import Resolver404, resolve
from django.utils import timezone

from scrapersky.tenants.tokens import user_of_token
from scrapersky.web.session_lifetime import ends_at_latest, is_session_key

# URL names of what takes lists of domains, up to UPLOAD_MAX_BYTES. Everything else is refused
# beyond 1 MB, before its body is read.
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
    """Whether a client may send a large body to a path; headers are named as `X_NAME`.

    Decides by what comes before the body. The view still checks what the user may do.
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
    """Whether an Authorization header holds a valid bearer token."""
    scheme, _, token = authorization.partition(" ")
    return scheme.lower() == "bearer" and user_of_token(token.strip()) is not None


def has_session(cookies: str) -> bool:
    """Whether a Cookie header holds the session of a user who is logged in."""
    key = parse_cookie(cookies).get(settings.SESSION_COOKIE_NAME, "")
    if not is_session_key(key):
        return False
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    now = timezone.now()
    return get_user(request).is_authenticated and ends_at_latest(request.session, now) > now

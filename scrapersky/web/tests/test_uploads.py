"""Who may send large request bodies, and to which pages."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from scrapersky.tenants.models import ApiToken, User
from scrapersky.web.uploads import UPLOAD_URLS, may_upload

pytestmark = pytest.mark.django_db
PATHS = [
    "/batches/new/",
    "/schedules/new/",
    "/schedules/00000000-0000-0000-0000-000000000000/",
    "/admin/batches/batch/add/",
    "/api/v3/batch_page_scraper/batch",
    "/api/v3/domains/sitemaps",
]


def cookie_of(client: Client) -> dict[str, str]:
    return {"COOKIE": f"theme=dark; sessionid={client.cookies['sessionid'].value}"}


@pytest.fixture
def bearer(user: User) -> dict[str, str]:
    return {"AUTHORIZATION": f"Bearer {ApiToken.create(user=user)[1]}"}


def names(resolver: URLResolver, prefix: str = "") -> set[str]:
    url_names = set()
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            space = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            url_names |= names(pattern, space)
        elif isinstance(pattern, URLPattern) and pattern.name:
            url_names.add(f"{prefix}{pattern.name}")
    return url_names


def test_every_upload_path_is_an_address_of_the_project() -> None:
    assert names(get_resolver()) >= UPLOAD_URLS


@pytest.mark.parametrize("path", PATHS)
def test_a_session_and_a_token_permit_uploads(
    console: Client, bearer: dict[str, str], path: str
) -> None:
    assert may_upload(path, cookie_of(console))
    assert may_upload(path, bearer)
    assert not may_upload(path, {})


@pytest.mark.parametrize("path", ["/login/", "/", "/nowhere", "/api/v3/nowhere", "/batches/", "\0"])
def test_other_paths_take_no_uploads(console: Client, bearer: dict[str, str], path: str) -> None:
    assert not may_upload(path, cookie_of(console) | bearer)


def test_an_inactive_user_may_not_upload(
    console: Client, bearer: dict[str, str], user: User
) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert not may_upload(PATHS[0], cookie_of(console))
    assert not may_upload(PATHS[0], bearer)


def test_a_session_that_has_ended_permits_nothing(console: Client) -> None:
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert not may_upload(PATHS[0], cookie_of(console))


def test_a_password_change_ends_the_permission(console: Client, user: User) -> None:
    user.set_password("another one")
    user.save()
    assert not may_upload(PATHS[0], cookie_of(console))


@pytest.mark.parametrize(
    "headers",
    [
        {"COOKIE": "sessionid="},
        {"COOKIE": 'sessionid="\\000\\000\\000\\000\\000\\000\\000\\000"'},
        {"COOKIE": "sessionid=" + "é" * 40},
        {"COOKIE": ";;=;"},
        {"AUTHORIZATION": "Bearer"},
        {"AUTHORIZATION": "Bearer \0"},
        {"AUTHORIZATION": "Basic abc"},
    ],
)
def test_made_up_credentials_permit_nothing(headers: dict[str, str]) -> None:
    assert not may_upload(PATHS[0], headers)

"""When a login expires."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from scrapersky.tenants.models import ApiToken, User
from scrapersky.web import session_lifetime

pytestmark = pytest.mark.django_db
IDLE = timedelta(hours=12)
LONGEST = timedelta(days=14)


class Clock:
    """A clock for sessions that tests advance."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = timezone.now()
        monkeypatch.setattr(timezone, "now", lambda: self.now)

    def pass_by(self, **units: float) -> None:
        self.now += timedelta(**units)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def browser(clock: Clock, user: User) -> Client:
    """Return a client that has just logged in through the form."""
    client = Client()
    client.post("/login/", {"username": user.username, "password": "secret"})
    return client


def end_of_session() -> datetime:
    return Session.objects.get().expire_date


def is_in(browser: Client) -> bool:
    return browser.get("/batches/").status_code == 200


def test_a_login_ends_after_twelve_hours_without_use(browser: Client, clock: Clock) -> None:
    assert end_of_session() == clock.now + IDLE
    clock.pass_by(hours=11, minutes=59)
    assert is_in(browser)
    clock.pass_by(hours=11, minutes=59)
    assert is_in(browser)
    clock.pass_by(hours=12, minutes=1)
    assert not is_in(browser)


def test_a_login_in_constant_use_ends_after_fourteen_days(browser: Client, clock: Clock) -> None:
    for _ in range(14 * 24 // 8 - 1):
        clock.pass_by(hours=8)
        assert is_in(browser)
    assert end_of_session() - clock.now == timedelta(hours=8)
    clock.pass_by(hours=8)
    assert not is_in(browser)


def test_a_page_that_refreshes_itself_does_not_keep_a_login_alive(
    browser: Client, clock: Clock
) -> None:
    for _ in range(12):
        clock.pass_by(hours=1)
        browser.get("/live/", headers={"HX-Request": "true"})
    assert not is_in(browser)


def test_the_cookie_lasts_as_long_as_the_session(browser: Client, clock: Clock) -> None:
    clock.pass_by(hours=1)
    response = browser.get("/batches/")
    assert response.cookies["sessionid"]["max-age"] == IDLE.total_seconds()


def test_a_session_in_use_is_not_written_with_every_request(browser: Client, clock: Clock) -> None:
    before = end_of_session()
    clock.pass_by(minutes=4)
    assert is_in(browser)
    assert end_of_session() == before
    clock.pass_by(minutes=2)
    assert is_in(browser)
    assert end_of_session() == before + timedelta(minutes=6)


def test_a_shorter_limit_ends_sessions_that_are_open_already(
    browser: Client, clock: Clock, settings: Any
) -> None:
    clock.pass_by(hours=2)
    settings.SESSION_MAX_AGE = 3600
    assert not is_in(browser)
    assert not Session.objects.exists()


def test_a_session_from_before_there_were_limits_gets_them(browser: Client, clock: Clock) -> None:
    session = browser.session
    del session[session_lifetime.STARTED_AT]
    session.set_expiry(None)
    session.save()
    assert is_in(browser)
    assert end_of_session() == clock.now + IDLE
    for _ in range(4):
        clock.pass_by(days=3.5, minutes=-1)
        Session.objects.update(expire_date=clock.now + IDLE)
        assert is_in(browser)
    clock.pass_by(minutes=5)
    assert not is_in(browser)


def test_requests_without_a_login_write_no_session(client: Client, user: User) -> None:
    _, text = ApiToken.create(user=user)
    client.get("/login/")
    bearer = {"Authorization": f"Bearer {text}"}
    assert client.get("/api/v3/batch_page_scraper/batch/1/status", headers=bearer).status_code
    assert not Session.objects.exists()


@pytest.mark.parametrize("key", ["\\000" * 32, "é" * 32, "a" * 4_000, "' OR 1=1 --"])
def test_a_cookie_that_no_session_can_have_is_no_login(client: Client, key: str) -> None:
    response = client.get("/batches/", headers={"Cookie": f'sessionid="{key}"'})
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/login/")

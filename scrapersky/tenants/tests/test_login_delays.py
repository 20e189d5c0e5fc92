"""Guessing passwords gets slower, but strangers cannot lock anyone out."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.contrib.sessions.models import Session
from django.db import connection
from django.http import HttpResponseBase
from django.test import Client
from django.utils import timezone

from scrapersky.tenants import login_delays
from scrapersky.tenants.models import ApiToken, LoginDelay, User

HERE, ELSEWHERE = "198.51.100.7", "203.0.113.9"
pytestmark = pytest.mark.django_db
Kind = LoginDelay.Kind


class Clock:
    """A clock that tests advance."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = timezone.now()
        monkeypatch.setattr(timezone, "now", lambda: self.now)

    def pass_by(self, **units: float) -> None:
        self.now += timedelta(**units)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def log_in(
    name: str, password: str, address: str = HERE, page: str = "/login/", **headers: str
) -> Any:
    form = {"username": name, "password": password}
    return Client().post(page, form, REMOTE_ADDR=address, headers=headers)


def is_in(response: HttpResponseBase) -> bool:
    return response.status_code == 302


def test_ten_wrong_passwords_delay_that_address_and_no_other(user: User) -> None:
    answers = [log_in(user.username, f"wrong {number}").status_code for number in range(10)]
    assert (answers[0], answers[-1]) == (200, 429)
    assert log_in(user.username, "secret").status_code == 429
    assert is_in(log_in(user.username, "secret", ELSEWHERE))


def test_one_password_tried_with_forty_names_delays_the_address(user: User) -> None:
    answers = [log_in(f"name{number}", "spring").status_code for number in range(40)]
    assert (answers[0], answers[-1]) == (200, 429)
    assert log_in(user.username, "secret").status_code == 429
    assert is_in(log_in(user.username, "secret", ELSEWHERE))


def test_the_addresses_of_one_ipv6_network_share_their_failures(user: User) -> None:
    for number in range(10):
        log_in(user.username, "wrong", f"2001:db8::{number}")
    assert log_in(user.username, "secret", "2001:db8::ffff").status_code == 429
    assert is_in(log_in(user.username, "secret", "2001:db8:0:1::1"))


def test_clients_behind_a_trusted_proxy_are_told_apart(user: User, settings: Any) -> None:
    settings.TRUSTED_PROXIES = ("10.0.0.0/8",)

    def through_proxy(password: str, client: str) -> Any:
        return log_in(user.username, password, "10.0.0.1", **{"X-Forwarded-For": client})

    for _ in range(10):
        through_proxy("wrong", f"192.0.2.1, {ELSEWHERE}")
    assert through_proxy("secret", ELSEWHERE).status_code == 429
    assert is_in(through_proxy("secret", HERE))


def test_a_made_up_forwarded_address_does_not_escape_the_delay(user: User) -> None:
    for number in range(10):
        log_in(user.username, "wrong", **{"X-Forwarded-For": f"192.0.2.{number}"})
    spoofed = log_in(user.username, "secret", **{"X-Forwarded-For": "192.0.2.99"})
    assert spoofed.status_code == 429


def test_the_wait_doubles_with_each_failure_up_to_its_longest(user: User, clock: Clock) -> None:
    for _ in range(5):
        assert log_in(user.username, "wrong").status_code == 200
    waits = []
    for _ in range(9):
        assert log_in(user.username, "wrong").status_code == 200
        waits.append(int(log_in(user.username, "wrong").headers["Retry-After"]))
        clock.pass_by(seconds=waits[-1])
    assert waits == [5, 10, 20, 40, 80, 160, 320, 640, 900]


def test_an_attempt_during_the_wait_does_not_prolong_it(user: User, clock: Clock) -> None:
    for _ in range(6):
        log_in(user.username, "wrong")
    for _ in range(20):
        assert log_in(user.username, "wrong").status_code == 429
    clock.pass_by(seconds=5)
    assert is_in(log_in(user.username, "secret"))


def test_a_login_forgets_the_failures_of_that_account_only(user: User) -> None:
    for number in range(15):
        log_in(f"name{number}", "wrong")
    for _ in range(4):
        log_in(user.username, "wrong")
    assert is_in(log_in(user.username, "secret"))
    assert not LoginDelay.objects.filter(account=user.username).exists()
    assert LoginDelay.objects.get(kind=Kind.ADDRESS).failures == 19


def test_failures_are_forgotten_one_after_another(user: User, clock: Clock) -> None:
    for _ in range(5):
        log_in(user.username, "wrong")
    clock.pass_by(minutes=31)
    log_in(user.username, "wrong")
    assert LoginDelay.objects.get(kind=Kind.ACCOUNT).failures == 4
    assert LoginDelay.objects.get(kind=Kind.ADDRESS).failures == 1


def test_the_login_of_the_admin_is_delayed_too(admin_user: User) -> None:
    for _ in range(10):
        log_in(admin_user.username, "wrong", page="/admin/login/")
    response = log_in(admin_user.username, "password", page="/admin/login/?next=/admin/")
    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) > 0
    assert re.search(r"Try again in \d+ seconds?", response.content.decode())


@pytest.mark.parametrize("name", ["x" * 10_000, "a\0b", "lone \ud800", "\x1b[2J"])
def test_a_name_that_no_account_can_have_fails_and_counts(name: str) -> None:
    assert login_delays.begin_attempt(name, HERE) == 0
    assert list(LoginDelay.objects.values_list("kind", "account")) == [("address", "")]
    assert log_in(name.encode(errors="replace").decode(), "wrong").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_attempts_at_the_same_time_do_not_all_pass(user: User) -> None:
    def attempt(_: int) -> int:
        try:
            return login_delays.begin_attempt(user.username, HERE)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        waits = list(threads.map(attempt, range(24)))
    assert waits.count(0) == 6


def test_a_known_account_and_an_unknown_one_are_delayed_alike(user: User) -> None:
    for name in (user.username, "nobody"):
        address = HERE if name == "nobody" else ELSEWHERE
        answers = [log_in(name, "wrong", address).status_code for _ in range(7)]
        assert answers == [200] * 6 + [429]


def call_api(text: str, address: str = HERE) -> Any:
    path = "/api/v3/batch_page_scraper/status/1"
    headers = {"Authorization": f"Bearer {text}"}
    return Client().get(path, REMOTE_ADDR=address, headers=headers)


def test_wrong_tokens_are_delayed_by_address_and_valid_ones_never(user: User) -> None:
    _, text = ApiToken.create(user=user)
    answers = [call_api(f"ssky_{number}").status_code for number in range(60)]
    assert (answers[0], answers[-1]) == (401, 429)
    refused = call_api("ssky_wrong")
    assert int(refused.headers["Retry-After"]) > 0
    assert set(refused.json()) == {"detail", "errors", "invalid"}
    assert call_api("ssky_wrong", ELSEWHERE).status_code == 401
    assert call_api(text).status_code == 404
    assert is_in(log_in(user.username, "secret"))


def test_a_superuser_sees_and_clears_a_delay(user: User, admin_client: Client) -> None:
    for _ in range(10):
        log_in(user.username, "wrong")
    page = admin_client.get("/admin/tenants/logindelay/").content.decode()
    assert HERE in page
    assert user.username in page
    keys = [str(row.pk) for row in LoginDelay.objects.all()]
    form = {"action": "clear", "_selected_action": keys}
    assert admin_client.post("/admin/tenants/logindelay/", form).status_code == 302
    assert is_in(log_in(user.username, "secret"))


@pytest.mark.parametrize("path", ["", "{pk}/change/", "{pk}/delete/", "add/"])
def test_staff_see_no_delays_whatever_their_permissions(
    console: Client, user: User, grant_everything: Callable[[User], None], path: str
) -> None:
    log_in("somebody", "wrong")
    grant_everything(user)
    row = LoginDelay.objects.first()
    assert row
    response = console.get("/admin/tenants/logindelay/" + path.format(pk=row.pk))
    assert response.status_code in (302, 403, 404)
    assert "logindelay" not in console.get("/admin/").content.decode()


@pytest.fixture
def grant_everything() -> Callable[[User], None]:
    def grant(user: User) -> None:
        User.objects.filter(pk=user.pk).update(is_staff=True)
        user.user_permissions.set(Permission.objects.all())

    return grant


def test_old_delays_and_ended_sessions_are_deleted(user: User, clock: Clock) -> None:
    log_in(user.username, "wrong")
    log_in(user.username, "secret", ELSEWHERE)
    clock.pass_by(hours=11)
    login_delays.delete_expired_logins()
    assert LoginDelay.objects.exists()
    assert Session.objects.exists()
    clock.pass_by(hours=14)
    login_delays.delete_expired_logins()
    assert not LoginDelay.objects.exists()
    assert not Session.objects.exists()

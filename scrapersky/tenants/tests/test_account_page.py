"""The account page: one's own profile, password, sessions and API tokens."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from scrapersky.tenants.models import ApiToken, Tenant, User, UserSession
from scrapersky.tenants.tests.staff import account, browser, staff
from scrapersky.tenants.tokens import user_of_token

pytestmark = pytest.mark.django_db
PAGE = "/account/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
FRESH = "fresh-Rain-42"
CHANGE = {"old_password": "secret", "new_password1": FRESH, "new_password2": FRESH}


def log_in(user: User, password: str = "secret", user_agent: str = FIREFOX) -> Client:
    """Return a client that logged in through the form."""
    client = Client(headers={"User-Agent": user_agent})
    sent = {"username": user.username, "password": password}
    assert client.post("/login/", sent).status_code == 302
    return client


def is_in(client: Client) -> bool:
    return client.get(PAGE).status_code == 200


def body_of(client: Client) -> str:
    return client.get(PAGE).content.decode()


def rows_of(client: Client) -> list[Any]:
    return list(client.get(PAGE).context["sessions"])


@pytest.fixture(params=["viewer", "member", "admin", "no tenant", "superuser"])
def anybody(request: pytest.FixtureRequest, default_tenant: Tenant) -> User:
    """Return an account of every kind in turn; its password is `secret`."""
    if request.param == "superuser":
        return User.objects.create_superuser("anybody", password="secret")
    tenants = [] if request.param == "no tenant" else [default_tenant]
    user = account("anybody", *tenants, role=request.param)
    user.set_password("secret")
    user.save()
    return user


def test_every_account_changes_its_profile_and_password(anybody: User) -> None:
    client = log_in(anybody)
    client.post(f"{PAGE}profile/", {"first_name": "Ada", "email": "ada@example.com"})
    client.post(f"{PAGE}password/", CHANGE)
    anybody.refresh_from_db()
    assert (anybody.first_name, anybody.email) == ("Ada", "ada@example.com")
    assert anybody.check_password(CHANGE["new_password1"])
    assert is_in(client)


def test_the_profile_form_changes_nothing_else(user: User) -> None:
    sent = {"first_name": "Ada", "username": "root", "is_superuser": "on", "is_staff": "on"}
    log_in(user).post(f"{PAGE}profile/", sent)
    user.refresh_from_db()
    assert (user.username, user.is_superuser, user.is_staff) == ("member", False, False)


def test_a_wrong_address_is_kept_in_the_form_and_stored_nowhere(user: User) -> None:
    body = log_in(user).post(f"{PAGE}profile/", {"email": "no address"}).content.decode()
    assert 'value="no address"' in body
    assert "Enter a valid email address" in body
    user.refresh_from_db()
    assert user.email == "member@example.com"


# Password


def test_a_password_change_ends_the_other_sessions(user: User) -> None:
    here, there = log_in(user), log_in(user)
    response = here.post(f"{PAGE}password/", CHANGE, follow=True)
    assert "1 other session ended" in response.content.decode()
    assert (is_in(here), is_in(there)) == (True, False)
    assert Session.objects.count() == UserSession.objects.count() == 1


@pytest.mark.parametrize("revoke", [False, True])
def test_a_password_change_revokes_tokens_on_request(user: User, revoke: bool) -> None:
    _, text = ApiToken.create(user=user)
    log_in(user).post(f"{PAGE}password/", CHANGE | ({"revoke_tokens": "on"} if revoke else {}))
    assert (user_of_token(text) is None) == revoke


@pytest.mark.parametrize("wrong", ["old_password", "new_password2"])
def test_a_password_is_not_changed_by_mistake(user: User, wrong: str) -> None:
    here, there = log_in(user), log_in(user)
    body = here.post(f"{PAGE}password/", CHANGE | {wrong: "other"}).content.decode()
    assert "field-error" in body
    user.refresh_from_db()
    assert user.check_password("secret")
    assert is_in(there)


def test_the_old_password_cannot_be_guessed_faster_than_at_the_login(user: User) -> None:
    client = log_in(user)
    for number in range(6):
        client.post(f"{PAGE}password/", CHANGE | {"old_password": f"guess {number}"})
    page = client.post(f"{PAGE}password/", CHANGE, follow=True).content.decode()
    assert "Too many wrong passwords" in page
    user.refresh_from_db()
    assert user.check_password("secret")


def test_the_admins_own_password_page_leads_to_the_account(user: User) -> None:
    assert log_in(user).get("/admin/password_change/").headers["Location"] == PAGE


def test_staff_who_reset_a_password_log_the_account_out(user: User, default_tenant: Tenant) -> None:
    there, (_, text) = log_in(user), ApiToken.create(user=user)
    url = f"/admin/tenants/user/{user.pk}/password/"
    sent = {"password1": FRESH, "password2": FRESH, "set-password": "1"}
    boss = browser(staff("boss", default_tenant))
    assert 'name="revoke_tokens"' in boss.get(url).content.decode()
    boss.post(url, sent)
    assert not is_in(there)
    assert not UserSession.objects.filter(user=user).exists()
    assert user_of_token(text) == user
    boss.post(url, sent | {"revoke_tokens": "on"})
    assert user_of_token(text) is None


def test_a_password_changed_in_another_way_ends_every_session(user: User) -> None:
    there = log_in(user)
    user.set_password(FRESH)  # as `manage.py changepassword` does
    user.save()
    assert len(rows_of(log_in(user, FRESH))) == 1
    assert not is_in(there)


# Sessions


def test_the_sessions_of_an_account_are_listed(user: User) -> None:
    here, _ = log_in(user), log_in(user, user_agent="curl/8.5")
    rows = {row.device: row for row in rows_of(here)}
    assert rows.keys() == {"Firefox on Linux", "curl/8.5"}
    assert {row.address for row in rows.values()} == {"127.0.0.1"}
    assert body_of(here).count("(this session)") == 1
    assert str(here.session.session_key) not in body_of(here)


def test_one_session_is_ended(user: User) -> None:
    here, there, third = (log_in(user) for _ in range(3))
    other = UserSession.objects.get(session=there.session.session_key)
    here.post(f"{PAGE}sessions/{other.pk}/end/")
    assert (is_in(here), is_in(there), is_in(third)) == (True, False, True)


def test_all_other_sessions_are_ended(user: User) -> None:
    here, there, third = (log_in(user) for _ in range(3))
    page = here.post(f"{PAGE}sessions/end-others/", follow=True).content.decode()
    assert "2 other sessions ended" in page
    assert (is_in(here), is_in(there), is_in(third)) == (True, False, False)


def test_ending_this_session_logs_out(user: User) -> None:
    here = log_in(user)
    own = UserSession.objects.get()
    assert here.post(f"{PAGE}sessions/{own.pk}/end/").headers["Location"] == "/login/"
    assert not is_in(here)


def test_a_session_that_was_ended_does_not_come_back_by_a_late_request(user: User) -> None:
    here = log_in(user)
    session = here.session
    session["note"] = "written by a request that was under way"
    Session.objects.all().delete()
    with pytest.raises(UpdateError):
        session.save()
    assert not UserSession.objects.exists()


def test_a_session_is_last_seen_when_it_is_used(user: User) -> None:
    here = log_in(user)
    earlier = timezone.now() - timedelta(hours=2)
    UserSession.objects.update(last_seen_at=earlier, user_agent="old")
    session = here.session
    session.set_expiry(timezone.now() + timedelta(hours=10))
    session.save()
    here.get(PAGE)
    row = UserSession.objects.get()
    assert row.last_seen_at > earlier
    assert row.device == "Firefox on Linux"


def test_the_session_of_a_deleted_account_does_no_harm(user: User) -> None:
    here = log_in(user)
    session = here.session
    User.objects.all().delete()
    session["note"] = "saved"
    session.save()
    assert here.get("/").status_code == 302
    assert not UserSession.objects.exists()


# Tokens


def create_token(client: Client, **fields: str) -> tuple[Any, str]:
    response = client.post(f"{PAGE}tokens/new/", {"name": "Nightly", "days": "30"} | fields)
    return response, response.context.get("fresh_token_text", "")


def test_a_token_is_shown_once_and_works(user: User) -> None:
    client = log_in(user)
    response, text = create_token(client)
    assert text in response.content.decode()
    assert text not in body_of(client)
    token = ApiToken.objects.get()
    assert (token.name, token.user) == ("Nightly", user)
    assert user_of_token(text) == user
    assert "Nightly" in body_of(client)


def test_a_token_needs_a_name(user: User) -> None:
    response, text = create_token(log_in(user), name="")
    assert not text
    assert "This field is required" in response.content.decode()
    assert not ApiToken.objects.exists()


def test_a_token_stops_working_when_it_expires(user: User) -> None:
    client = log_in(user)
    _, text = create_token(client, days="7")
    _, lasting = create_token(client, days="")
    ends = ApiToken.objects.exclude(expires_at=None).get().expires_at
    assert ends is not None
    assert timedelta(days=6) < ends - timezone.now() < timedelta(days=7)
    ApiToken.objects.exclude(expires_at=None).update(expires_at=timezone.now())
    assert user_of_token(text) is None
    assert user_of_token(lasting) == user
    assert "Expired" in body_of(client)


def test_a_token_is_revoked(user: User) -> None:
    client = log_in(user)
    _, text = create_token(client)
    client.post(f"{PAGE}tokens/{ApiToken.objects.get().pk}/revoke/")
    assert user_of_token(text) is None
    bearer = {"Authorization": f"Bearer {text}"}
    path = "/api/v3/batch_page_scraper/batch/1/status"
    assert Client().get(path, headers=bearer).status_code == 401
    assert "Revoked" in body_of(client)


def test_the_last_use_of_a_token_is_shown(user: User) -> None:
    client = log_in(user)
    _, text = create_token(client)
    assert "never" in body_of(client)
    user_of_token(text)
    used = ApiToken.objects.get().last_used_at
    user_of_token(text)
    assert ApiToken.objects.get().last_used_at == used
    assert "just now" in body_of(client)


# Other people's


def test_sessions_and_tokens_of_others_are_out_of_reach(user: User, default_tenant: Tenant) -> None:
    there, (token, text) = log_in(user), ApiToken.create(user=user, name="theirs")
    for other in (staff("boss", default_tenant), User.objects.create_superuser("root")):
        client = browser(other)
        assert "theirs" not in body_of(client)
        row = UserSession.objects.get(user=user)
        assert client.post(f"{PAGE}sessions/{row.pk}/end/").status_code == 404
        assert client.post(f"{PAGE}tokens/{token.pk}/revoke/").status_code == 404
        client.post(f"{PAGE}sessions/end-others/")
    assert is_in(there)
    assert user_of_token(text) == user


def test_a_superuser_ends_a_session_in_the_admin_without_seeing_its_key(user: User) -> None:
    there = log_in(user)
    row = UserSession.objects.get()
    root = browser(User.objects.create_superuser("root"))
    url = f"/admin/tenants/usersession/{row.pk}"
    for page in (f"{url}/change/", f"{url}/delete/", "/admin/tenants/usersession/"):
        assert str(there.session.session_key) not in root.get(page).content.decode()
    root.post(f"{url}/delete/", {"post": "yes"})
    assert not is_in(there)


def test_a_login_leads_back_to_the_account_page_from_each_of_its_buttons(user: User) -> None:
    for path in ("profile/", "tokens/new/", f"tokens/{user.pk}/revoke/"):
        assert Client().post(f"{PAGE}{path}").headers["Location"] == f"/login/?next={PAGE}"

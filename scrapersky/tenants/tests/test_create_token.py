"""`manage.py create_token`: a bearer token, shown once."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from scrapersky.tenants.models import ApiToken, User
from scrapersky.tenants.tokens import user_of_token

pytestmark = pytest.mark.django_db


def test_the_token_is_printed_alone_and_only_its_hash_is_kept(user: User) -> None:
    out = StringIO()
    call_command("create_token", "member", "--name", "crm", stdout=out, stderr=StringIO())
    text = out.getvalue().strip()
    token = ApiToken.objects.get()
    assert (token.user, token.name) == (user, "crm")
    assert text not in token.token_hash
    assert user_of_token(text) == user
    assert user_of_token(token.token_hash) is None


def test_a_token_expires_after_the_days_named(user: User) -> None:
    call_command("create_token", "member", "--days", "30", stdout=StringIO(), stderr=StringIO())
    left = ApiToken.objects.get().expires_at
    assert left is not None
    assert left - timezone.now() > timedelta(days=29)
    with pytest.raises(CommandError, match="--days: give 1 to"):
        call_command("create_token", "member", "--days", "0")


def test_an_unknown_or_shut_out_user_gets_no_token(user: User) -> None:
    User.objects.update(is_active=False)
    for name in ("member", "ghost"):
        with pytest.raises(CommandError, match=f"no active user named {name}"):
            call_command("create_token", name)
    with pytest.raises(CommandError, match="at most 100 characters"):
        call_command("create_token", "member", "--name", "x" * 101)
    assert not ApiToken.objects.exists()


def test_a_token_that_programs_use_already_is_accepted(user: User) -> None:
    text = "crm.import-of/2019+nightly=="
    call_command("create_token", "member", "--token", text, stdout=StringIO(), stderr=StringIO())
    assert user_of_token(text) == user
    with pytest.raises(CommandError, match="--token: This token already exists"):
        call_command("create_token", "member", "--token", text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("scraper_sky_2024", "publicly known"),
        ("my-own-Scraper_Sky_2024-token", "publicly known"),
        ("x" * 19, "20 to 200 characters"),
        ("x" * 201, "20 to 200 characters"),
        ("", "20 to 200 characters"),
        ("a token with blanks in it", "letters, digits"),
        ("schlüssel-zum-großen-haus", "letters, digits"),
    ],
)
def test_a_token_that_is_published_short_or_unsendable_is_refused(
    user: User, text: str, reason: str
) -> None:
    with pytest.raises(CommandError, match=f"--token: .*{reason}"):
        call_command("create_token", "member", "--token", text)
    assert not ApiToken.objects.exists()

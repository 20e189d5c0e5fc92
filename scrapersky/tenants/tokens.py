"""Recognise the bearer tokens of programs."""

from datetime import timedelta

from django.utils import timezone

from scrapersky.tenants.models import ApiToken, User

USE_NOTED_EVERY = timedelta(minutes=1)


def user_of_token(text: str) -> User | None:
    """Return the active user whose token this is, and note that it was used."""
    rows = ApiToken.objects.filter(token_hash=ApiToken.hash(text), user__is_active=True)
    token = rows.select_related("user").first()
    if token is None:
        return None
    now = timezone.now()
    # Not at each call: a client that polls would write a row with every question.
    if token.last_used_at is None or token.last_used_at < now - USE_NOTED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token.user

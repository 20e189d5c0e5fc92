"""Recognise the bearer tokens of programs."""

from datetime import timedelta

from django.utils import timezone

from scrapersky.tenants.models import ApiToken, User

RECORD_USE_EVERY = timedelta(minutes=1)


def user_of_token(text: str) -> User | None:
    """Return the user of a token that works, and record its use; None for any other text."""
    now = timezone.now()
    rows = ApiToken.objects.usable(now).filter(token_hash=ApiToken.hash(text))
    token = rows.select_related("user").first()
    if token is None:
        return None
    # Not at each call: a client that polls would write a row with every request.
    if token.last_used_at is None or token.last_used_at < now - RECORD_USE_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token.user

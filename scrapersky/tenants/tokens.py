"""Recognise bearer tokens, and check tokens given by an operator."""

import re
from datetime import timedelta

from django.utils import timezone

from scrapersky.tenants.models import ApiToken, User

RECORD_USE_EVERY = timedelta(minutes=1)
SHORTEST, LONGEST = 20, 200
# The older system's token, which is public in its repository.
PUBLISHED = "scraper_sky_2024"
# RFC 6750, section 2.1.
SENDABLE = re.compile(r"[A-Za-z0-9._~+/-]+=*")


def check_chosen(text: str) -> None:
    """Raise `ValueError` with a message if a text may not be used as a token."""
    if PUBLISHED in text.lower():
        raise ValueError("This token is publicly known. Choose another one.")
    if not SHORTEST <= len(text) <= LONGEST:
        raise ValueError(f"Choose a token of {SHORTEST} to {LONGEST} characters.")
    if not SENDABLE.fullmatch(text):
        raise ValueError("Choose a token of letters, digits and . _ ~ + / - only.")
    if ApiToken.objects.filter(token_hash=ApiToken.hash(text)).exists():
        raise ValueError("This token already exists. Choose another one.")


def user_of_token(text: str) -> User | None:
    """Return the user of a valid token and record its use; None for any other text."""
    token = usable_token(text)
    return token.user if token else None


def usable_token(text: str) -> ApiToken | None:
    """Return a valid token and record its use; None for any other text."""
    now = timezone.now()
    rows = ApiToken.objects.usable(now).filter(token_hash=ApiToken.hash(text))
    token = rows.select_related("user").first()
    if token is None:
        return None
    # Not on every call: a polling client would write a row with each request.
    if token.last_used_at is None or token.last_used_at < now - RECORD_USE_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token

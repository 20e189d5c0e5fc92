"""Recognise the bearer tokens of programs, and check those that an operator chose."""

import re
from datetime import timedelta

from django.utils import timezone

from scrapersky.tenants.models import ApiToken, User

RECORD_USE_EVERY = timedelta(minutes=1)
SHORTEST, LONGEST = 20, 200
# Of the older system, in its public repository: everybody knows it.
PUBLISHED = "scraper_sky_2024"
# RFC 6750, section 2.1.
SENDABLE = re.compile(r"[A-Za-z0-9._~+/-]+=*")


def check_chosen(text: str) -> None:
    """Raise `ValueError` with a sentence for a text that is no token to choose."""
    if PUBLISHED in text.lower():
        raise ValueError("This token is publicly known. Choose another one.")
    if not SHORTEST <= len(text) <= LONGEST:
        raise ValueError(f"Choose a token of {SHORTEST} to {LONGEST} characters.")
    if not SENDABLE.fullmatch(text):
        raise ValueError("Choose a token of letters, digits and . _ ~ + / - only.")
    if ApiToken.objects.filter(token_hash=ApiToken.hash(text)).exists():
        raise ValueError("This token already exists. Choose another one.")


def user_of_token(text: str) -> User | None:
    """Return the user of a token that works, and record its use; None for any other text."""
    token = usable_token(text)
    return token.user if token else None


def usable_token(text: str) -> ApiToken | None:
    """Return a token that works, and record its use; None for any other text."""
    now = timezone.now()
    rows = ApiToken.objects.usable(now).filter(token_hash=ApiToken.hash(text))
    token = rows.select_related("user").first()
    if token is None:
        return None
    # Not at each call: a client that polls would write a row with every request.
    if token.last_used_at is None or token.last_used_at < now - RECORD_USE_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token

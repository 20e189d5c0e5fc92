"""Create a bearer token for the API."""

from argparse import ArgumentParser
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from scrapersky.tenants.models import ApiToken, User
from scrapersky.tenants.tokens import check_chosen
from scrapersky.web.commands import SafeCommand

NAME_LENGTH = 100
LONGEST_DAYS = 3_650


class Command(SafeCommand):
    help = "Create an API token for a user. It is shown only once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="the name of the account")
        parser.add_argument("--name", default="", help="what the token is for")
        parser.add_argument("--days", type=int, metavar="N", help="days until it expires")
        parser.add_argument(
            "--token", metavar="VALUE", help="an existing token to reuse; default: a random one"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"].strip()
        if len(name) > NAME_LENGTH:
            raise CommandError(f"--name: give at most {NAME_LENGTH} characters.")
        user = User.objects.filter(username=options["user"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active user named {options['user']}.")
        token_text = _chosen(options["token"])
        _, text = ApiToken.create(
            user=user, name=name, expires_at=_end(options["days"]), text=token_text
        )
        self.stdout.write(text)
        self.stderr.write("Copy it now. It is not stored and cannot be shown again.")
        self.stderr.write("Send it as the header  Authorization: Bearer TOKEN")


def _chosen(text: str | None) -> str:
    """Return the token given by the operator; empty if none."""
    if text is None:
        return ""
    try:
        check_chosen(text)
    except ValueError as error:
        raise CommandError(f"--token: {error}") from error
    return text


def _end(days: int | None) -> datetime | None:
    """Return when a token with this many days expires; None if it does not."""
    if days is None:
        return None
    if not 1 <= days <= LONGEST_DAYS:
        raise CommandError(f"--days: give 1 to {LONGEST_DAYS:,}.")
    return timezone.now() + timedelta(days=days)

"""Make a bearer token for the API."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from scrapersky.tenants.models import ApiToken, User
from scrapersky.web.commands import SafeCommand

NAME_LENGTH = 100


class Command(SafeCommand):
    help = "Make a bearer token with which a program may use the API as a user; shown once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="the name of the account")
        parser.add_argument("--name", default="", help="what the token is for")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"].strip()
        if len(name) > NAME_LENGTH:
            raise CommandError(f"--name: give at most {NAME_LENGTH} characters.")
        user = User.objects.filter(username=options["user"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active user named {options['user']}.")
        _, text = ApiToken.create(user=user, name=name)
        self.stdout.write(text)
        self.stderr.write("Keep it: it is stored nowhere and cannot be shown again.")
        self.stderr.write("Send it as the header  Authorization: Bearer TOKEN")

"""Arguments shared by the batch commands."""

from argparse import ArgumentParser, BooleanOptionalAction
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management.base import CommandError

from batches.models import Batch, LookupKeyError
from batches.options import BatchOptions, Option, all_options
from scrapersky.tenants.access import tenant_for_new_rows
from scrapersky.tenants.models import DEFAULT_TENANT_ID, Tenant, User

SWITCHED = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}


def add_options(parser: ArgumentParser, options: Iterable[Option]) -> None:
    """Add an argument per batch option: `--max-pages 50`, `--no-sitemaps`."""
    group = parser.add_argument_group("scan settings")
    for option in options:
        flag = "--" + option.name.replace("_", "-")
        if option.choices:
            group.add_argument(flag, choices=option.choices, help=option.help_text)
        elif option.is_number:
            bounds = f"{option.low:g} to {option.high:g}, default {option.default:g}"
            text = f"{option.help_text} {bounds}"
            group.add_argument(flag, type=option.kind, metavar="N", help=text)
        else:
            group.add_argument(
                flag, action=BooleanOptionalAction, default=None, help=option.help_text
            )


def read_options(params: dict[str, Any]) -> BatchOptions:
    """Return the options that were passed, with defaults for the others."""
    passed = {option.name: params.get(option.name) for option in all_options()}
    try:
        return BatchOptions.validated({k: v for k, v in passed.items() if v is not None})
    except ValidationError as error:
        problems = (
            f"--{name.replace('_', '-')}: {' '.join(messages)}"
            for name, messages in error.message_dict.items()
        )
        raise CommandError(" ".join(problems)) from error


def read_assignments(texts: list[str]) -> dict[str, Any]:
    """Return the options given as `NAME=VALUE`, with numbers and booleans converted."""
    return dict(map(_assignment, texts))


def _assignment(text: str) -> tuple[str, Any]:
    name, mark, value = text.partition("=")
    if not mark:
        raise CommandError(f"--option takes NAME=VALUE, not {text}.")
    if value.lower() in SWITCHED:
        return name, SWITCHED[value.lower()]
    try:
        return name, int(value) if value.isdecimal() else float(value)
    except ValueError as error:
        raise CommandError(f"{name}: give a number, yes or no, not {value}.") from error


def refusal_of(error: ValidationError) -> str:
    """Return a service's validation errors in one line."""
    if not hasattr(error, "error_dict"):
        return " ".join(error.messages)
    return " ".join(
        f"{name}: {' '.join(messages)}" for name, messages in error.message_dict.items()
    )


def find_batch(key: str) -> Batch:
    """Return the batch with a UUID or any id of the older system."""
    try:
        batch = Batch.objects.find(key)
    except LookupKeyError as error:
        raise CommandError(str(error)) from error
    if batch is None:
        raise CommandError(f"There is no batch with the id {key}.")
    return batch


def find_owner(username: str) -> tuple[Tenant, User | None]:
    """Return tenant and owner of a new batch: the user's, or the default tenant and no owner."""
    if not username:
        return Tenant.objects.get(pk=DEFAULT_TENANT_ID), None
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise CommandError(f"There is no active user named {username}.")
    try:
        return tenant_for_new_rows(user), user
    except PermissionDenied as error:
        raise CommandError(str(error)) from error

"""Set up what the parts need: the env file, the tables and the first account."""

import os
import secrets
import socket
from pathlib import Path

from django.conf import settings
from django.core.management import CommandError, call_command
from django.core.management.sql import emit_post_migrate_signal
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from batches.legacy.pending import refuse_unconverted
from scrapersky.tenants.services import create_first_account

ENV_TEXT = """\
# Made by `make run` on its first start, for this machine alone. `.env.example` explains every name.
SECRET_KEY={key}
# Served without TLS, to this machine. Set both to other values before others can reach it.
HTTPS=false
DEMO_SITES=true
ALLOWED_HOSTS=localhost,127.0.0.1,[::1]
"""


def make_env_file() -> bool:
    """Create the env file on a first start, readable only by its owner; return whether it did.

    Skipped if one exists, or if the environment has the secret key: such an installation is
    configured by its environment, and the defaults for a private machine do not fit.
    """
    path = settings.ENV_FILE
    if path is None or path.exists() or settings.SECRET_KEY_IS_SET:
        return False
    try:
        _write_private(path, ENV_TEXT.format(key=secrets.token_urlsafe(50)))
    except FileExistsError:
        return False
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from error
    return True


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)


def listen(host: str, port: int) -> socket.socket:
    """Return a socket listening at the console's address; raise CommandError if it cannot."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host.strip("[]"), port), family=family, backlog=512)
    except OSError as error:
        raise CommandError(
            f"Port {port} of {host} cannot be used ({_reason(error)}): choose another address, as"
            f" in `PORT={port + 1} make run`."
        ) from error


def _reason(error: OSError) -> str:
    text = error.strerror or str(error)
    return text.partition(" (while")[0].lower()


def prepare_database() -> tuple[str, str] | None:
    """Migrate the database; return name and password of the first account if it was created."""
    try:
        refuse_unconverted(connection)
        _migrate()
        return create_first_account()
    except DatabaseError as error:
        reason = " ".join(str(error).split())
        raise CommandError(f"The database cannot be used: {reason[:300]}") from error


def _migrate() -> None:
    """Apply the migrations that are missing; if none is, do what follows them all the same.

    The command builds all models of the past before it finds that there is nothing to do.
    """
    executor = MigrationExecutor(connection)
    executor.loader.check_consistent_history(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", interactive=False, verbosity=0)
    else:
        emit_post_migrate_signal(0, False, connection.alias)

"""Run the console, the worker and its schedules as one group."""

import os
import sys
import threading
import time
from http.client import HTTPConnection, HTTPException
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from batches.queue import call_shift
from scrapersky.supervisor.parts import make_parts
from scrapersky.supervisor.preparation import listen, make_env_file, prepare_database
from scrapersky.supervisor.supervisor import Supervisor
from scrapersky.web.commands import SafeCommand
from scrapersky.web.static_files import collect_static_files


class Command(SafeCommand):
    help = "Run the console, the worker and its schedules until Ctrl-C."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        if make_env_file():
            # The settings were read before the file existed, so restart.
            os.execv(sys.executable, [sys.executable, *sys.argv])  # noqa: S606
        console = listen(settings.HOST, settings.PORT)
        collect_static_files()
        self.stdout.write("Preparing the database ...")
        account = prepare_database()
        check_queue()
        self.stdout.write("Starting the console and the worker (Ctrl-C ends them) ...")
        responds = threading.Event()
        threading.Thread(target=self._announce, args=[account, responds], daemon=True).start()
        Supervisor(make_parts(console, responds)).run()
        self.stdout.write("Stopped.")

    def _announce(self, account: tuple[str, str] | None, responds: threading.Event) -> None:
        """Set the event and print the console's address once it responds."""
        while not answers():
            time.sleep(0.05)
        responds.set()
        host = settings.HOST
        shown = "localhost" if host in {"0.0.0.0", "::", "[::]", "127.0.0.1"} else host  # noqa: S104
        proxied = " (behind the HTTPS proxy)" if settings.HTTPS else ""
        self.stdout.write(f"\nScraperSky: http://{shown}:{settings.PORT}/{proxied}")
        if settings.HTTPS and not settings.TRUSTED_PROXIES:
            self.stdout.write(
                "Warning:    TRUSTED_PROXIES does not list the proxy, so all clients share one"
                " address and its login delays"
            )
        if account:
            username, password = account
            self.stdout.write(f"Login:      {username}, password {password} (shown this once)")
        else:
            self.stdout.write("Login:      as before (forgotten: manage.py changepassword admin)")
        self.stdout.flush()


def check_queue() -> None:
    """Queue a shift for work left by an earlier run."""
    try:
        call_shift()
    except redis_error() as error:
        raise CommandError(f"The queue at REDIS_URL does not respond: {error}") from error


def redis_error() -> type[Exception]:
    """Return the class of Redis's errors, imported only after an error, because it takes long."""
    from redis.exceptions import RedisError

    return RedisError


def answers() -> bool:
    """Return whether the console responds to a request, with any status."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.HOST, settings.HOST)  # noqa: S104
    connection = HTTPConnection(host, settings.PORT, timeout=1)
    try:
        connection.request("GET", "/login/")
        connection.getresponse()
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
    return True

"""Run the demo: `python -m batches.demo`, behind `make demo`."""

import os
import secrets
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType

import django

from scans.demo.catalogue import host_map
from scans.demo.server import listen
from scrapersky import env

BASE = Path(__file__).resolve().parent.parent.parent


def main() -> int:
    """Run the demo; return 0 if every site ended as it should."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # a shell may have SIGINT ignored
        signal.signal(number, interrupt)
    with tempfile.TemporaryDirectory(prefix="scrapersky-demo-") as folder:
        http, https = listen(), listen()
        set_environment(Path(folder), host_map(http.getsockname()[1], https.getsockname()[1]))
        django.setup()
        from batches.demo.run import run_demo

        try:
            return run_demo(http, https)
        except KeyboardInterrupt:
            return 130


def set_environment(folder: Path, mapped_hosts: str) -> None:
    """Override the user's environment completely."""
    env.forget(BASE / ".env.example")
    os.environ.update(
        DJANGO_SETTINGS_MODULE="scrapersky.settings",
        SECRET_KEY=secrets.token_urlsafe(50),
        HTTPS="false",
        DATABASE_URL=f"sqlite:///{folder / 'demo.sqlite3'}",
        SCAN_HOST_MAP=mapped_hosts,
        SCAN_MAPPED_NETWORKS="127.0.0.1/32",
        SCAN_CONNECT_TIMEOUT="2",
        SCAN_READ_TIMEOUT="2",
        SCAN_WORKER_NAME=f"demo {os.getpid()}",
    )


def interrupt(number: int, frame: FrameType | None) -> None:
    """Exit as on Ctrl-C, so that all processes are stopped."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())

"""Serve the console on an inherited socket: `python -m scrapersky.web_server DESCRIPTOR`."""

import resource
import socket
import sys
import threading

from django.urls import get_resolver

from scrapersky.web.on_demand import OnDemand
from scrapersky.wsgi import application  # first, because it sets up Django

# A socket and possibly a temporary file per connection, plus databases and served files.
OPEN_FILES = 2_048


def main(descriptor: int) -> None:
    from scrapersky.web.uploads import may_upload
    from scrapersky.web_server.limits import Limits
    from scrapersky.web_server.server import create_server, serve

    raise_open_files()
    listening = socket.socket(fileno=descriptor)
    threading.Thread(target=load_addresses, daemon=True).start()
    serve(create_server(application, listening, Limits.from_settings(), may_upload))


def load_addresses() -> None:
    """Import what `scrapersky.urls` includes on demand, so that no request waits for it."""
    for included in get_resolver().url_patterns:
        if isinstance(included, OnDemand):
            _ = included.url_patterns


def raise_open_files() -> None:
    """Raise the limit of open files to what the connections need, as far as the system permits."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


if __name__ == "__main__":
    main(int(sys.argv[1]))

"""Serve the console on an inherited socket: `python -m scrapersky.web_server DESCRIPTOR`."""

import resource
import socket
import sys

from scrapersky.wsgi import application  # first, because it sets up Django

# A socket and possibly a temporary file per connection, plus databases and served files.
OPEN_FILES = 2_048


def main(descriptor: int) -> None:
    from scrapersky.web.uploads import may_upload
    from scrapersky.web_server.limits import Limits
    from scrapersky.web_server.server import create_server, serve

    raise_open_files()
    listening = socket.socket(fileno=descriptor)
    serve(create_server(application, listening, Limits.from_settings(), may_upload))


def raise_open_files() -> None:
    """Raise the limit of open files to what the connections need, as far as the system permits."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


if __name__ == "__main__":
    main(int(sys.argv[1]))

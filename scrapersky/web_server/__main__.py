"""Serve the console on an inherited socket: `python -m scrapersky.web_server DESCRIPTOR`."""

import socket
import sys

from scrapersky.wsgi import application  # first: it sets Django up


def main(descriptor: int) -> None:
    from scrapersky.web.uploads import may_upload
    from scrapersky.web_server.limits import Limits
    from scrapersky.web_server.server import create_server, serve

    listening = socket.socket(fileno=descriptor)
    serve(create_server(application, listening, Limits.from_settings(), may_upload))


if __name__ == "__main__":
    main(int(sys.argv[1]))

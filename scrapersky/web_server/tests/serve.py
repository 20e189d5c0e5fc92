"""Serve the console on an inherited socket with a test's limits: `serve DESCRIPTOR LIMITS`."""

import json
import socket
import sys

from scrapersky.wsgi import application

if __name__ == "__main__":
    from scrapersky.web.uploads import may_upload
    from scrapersky.web_server.limits import Limits
    from scrapersky.web_server.server import create_server, serve

    listening = socket.socket(fileno=int(sys.argv[1]))
    serve(create_server(application, listening, Limits(**json.loads(sys.argv[2])), may_upload))

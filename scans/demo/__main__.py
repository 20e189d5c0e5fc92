"""Serve the demo sites on two listening sockets inherited from the parent process.

Usage: python -m scans.demo HTTP_FD HTTPS_FD
"""

import socket
import sys

from scans.demo.server import serve

if __name__ == "__main__":
    http, https = (socket.socket(fileno=int(number)) for number in sys.argv[1:3])
    try:
        serve(http, https)
    except KeyboardInterrupt:
        sys.exit(130)

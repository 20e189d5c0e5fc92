"""Web servers for tests: real processes on loopback, without a proxy."""

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.migrated import copy_migrated_database

BASE = Path(__file__).resolve().parents[3]
PASSWORD = "correct horse battery"
ACCOUNT = f"""
import django
django.setup()
from scrapersky.tenants.models import *
user = User.objects.create_user("member", password="{PASSWORD}")
Membership.objects.create(user=user, tenant_id=DEFAULT_TENANT_ID, role="member")
print(ApiToken.create(user=user)[1])
"""


@dataclass(frozen=True)
class Installation:
    """A database with one account."""

    environment: dict[str, str]
    token: str

    @classmethod
    def create(cls, folder: Path) -> "Installation":
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(BASE),
            "DJANGO_SETTINGS_MODULE": "scrapersky.settings",
            "ENV_FILE": "",
            "SECRET_KEY": "the web server's own in tests",
            "HTTPS": "false",
            "TMPDIR": str(folder),
            "DATABASE_URL": f"sqlite:///{copy_migrated_database(folder / 'data.sqlite3')}",
        }
        create = [sys.executable, "-c", ACCOUNT]
        completed = subprocess.run(
            create, env=environment, check=True, capture_output=True, text=True
        )
        return cls(environment, completed.stdout.strip())

    @contextmanager
    def serve(self, **limits: float) -> Iterator["WebServer"]:
        """Run a server with the given limits until the block ends."""
        with socket.create_server(("127.0.0.1", 0), backlog=512) as listening:
            number = listening.fileno()
            module = "scrapersky.web_server.tests.serve"
            command = [sys.executable, "-m", module, str(number), json.dumps(limits)]
            process = subprocess.Popen(command, env=self.environment, pass_fds=[number])
            try:
                yield WebServer(process, listening.getsockname()[1], self)
            finally:
                process.kill()
                process.wait()


@dataclass(frozen=True)
class WebServer:
    process: subprocess.Popen[bytes]
    port: int
    installation: Installation

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def get(self, path: str, **options: object) -> requests.Response:
        return requests.get(self.url + path, timeout=20, **options)  # type: ignore[arg-type]

    def connect(self, sent: bytes = b"") -> socket.socket:
        """Return a connection after sending bytes on it."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        connection.sendall(sent)
        return connection

    def log_in(self) -> str:
        """Return the Cookie header of a session."""
        session = requests.Session()
        page = session.get(f"{self.url}/login/", timeout=20)
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
        assert token
        form = {"username": "member", "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
        session.post(f"{self.url}/login/", data=form, timeout=20)
        return f"sessionid={session.cookies['sessionid']}"

    def temporary_files(self) -> set[str]:
        """Return the open temporary files of the process, which have already been unlinked."""
        folder = self.installation.environment["TMPDIR"]
        files = (file for file in self._open_files() if file.startswith(folder))
        return {file for file in files if file.endswith("(deleted)")}

    def _open_files(self) -> Iterator[str]:
        for link in Path(f"/proc/{self.process.pid}/fd").iterdir():
            with suppress(FileNotFoundError):
                yield os.readlink(link)

    def holds(self, connection: socket.socket) -> bool:
        """Return whether the server has accepted a client's connection and not closed it."""
        own = f":{self.port:04X}"
        client = f":{connection.getsockname()[1]:04X}"
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            _, local, remote, *_, inode = line.split()[:10]
            if local.endswith(own) and remote.endswith(client):
                return inode != "0"
        return False


def head(method: str, path: str, **headers: object) -> bytes:
    """Return a request line and headers; `content_length` becomes Content-Length."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    lines += [f"{name.replace('_', '-').title()}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def status_of(connection: socket.socket) -> int:
    """Return the status of the next response; 0 if the connection ends without one."""
    received = b""
    while b"\r\n" not in received:
        try:
            data = connection.recv(1)
        except ConnectionResetError:
            return 0
        if not data:
            return 0
        received += data
    return int(received.split()[1])


def rest_of(connection: socket.socket) -> bytes:
    """Return the bytes received until the connection ends."""
    received = b""
    try:
        while data := connection.recv(65_536):
            received += data
    except ConnectionResetError:
        return received
    return received

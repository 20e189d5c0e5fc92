"""`manage.py up` as a whole: real console, real worker, real signals."""

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
import requests

from scans.demo.catalogue import HOSTS
from tests.migrated import copy_migrated_database
from tests.processes import MARK, eventually, marked

BASE = Path(__file__).resolve().parent.parent


class Group:
    """One installation in a folder of its own, and its supervised group while it runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mark = uuid.uuid4().hex
        self.read_timeout = "1.5"
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.url = f"http://localhost:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return {
            **kept,
            "ENV_FILE": str(self.folder / ".env"),
            "DATABASE_URL": f"sqlite:///{self.folder / 'data.sqlite3'}",
            "PORT": str(self.port),
            "SCAN_READ_TIMEOUT": self.read_timeout,
            MARK: self.mark,
        }

    def create_batch(self) -> None:
        """Make a batch of the demo sites by the command."""
        hosts = self.folder / "hosts.txt"
        hosts.write_text("\n".join(HOSTS))
        command = [sys.executable, str(BASE / "manage.py"), "create_batch", str(hosts)]
        subprocess.run(command, env=self.environment, check=True, capture_output=True)

    def read(self, query: str) -> int:
        """Return the one number that a query gives."""
        with closing(sqlite3.connect(self.folder / "data.sqlite3", timeout=20)) as connection:
            return int(connection.execute(query).fetchone()[0])

    def launch(self) -> subprocess.Popen[bytes]:
        with (self.folder / "output").open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, str(BASE / "manage.py"), "up"],
                cwd=self.folder,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        return self.process

    def start(self) -> "Group":
        """Start, and return when the login was shown."""
        process = self.launch()
        eventually(lambda: "Login:" in self.output or process.poll() is not None, within=90)
        assert process.poll() is None, self.output
        return self

    def stop(self, number: int = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(30)

    @property
    def output(self) -> str:
        return (self.folder / "output").read_text()

    def processes(self, part: str) -> list[int]:
        """Return the ids of the processes of a part, lowest first."""
        return sorted(pid for pid, command in marked(self.mark).items() if part in command)

    def is_gone(self) -> bool:
        return not marked(self.mark)


@pytest.fixture
def group(tmp_path: Path) -> Iterator[Group]:
    copy_migrated_database(tmp_path / "data.sqlite3")
    installation = Group(tmp_path)
    yield installation
    for pid in marked(installation.mark):
        os.kill(pid, signal.SIGKILL)
    if installation.process:
        installation.process.wait()


def log_in(group: Group, password: str) -> requests.Session:
    session = requests.Session()
    page = session.get(f"{group.url}/login/", timeout=30)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert token
    form = {"username": "admin", "password": password, "csrfmiddlewaretoken": token[1]}
    answer = session.post(f"{group.url}/login/", data=form, timeout=30, allow_redirects=False)
    assert answer.status_code == 302
    return session


def weight_of_first_load(group: Group, session: requests.Session) -> int:
    """Return how many bytes a browser with an empty cache transfers for the overview."""
    page = session.get(group.url, timeout=30)
    files = set(re.findall(r'(?:src|href)="(/static/[^"#]+)', page.text))
    assert len(files) > 5
    accepted = {"Accept-Encoding": "gzip, br"}
    total = 0
    for path in ["/", *files]:
        response = session.get(group.url + path, headers=accepted, stream=True, timeout=30)
        assert response.status_code == 200
        total += len(response.raw.read(decode_content=False))
    return total


def test_a_first_start_makes_an_account_and_light_pages_and_a_second_one_keeps_it(
    group: Group,
) -> None:
    group.start()
    assert (group.folder / ".env").stat().st_mode & 0o777 == 0o600
    address, login = group.output.splitlines()[-2:]
    assert address.endswith(group.url + "/")
    password = re.search(r"admin, password (\S+)", login)
    assert password
    assert weight_of_first_load(group, log_in(group, password[1])) < 250_000
    assert group.stop() == 0
    eventually(group.is_gone)

    group.start()
    assert password[1] not in group.output
    log_in(group, password[1])
    assert group.stop(signal.SIGINT) == 0
    eventually(group.is_gone)


def test_a_part_that_is_killed_comes_back(group: Group) -> None:
    group.start()
    eventually(lambda: len(group.processes("qcluster")) > 3)
    for part in ("web_server", "qcluster"):
        before = set(group.processes(part))
        for pid in before if part == "web_server" else [min(before)]:
            os.kill(pid, signal.SIGKILL)
        eventually(lambda before=before, part=part: set(group.processes(part)) - before)  # type: ignore[misc]
        eventually(lambda before=before: not before & marked(group.mark).keys())  # type: ignore[misc]
    assert requests.get(f"{group.url}/login/", timeout=30).status_code == 200


def test_one_of_the_web_processes_serves_while_the_other_is_stopped(group: Group) -> None:
    group.start()
    eventually(lambda: len(group.processes("web_server")) == 2)
    first, second = group.processes("web_server")
    for stopped in (first, second):
        os.kill(stopped, signal.SIGSTOP)
        assert requests.get(f"{group.url}/login/", timeout=30).status_code == 200
        os.kill(stopped, signal.SIGCONT)


def test_slow_and_large_requests_to_the_direct_port_stop_nobody(group: Group) -> None:
    group.start()
    start = b"POST /login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000\r\n\r\nx"
    with ExitStack() as stack:
        for _ in range(70):
            slow = stack.enter_context(socket.create_connection(("127.0.0.1", group.port)))
            slow.sendall(start)
        assert requests.get(f"{group.url}/login/", timeout=20).status_code == 200
        large = b"x" * 5_000_000
        for path in ("/login/", "/nowhere/"):
            assert requests.post(group.url + path, data=large, timeout=20).status_code == 413


def test_behind_https_the_start_says_that_the_proxy_must_be_named(group: Group) -> None:
    (group.folder / ".env").write_text("SECRET_KEY=the same\nHTTPS=true\n")
    group.start()
    assert "TRUSTED_PROXIES does not list the proxy" in group.output


def test_a_killed_supervisor_leaves_no_process(group: Group) -> None:
    group.start()
    eventually(lambda: len(group.processes("qcluster")) > 3)
    assert group.process
    group.process.kill()
    eventually(group.is_gone)


def test_a_batch_that_is_stopped_goes_back_in_line_uncharged(group: Group) -> None:
    group.read_timeout = "60"  # the site that never answers is scanned when the end comes
    group.start()
    group.create_batch()
    eventually(lambda: group.read("SELECT count(*) FROM batches_job WHERE status = 'complete'"))
    assert group.stop() == 0
    assert group.read("SELECT count(*) FROM batches_job WHERE status = 'running'") == 0
    assert group.read("SELECT count(*) FROM batches_job WHERE status = 'pending'") > 0
    assert group.read("SELECT sum(attempts) FROM batches_job WHERE status = 'pending'") == 0
    assert group.read("SELECT count(*) FROM batches_worker WHERE status = 'ended'") > 0


def test_a_batch_survives_the_sudden_death_of_everything(group: Group) -> None:
    group.start()
    group.create_batch()
    eventually(lambda: group.read("SELECT count(*) FROM batches_job WHERE status = 'running'"))
    for pid in marked(group.mark):
        os.kill(pid, signal.SIGKILL)
    eventually(group.is_gone)
    assert group.read("SELECT finished_at IS NULL FROM batches_batch")

    group.start()
    eventually(lambda: group.read("SELECT finished_at IS NOT NULL FROM batches_batch"), within=90)
    assert group.read("SELECT completed FROM batches_batch") == 7
    assert group.read("SELECT failed FROM batches_batch") == 5
    assert group.read("SELECT count(*) FROM batches_job WHERE status = 'complete'") == 7
    assert group.read("SELECT count(*) FROM scans_scan") == 7


def test_a_taken_port_is_said_in_a_sentence(group: Group) -> None:
    (group.folder / ".env").write_text("SECRET_KEY=the same\nHTTPS=false\n")
    with socket.create_server(("127.0.0.1", group.port)):
        assert group.launch().wait(60) == 1
    assert group.output.startswith(f"CommandError: Port {group.port} of 127.0.0.1 cannot be used")
    assert len(group.output.splitlines()) == 1


def test_asked_to_end_while_it_starts_it_ends(group: Group) -> None:
    process = group.launch()
    eventually(lambda: "Starting the console" in group.output, within=90)
    eventually(lambda: group.processes("guardian"))
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    eventually(group.is_gone)

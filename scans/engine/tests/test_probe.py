"""Requesting robots.txt from a few sites to check the network."""

import json
import subprocess
import sys
from dataclasses import asdict

from batches.tests.sites import serve
from scans.engine.limits import FetchSettings, Limits
from scans.engine.probe import answering

QUICK = Limits(connect_timeout=2.0, read_timeout=2.0, site_deadline=5.0)
URLS = ["http://a.site.test/robots.txt", "http://gone.none.test/robots.txt"]


def settings(host_map: tuple[tuple[str, str], ...], *networks: str) -> FetchSettings:
    return FetchSettings(host_map=host_map, allowed_networks=networks)


def test_any_status_is_an_answer_and_a_missing_name_is_none() -> None:
    with serve() as sites:
        assert answering(URLS, settings(sites.host_map, "127.0.0.0/8"), QUICK) == URLS[:1]
    assert [(host, path) for _, host, path in sites.requested] == [("a.site.test", "/robots.txt")]


def test_the_guard_of_scans_holds() -> None:
    with serve() as sites:
        assert answering(URLS, settings(sites.host_map), QUICK) == []
    assert sites.requested == []


def test_a_closed_connection_is_no_answer() -> None:
    with serve() as sites:
        sites.is_cut_off = True
        assert answering(URLS, settings(sites.host_map, "127.0.0.0/8"), QUICK) == []


def test_the_process_reads_a_line_and_writes_one() -> None:
    with serve() as sites:
        message = {"urls": URLS, **asdict(settings(sites.host_map, "127.0.0.0/8"))}
        message |= {"connect_timeout": 2.0, "read_timeout": 2.0}
        line = json.dumps(message) + "\n"
        command = [sys.executable, "-m", "scans.engine.probe"]
        done = subprocess.run(command, input=line, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == URLS[:1]

"""The demo sites over real connections."""

import http.client
import socket
import ssl
import threading
from collections.abc import Iterator

import pytest

from scans.demo.catalogue import HOSTS, PAGES, SITES, host_map
from scans.demo.server import DemoServer, ExpiredServer, listen


@pytest.fixture(scope="module")
def ports() -> Iterator[tuple[int, int]]:
    """Serve the demo sites; give the HTTP and the HTTPS port."""
    servers = [DemoServer(listen()), ExpiredServer(listen())]
    for server in servers:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield servers[0].server_address[1], servers[1].server_address[1]
    for server in servers:
        server.shutdown()
        server.server_close()


def get(port: int, host: str, path: str = "/") -> tuple[http.client.HTTPResponse, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", path, headers={"Host": host})
    response = connection.getresponse()
    body = response.read().decode()
    connection.close()
    return response, body


def test_there_are_the_twelve_hosts_of_the_demo() -> None:
    assert len(set(HOSTS)) == 12
    assert all(host.endswith(".demo.test") for host in HOSTS)


def test_every_folder_of_pages_belongs_to_a_site() -> None:
    assert {folder.name for folder in PAGES.iterdir()} <= {site.name for site in SITES}


def test_a_site_is_told_apart_by_its_host(ports: tuple[int, int]) -> None:
    bakery, shop = (get(ports[0], host)[1] for host in ("bakery.demo.test", "shop.demo.test"))
    assert "Harbour Bakery" in bakery
    assert "WooCommerce" in shop


def test_every_page_a_sitemap_of_the_bakery_names_exists(ports: tuple[int, int]) -> None:
    _, sitemap = get(ports[0], "bakery.demo.test", "/sitemap.xml")
    paths = [part.partition("</loc>")[0] for part in sitemap.split("bakery.demo.test")[1:]]
    assert len(paths) == 4
    assert {get(ports[0], "bakery.demo.test", path)[0].status for path in paths} == {200}


def test_the_moved_site_redirects_to_its_www_host(ports: tuple[int, int]) -> None:
    response, _ = get(ports[0], "moved.demo.test")
    assert response.status == 301
    assert response.headers["Location"] == "http://www.moved.demo.test/"
    assert get(ports[0], "www.moved.demo.test")[0].status == 200


def test_the_gone_site_answers_404(ports: tuple[int, int]) -> None:
    assert get(ports[0], "gone.demo.test")[0].status == 404


def test_an_unknown_host_answers_404(ports: tuple[int, int]) -> None:
    assert get(ports[0], "elsewhere.example")[0].status == 404


def test_no_path_leads_out_of_a_site(ports: tuple[int, int]) -> None:
    for path in ("/../bakery/index.html", "/%2e%2e/%2e%2e/server.py", "//etc/passwd"):
        assert get(ports[0], "empty.demo.test", path)[0].status == 404


def test_the_certificate_of_the_expired_site_is_refused(ports: tuple[int, int]) -> None:
    with (
        socket.create_connection(("127.0.0.1", ports[1]), timeout=5) as plain,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        ssl.create_default_context().wrap_socket(plain, server_hostname="expired.demo.test")


def test_the_silent_site_says_nothing(ports: tuple[int, int]) -> None:
    with socket.create_connection(("127.0.0.1", ports[0]), timeout=0.3) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: silent.demo.test\r\n\r\n")
        with pytest.raises(TimeoutError):
            connection.recv(1)


def test_the_host_map_leads_every_name_but_one_to_loopback() -> None:
    pairs = dict(pair.split("=") for pair in host_map(81, 82).split(","))
    assert pairs == {
        "expired.demo.test": "127.0.0.1:81:82",
        "unknown.demo.test": "nxdomain",
        "*.demo.test": "127.0.0.1:81",
    }

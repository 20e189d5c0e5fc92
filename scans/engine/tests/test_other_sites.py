"""What a scan requests from sites other than the scanned one."""

from collections.abc import Iterator

import pytest

from scans.engine.limits import Limits
from scans.engine.report import SiteReport
from scans.engine.scanner import scan_site
from scans.engine.tests.hostile_server import ADDRESS, Answer, HostileServer, page, redirect
from scans.engine.tests.test_scanner import LIMITS, index, robots, site, sitemap

CDN = "http://cdn.example.net"


@pytest.fixture
def other() -> Iterator[HostileServer]:
    """Serve another site, each of whose sitemaps lists one page of ours."""
    files = {f"/s{number}.xml": sitemap("http://acme.test/jobs") for number in range(60)}
    with HostileServer({"/": page("<title>Other</title>"), **files}) as server:
        yield server


def scan(other: HostileServer, answers: dict[str, Answer], limits: Limits = LIMITS) -> SiteReport:
    with HostileServer(answers) as own:
        mapped = (
            ("*.test", f"{ADDRESS}:{own.port}"),
            ("*.example.net", f"{ADDRESS}:{other.port}"),
            ("example.net", f"{ADDRESS}:{other.port}"),
        )
        return scan_site("acme.test", limits, settings=own.settings(host_map=mapped))


def many() -> Answer:
    return index(*(f"{CDN}/s{number}.xml" for number in range(49)))


def test_an_index_that_nothing_lists_sends_no_request_elsewhere(other: HostileServer) -> None:
    report = scan(other, site(sitemap__xml=many()))
    assert other.visits == []
    assert any("49 sitemaps of other sites" in warning for warning in report.warnings)


def test_an_index_that_robots_txt_lists_sends_six_requests_elsewhere(other: HostileServer) -> None:
    listed = robots("Sitemap: http://acme.test/map.xml")
    report = scan(other, site(robots__txt=listed, map__xml=many()))
    assert other.visits == ["/robots.txt", *(f"/s{number}.xml" for number in range(5))]
    assert "http://acme.test/jobs" in {entry.url for entry in report.pages}
    assert not report.coverage["sitemaps"]
    assert any("44 sitemaps were not opened" in warning for warning in report.warnings)


@pytest.mark.parametrize("obey_robots", [True, False])
def test_the_robots_txt_of_the_other_site_is_obeyed_whatever_the_options(
    other: HostileServer, obey_robots: bool
) -> None:
    other.answers["/robots.txt"] = robots("User-agent: *", "Disallow: /")
    listed = robots("Sitemap: http://acme.test/map.xml")
    limits = Limits(read_timeout=2.0, obey_robots=obey_robots)
    report = scan(other, site(robots__txt=listed, map__xml=many()), limits)
    assert other.visits == ["/robots.txt"]
    refused = [file for file in report.sitemaps if "does not allow" in file.error]
    assert len(refused) == 5


def test_a_dead_host_is_asked_for_its_robots_txt_once(other: HostileServer) -> None:
    listed = robots(*(f"Sitemap: http://dead.example.org/s{number}.xml" for number in range(5)))
    with HostileServer(site(robots__txt=listed)) as own:
        mapped = (("*.test", f"{ADDRESS}:{own.port}"), ("dead.example.org", "nxdomain"))
        report = scan_site("acme.test", LIMITS, settings=own.settings(host_map=mapped))
    assert sum("dead.example.org" in record.url for record in report.requests) == 1
    assert len(report.sitemaps) == 5
    assert all(file.error for file in report.sitemaps)


def test_a_redirect_of_a_sitemap_to_another_site_is_not_followed(other: HostileServer) -> None:
    named = '<title>Acme</title><a href="/sitemap-main.xml">Sitemap</a>'
    answers = site(sitemap_main__xml=redirect(f"{CDN}/s1.xml")) | {"/": page(named)}
    answers["/sitemap-main.xml"] = redirect(f"{CDN}/s1.xml")
    report = scan(other, answers)
    assert other.visits == []
    assert "another site" in report.sitemaps[0].error


def test_a_redirect_of_an_inner_page_to_another_site_is_not_followed(other: HostileServer) -> None:
    report = scan(other, site(contact=redirect(f"{CDN}/")))
    assert other.visits == []
    assert report.title == "Acme Anvils"
    assert any(
        record.url == "http://acme.test/contact" and record.status == 302
        for record in report.requests
    )


def test_a_redirect_of_an_inner_page_within_the_site_is_followed(other: HostileServer) -> None:
    answers = site(contact=redirect("http://www.acme.test/contact-us"))
    answers["/contact-us"] = page("<title>Contact</title><a href='mailto:hello@acme.test'>x</a>")
    report = scan(other, answers)
    assert "hello@acme.test" in {contact.value for contact in report.contacts}


# Well-known locations.


def requested(report: SiteReport) -> list[str]:
    paths = [record.url.partition("acme.test")[2] for record in report.requests]
    return [path for path in paths if path.startswith(("/sitemap", "/wp-sitemap"))]


@pytest.mark.parametrize(
    "path",
    [
        "/sitemap.xml",
        "/sitemap_index.xml",
        "/sitemap-index.xml",
        "/wp-sitemap.xml",
        "/sitemap.xml.gz",
    ],
)
def test_a_sitemap_at_a_well_known_location_is_read(other: HostileServer, path: str) -> None:
    report = scan(other, site() | {path: sitemap("http://acme.test/jobs")})
    assert "http://acme.test/jobs" in {entry.url for entry in report.pages}
    assert requested(report)[-1] == path


def test_at_most_three_further_locations_are_tried(other: HostileServer) -> None:
    assert len(requested(scan(other, site()))) == 5


def test_no_location_is_tried_once_a_sitemap_was_read(other: HostileServer) -> None:
    listed = robots("Sitemap: http://acme.test/map.xml")
    answers = site(robots__txt=listed, map__xml=sitemap("http://acme.test/jobs"))
    assert requested(scan(other, answers)) == []


def test_locations_are_tried_where_what_robots_txt_lists_is_gone(other: HostileServer) -> None:
    answers = site(robots__txt=robots("Sitemap: http://acme.test/gone.xml"))
    answers["/wp-sitemap.xml"] = sitemap("http://acme.test/jobs")
    report = scan(other, answers)
    assert "http://acme.test/jobs" in {entry.url for entry in report.pages}


@pytest.mark.parametrize(
    ("generator", "third", "left_out"),
    [
        ("WordPress 6.8", "/wp-sitemap.xml", "/sitemap/sitemap.xml"),
        ("Astro v5.1", "/sitemap-index.xml", "/wp-sitemap.xml"),
        ("Joomla! - Open Source Content Management", "/sitemap-index.xml", "/wp-sitemap.xml"),
    ],
)
def test_what_a_site_is_made_with_decides_where_to_look_first(
    other: HostileServer, generator: str, third: str, left_out: str
) -> None:
    home = f"<title>Acme</title><meta name=generator content='{generator}'><p>Anvils"
    tried = requested(scan(other, site() | {"/": page(home)}))
    assert tried[:3] == ["/sitemap.xml", "/sitemap_index.xml", third]
    assert left_out not in tried

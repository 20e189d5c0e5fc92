"""The stages of a scan, on sites served from loopback."""

import time

import pytest
import trustme

from scans.engine.errors import FailureReason, ScanError
from scans.engine.fetcher import Fetcher
from scans.engine.limits import Limits
from scans.engine.report import SiteReport, Verdict
from scans.engine.scanner import STAGES, scan_site
from scans.engine.session.budget import Stop
from scans.engine.tests import hostile_server as hostile
from scans.engine.tests.hostile_server import ADDRESS, Answer, HostileServer, Visit, page, redirect
from scans.engine.tests.test_fetcher import StubResolver, ca_file, tls_server

# Longer than any wait on a busy machine: what tests a timeout gives its own.
LIMITS = Limits(connect_timeout=20.0, read_timeout=20.0, site_deadline=60.0)
TEXT = "<p>" + "Anvils of every size, made to last. " * 30 + "</p>"
HOME = f"""<html lang="en"><head><title>Acme Anvils</title></head><body>{TEXT}
<a href="/contact">Contact</a> <a href="/about#team">About us</a>
<a href="/shop?utm_source=x">Shop</a> <a href="https://elsewhere.example/">A friend</a>
<a href="mailto:info@acme.test">Mail</a></body></html>"""
CONTACT = (
    f"<html><title>Contact</title>{TEXT}<a href='mailto:sales@acme-anvils.com'>Write</a></html>"
)
TEXT_PLAIN = {"Content-Type": "text/plain"}
XML = {"Content-Type": "application/xml"}


def sitemap(*urls: str) -> Answer:
    entries = "".join(f"<url><loc>{url}</loc><lastmod>2026-01-02</lastmod></url>" for url in urls)
    body = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</urlset>'
    return page(body, headers=XML)


def index(*urls: str) -> Answer:
    entries = "".join(f"<sitemap><loc>{url}</loc></sitemap>" for url in urls)
    return page(f"<sitemapindex>{entries}</sitemapindex>", headers=XML)


def robots(*lines: str) -> Answer:
    return page("\n".join(lines), headers=TEXT_PLAIN)


def site(**more: Answer) -> dict[str, Answer]:
    """Return a small site; `more` pages by path, `__` read as a dot."""
    answers = {
        "/": page(HOME),
        "/contact": page(CONTACT),
        "/about": page(f"<title>About</title>{TEXT}"),
    }
    return answers | {f"/{name.replace('__', '.')}": answer for name, answer in more.items()}


def scan(answers: dict[str, Answer], limits: Limits = LIMITS, **more: object) -> SiteReport:
    with HostileServer(answers) as server:
        return scan_site("acme.test", limits, settings=server.settings(**more))


def requested(report: SiteReport) -> list[str]:
    return [record.url.partition("acme.test")[2] for record in report.requests]


# A plain site


def test_a_site_is_read_from_robots_txt_to_its_sitemap() -> None:
    answers = site(
        robots__txt=robots(
            "User-agent: *", "Disallow: /secret", "Sitemap: http://acme.test/map.xml"
        ),
        map__xml=sitemap("http://acme.test/about", "http://acme.test/products/anvil"),
    )
    report = scan(answers)
    assert report.verdict is Verdict.OK
    assert (report.domain, report.final_url, report.title) == (
        "acme.test",
        "http://acme.test/",
        "Acme Anvils",
    )
    assert (report.http_status, report.server_address, report.language) == (200, ADDRESS, "en")
    assert [(file.url, file.url_count) for file in report.sitemaps] == [
        ("http://acme.test/map.xml", 2)
    ]
    emails = {contact.value: contact.page_url for contact in report.contacts}
    assert emails["sales@acme-anvils.com"] == "http://acme.test/contact"
    assert requested(report)[:3] == ["/robots.txt", "/", "/contact"]


def test_the_inventory_holds_each_page_once_with_what_is_known_of_it() -> None:
    answers = site(
        robots__txt=robots("Sitemap: http://acme.test/map.xml"),
        map__xml=sitemap("http://acme.test/about", "http://acme.test/jobs", "http://b.example/x"),
    )
    pages = {entry.url: entry for entry in scan(answers).pages}
    assert list(pages) == [
        "http://acme.test/",
        "http://acme.test/contact",
        "http://acme.test/about",
        "http://acme.test/shop",
        "http://acme.test/jobs",
    ]
    about = pages["http://acme.test/about"]
    assert (about.source, about.page_type, about.lastmod) == ("link", "about", "2026-01-02")
    assert pages["http://acme.test/jobs"].source == "sitemap"


def test_the_inventory_keeps_to_its_limit() -> None:
    urls = [f"http://acme.test/page-{number}" for number in range(500)]
    answers = site(robots__txt=robots("Sitemap: http://acme.test/map.xml"), map__xml=sitemap(*urls))
    assert len(scan(answers, Limits(max_pages=50)).pages) == 50


def test_only_so_many_pages_are_opened() -> None:
    opened = requested(scan(site(), Limits(fetch_pages=2, sitemaps=False)))
    assert opened == ["/robots.txt", "/", "/contact"]


def test_nothing_is_followed_where_the_limits_say_so() -> None:
    assert requested(scan(site(), Limits(follow=False, sitemaps=False))) == ["/robots.txt", "/"]


def test_a_contact_page_that_only_the_sitemap_names_is_opened_too() -> None:
    answers = site(
        robots__txt=robots("Sitemap: http://acme.test/map.xml"),
        map__xml=sitemap("http://acme.test/imprint", "http://acme.test/blog/one"),
        imprint=page(f"<title>Imprint</title>{TEXT}<a href='mailto:law@acme.test'>Law</a>"),
    )
    answers["/"] = page(f"<html><title>Acme</title>{TEXT}</html>")
    report = scan(answers)
    assert "/imprint" in requested(report)
    assert "/blog/one" not in requested(report)


def test_a_page_that_fails_is_data_not_failure() -> None:
    answers = site(contact=hostile.hang_up, about=page("gone", "500 Server Error"))
    report = scan(answers)
    assert report.title == "Acme Anvils"
    assert "connection_refused" in {record.error for record in report.requests}


def test_stages_come_in_order_and_are_timed() -> None:
    seen: list[tuple[str, float]] = []
    with HostileServer(site()) as server:
        report = scan_site(
            "acme.test",
            LIMITS,
            settings=server.settings(),
            on_stage=lambda stage, progress: seen.append((stage, progress)),
        )
    assert [stage for stage, _ in seen] == list(STAGES)
    assert [progress for _, progress in seen] == sorted(progress for _, progress in seen)
    assert set(report.timings) == set(STAGES)


def test_sitemaps_alone_are_read_without_opening_a_page() -> None:
    answers = site(sitemap__xml=sitemap("http://acme.test/jobs"))
    report = scan(answers, Limits(sitemaps_only=True))
    assert requested(report)[:2] == ["/robots.txt", "/sitemap.xml"]
    assert [entry.url for entry in report.pages] == ["http://acme.test/jobs"]


def test_a_meta_refresh_of_an_empty_page_is_followed() -> None:
    jump = "<html><head><meta http-equiv='refresh' content='0; url=/start'></head></html>"
    report = scan(site(start=page(HOME)) | {"/": page(jump)})
    assert (report.title, report.final_url) == ("Acme Anvils", "http://acme.test/start")
    assert report.redirects == ("http://acme.test/",)


def test_a_refresh_header_is_followed() -> None:
    jump = page("", headers={"Refresh": "0; url=/start"})
    report = scan(site(start=page(HOME)) | {"/": jump})
    assert (report.title, report.final_url) == ("Acme Anvils", "http://acme.test/start")


@pytest.mark.parametrize(
    ("before", "content", "is_left"),
    [
        ("<p>One moment</p>", "5; url=/start", True),
        ("<p>News, every ten minutes</p>", "600; url=/start", False),
        (TEXT, "0; url=/start", True),
        (TEXT, "10; url=/start", False),
        (TEXT, "0; url=#top", False),
        ("", "0", False),
    ],
)
def test_a_page_is_left_where_a_visitor_could_not_read_it(
    before: str, content: str, is_left: bool
) -> None:
    jump = f"<title>First</title><meta http-equiv=refresh content='{content}'>{before}"
    report = scan(site(start=page(HOME)) | {"/": page(jump)})
    assert report.title == ("Acme Anvils" if is_left else "First")


def test_a_refresh_for_visitors_without_javascript_does_not_take_a_page_away() -> None:
    jump = "<noscript><meta http-equiv=refresh content='0; url=/start'></noscript>"
    report = scan(site(start=page(HOME)) | {"/": page(f"<title>First</title>{jump}{TEXT}")})
    assert report.title == "First"
    report = scan(site(start=page(HOME)) | {"/": page(f"<title>First</title>{jump}<div id=app>")})
    assert report.title == "Acme Anvils"


def test_pages_that_refresh_to_each_other_end() -> None:
    there = page("<meta http-equiv=refresh content='0; url=/there'>")
    back = page("<meta http-equiv=refresh content='0; url=/'>")
    report = scan({"/": there, "/there": back})
    assert report.final_url in ("http://acme.test/", "http://acme.test/there")
    assert len(report.requests) < 12


# The entry


def test_https_comes_before_http(authority: trustme.CA, tmp_path: object) -> None:
    with tls_server(authority, "acme.test") as secure, HostileServer(site()) as plain:
        secure.answers.update(site())
        mapped = (("*.test", f"{ADDRESS}:{plain.port}:{secure.port}"),)
        settings = plain.settings(host_map=mapped, ca_file=ca_file(authority, tmp_path))  # type: ignore[arg-type]
        report = scan_site("acme.test", LIMITS, settings=settings)
        assert report.final_url == "https://acme.test/"
        assert plain.connections == 0


def test_a_bad_certificate_falls_back_to_http_and_says_so(authority: trustme.CA) -> None:
    with tls_server(authority, "acme.test") as secure, HostileServer(site()) as plain:
        mapped = (("*.test", f"{ADDRESS}:{plain.port}:{secure.port}"),)
        report = scan_site("acme.test", LIMITS, settings=plain.settings(host_map=mapped))
    assert report.final_url == "http://acme.test/"
    assert any("certificate" in warning for warning in report.warnings)


def test_a_bad_certificate_is_the_failure_where_http_leads_back_to_it(
    authority: trustme.CA,
) -> None:
    answers = {
        "/": redirect("https://acme.test/"),
        "/robots.txt": redirect("https://acme.test/robots.txt"),
    }
    with tls_server(authority, "acme.test") as secure, HostileServer(answers) as plain:
        mapped = (("*.test", f"{ADDRESS}:{plain.port}:{secure.port}"),)
        with pytest.raises(ScanError) as caught:
            scan_site("acme.test", LIMITS, settings=plain.settings(host_map=mapped))
    assert caught.value.reason is FailureReason.TLS_ERROR


def test_www_is_tried_where_the_bare_name_does_not_resolve() -> None:
    with HostileServer(site()) as server:
        target = f"{ADDRESS}:{server.port}"
        mapped = (("www.acme.example", target), ("*.test", target))
        settings = server.settings(host_map=mapped)
        fetcher = Fetcher(settings, LIMITS, resolver=NoNames())
        report = scan_site("acme.example", fetcher=fetcher)
    assert report.final_url == "http://www.acme.example/"


def test_a_bare_name_that_answers_404_gives_way_to_www() -> None:
    def home(visit: Visit) -> None:
        known = visit.headers["host"] == "www.acme.test"
        visit.reply(HOME.encode() if known else b"no", "200 OK" if known else "404 Not Found")

    assert scan(site() | {"/": home}).final_url == "http://www.acme.test/"


def test_a_name_that_does_not_exist_is_dns_not_found() -> None:
    with pytest.raises(ScanError) as caught:
        scan_site("acme.example", fetcher=Fetcher(limits=LIMITS, resolver=NoNames()))
    assert caught.value.reason is FailureReason.DNS_NOT_FOUND
    assert "acme.example" in caught.value.sentence
    assert caught.value.requests == ()


def test_a_private_address_names_the_setting() -> None:
    fetcher = Fetcher(limits=LIMITS, resolver=StubResolver(("10.0.0.1",)))
    with pytest.raises(ScanError) as caught:
        scan_site("acme.example", fetcher=fetcher)
    assert caught.value.reason is FailureReason.BLOCKED_ADDRESS
    assert "SCAN_ALLOWED_NETWORKS" in caught.value.sentence


@pytest.mark.parametrize("domain", ["", "not a domain", "http://", "x" * 300 + ".com", "😀"])
def test_what_is_no_domain_is_refused_with_a_sentence(domain: str) -> None:
    with pytest.raises(ScanError) as caught:
        scan_site(domain, LIMITS)
    assert caught.value.reason is FailureReason.INVALID_DOMAIN
    assert caught.value.sentence


def test_a_port_given_with_the_domain_is_used_where_settings_allow_it() -> None:
    with HostileServer(site()) as server:
        domain = f"acme.test:{server.port}"
        settings = server.settings(
            host_map=(("acme.test", f"{ADDRESS}:{server.port}"),), allow_any_port=True
        )
        report = scan_site(domain, LIMITS, settings=settings)
        assert report.final_url == f"http://{domain}/"
        with pytest.raises(ScanError) as caught:
            scan_site(domain, LIMITS, settings=server.settings())
        assert caught.value.reason is FailureReason.BLOCKED_ADDRESS


def test_a_site_that_moved_elsewhere_is_looked_at_and_left() -> None:
    answers = site() | {"/": redirect("http://other.example/")}
    with HostileServer(answers) as old, HostileServer(site()) as new:
        mapped = (("*.test", f"{ADDRESS}:{old.port}"), ("other.example", f"{ADDRESS}:{new.port}"))
        report = scan_site("acme.test", LIMITS, settings=old.settings(host_map=mapped))
        assert report.final_url == "http://other.example/"
        assert new.visits == ["/"]
    assert report.title == "Acme Anvils"


def test_the_wall_of_a_bot_check_is_a_finding_and_not_climbed() -> None:
    wall = (
        "<html><title>Just a moment...</title><body><div id='cf-wrapper'>Checking your browser"
        "<script src='/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1'></script>"
        "<a href='/contact'>Contact</a></div></body></html>"
    )
    report = scan(site() | {"/": page(wall, "403 Forbidden", {"Server": "cloudflare"})})
    assert (report.verdict, report.http_status) == (Verdict.CHALLENGE, 403)
    assert requested(report) == ["/robots.txt", "/"]


# Throttling and time


def test_robots_txt_is_obeyed_page_by_page() -> None:
    answers = site(robots__txt=robots("User-agent: *", "Disallow: /contact"))
    report = scan(answers)
    assert "/contact" not in requested(report)
    assert "/about" in requested(report)


def test_the_crawl_delay_is_kept_up_to_its_cap() -> None:
    answers = site(robots__txt=robots("User-agent: *", "Crawl-delay: 30"))
    limits = Limits(max_crawl_delay=0.2, fetch_pages=2, sitemaps=False)
    report = scan(answers, limits)
    starts = [record.at for record in report.requests]
    ends = [record.at + record.ms / 1000 for record in report.requests]
    assert all(start - end > 0.18 for end, start in zip(ends, starts[1:], strict=False))
    assert report.robots.crawl_delay == 30


def test_a_deadline_after_the_homepage_leaves_a_report() -> None:
    started = time.monotonic()
    report = scan(site(contact=hostile.drip), Limits(read_timeout=9.0, site_deadline=1.5))
    assert time.monotonic() - started < 4
    assert report.title == "Acme Anvils"
    assert any("the results up to that point" in warning for warning in report.warnings)


def test_a_cancelled_scan_raises_with_its_receipt() -> None:
    stop = Stop()

    def contact(visit: Visit) -> None:
        stop.set()
        visit.hang()

    with HostileServer(site(contact=contact)) as server, pytest.raises(ScanError) as caught:
        scan_site(
            "acme.test",
            Limits(read_timeout=30.0),
            settings=server.settings(),
            stop=stop,
        )
    assert caught.value.reason is FailureReason.CANCELLED
    assert [record.url for record in caught.value.requests][-1] == "http://acme.test/contact"


# Broken sitemaps


def named(**files: Answer) -> SiteReport:
    first = next(iter(files)).replace("__", ".")
    return scan(site(robots__txt=robots(f"Sitemap: http://acme.test/{first}"), **files))


def test_a_sitemap_that_lists_itself_is_read_once() -> None:
    report = named(loop__xml=index("http://acme.test/loop.xml"))
    assert requested(report).count("/loop.xml") == 1


def test_indexes_of_indexes_end_at_the_depth() -> None:
    answers = {
        f"level{number}__xml": index(f"http://acme.test/level{number + 1}.xml")
        for number in range(10)
    }
    opened = [url for url in requested(named(**answers)) if url.startswith("/level")]
    assert opened == [f"/level{number}.xml" for number in range(len(opened))]
    assert len(opened) <= Limits().sitemap_depth + 1


def test_an_entity_bomb_is_refused() -> None:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE x [<!ENTITY l0 "ha">{levels}]><urlset><url><loc>&l9;</loc></url></urlset>'
    started = time.monotonic()
    report = named(bomb__xml=page(bomb, headers=XML))
    assert report.sitemaps[0].error
    assert time.monotonic() - started < 5


def test_a_gzip_bomb_as_sitemap_is_cut_at_its_limit() -> None:
    def bomb(visit: Visit) -> None:
        visit.send(hostile.head(headers={"Content-Type": "application/gzip"}))
        for block in hostile.packed_blanks(10_240):
            visit.send(block)
        raise hostile.Hangup

    report = named(bomb__xml=bomb)
    assert report.sitemaps[0].error
    assert report.sitemaps[0].bytes <= 60_000_000


def test_a_sitemap_that_drips_leaves_a_report() -> None:
    answers = site(robots__txt=robots("Sitemap: http://acme.test/drip.xml"), drip__xml=hostile.drip)
    report = scan(answers, Limits(read_timeout=0.4, site_deadline=20.0))
    assert report.title == "Acme Anvils"
    assert report.sitemaps[0].error


class NoNames:
    """A resolver without any names."""

    def resolve(self, host: str, *_more: object) -> tuple[str, ...]:
        raise ScanError(FailureReason.DNS_NOT_FOUND, f"{host} does not resolve to an address.")


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()

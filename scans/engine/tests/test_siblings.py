"""The entered name, and its variant with or without www. if that shows more."""

import ssl
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from scans.engine.errors import FailureReason, ScanError
from scans.engine.hostnames import names_www
from scans.engine.limits import Limits
from scans.engine.report import SiteReport, Verdict
from scans.engine.scanner import scan_site
from scans.engine.tests.hostile_server import (
    ADDRESS,
    Answer,
    Hangup,
    HostileServer,
    Visit,
    page,
    redirect,
)
from scans.engine.tests.test_scanner import HOME, LIMITS, robots

DEFAULT = (
    "<title>Apache2 Debian Default Page: It works</title><h1>It works!</h1><p>This is the default "
    "welcome page used to test the correct operation of the Apache2 server after installation."
)
FOR_SALE = (
    "<title>acme.test</title><script src='https://img.sedoparking.com/templates/x.js'></script>"
    "<h1>The domain acme.test is for sale</h1><p>Buy this domain."
)
SITE = page(HOME)


def by_host(**answers: Answer) -> Answer:
    """Return a response that differs between `bare` and `www`."""
    return lambda visit: answers["www" if visit.headers["host"][:4] == "www." else "bare"](visit)


def hang_up(visit: Visit) -> None:
    raise Hangup


def scan(domain: str, limits: Limits = LIMITS, **answers: Answer) -> tuple[SiteReport, list[str]]:
    """Scan a site whose names share an address; return the report and the requested homepages."""
    with HostileServer({"/": by_host(**answers)}) as server:
        report = scan_site(domain, limits, settings=server.settings())
    homepages = [record.url for record in report.requests if record.url.count("/") == 3]
    return report, [url for url in homepages if url.endswith("/")]


BARE, WWW = "http://acme.test/", "http://www.acme.test/"


@pytest.mark.parametrize("domain", ["www.acme.test", "http://www.acme.test/", "WWW.Acme.Test"])
def test_the_name_that_was_given_is_the_first_to_be_asked(domain: str) -> None:
    report, requested = scan(domain, bare=page(DEFAULT), www=SITE)
    assert requested == [WWW]
    assert (report.final_url, report.title, report.domain) == (WWW, "Acme Anvils", "acme.test")


def test_the_bare_name_is_asked_where_it_was_given() -> None:
    assert scan("acme.test", bare=SITE, www=page(DEFAULT))[1] == [BARE]


@pytest.mark.parametrize("first", [DEFAULT, FOR_SALE])
def test_a_page_that_stands_in_for_a_site_leads_to_its_other_name(first: str) -> None:
    report, requested = scan("acme.test", bare=page(first), www=SITE)
    assert requested == [BARE, WWW]
    assert (report.verdict, report.final_url, report.title) == (Verdict.OK, WWW, "Acme Anvils")
    assert any("Read at www.acme.test: acme.test is p" in warning for warning in report.warnings)
    report, requested = scan("www.acme.test", www=page(first), bare=SITE)
    assert requested == [WWW, BARE]
    assert (report.verdict, report.final_url) == (Verdict.OK, BARE)


def test_the_first_response_is_kept_where_the_other_is_no_better() -> None:
    report, requested = scan("acme.test", bare=page(DEFAULT), www=page(FOR_SALE))
    assert requested == [BARE, WWW]
    assert (report.verdict, report.final_url) == (Verdict.PLACEHOLDER, BARE)
    report, _ = scan("acme.test", bare=page(FOR_SALE), www=page(DEFAULT))
    assert (report.verdict, report.final_url) == (Verdict.PLACEHOLDER, WWW)


@pytest.mark.parametrize(
    "other", [page("no", "404 Not Found"), hang_up, redirect(BARE), redirect("http://10.0.0.1/")]
)
def test_another_name_without_a_site_changes_nothing(other: Answer) -> None:
    report, _ = scan("acme.test", bare=page(DEFAULT), www=other)
    assert (report.verdict, report.final_url) == (Verdict.PLACEHOLDER, BARE)
    assert report.title.startswith("Apache2")


def test_the_other_name_is_asked_once() -> None:
    _, requested = scan("acme.test", bare=page(DEFAULT), www=hang_up)
    assert requested.count(WWW) == 1


def test_a_name_at_which_the_server_hangs_up_gives_way_to_the_other() -> None:
    for report, requested in (
        scan("acme.test", bare=hang_up, www=SITE),
        scan("www.acme.test", www=hang_up, bare=SITE),
    ):
        assert report.title == "Acme Anvils"
        assert set(requested) == {BARE, WWW}
        assert any("closed the connection" in warning for warning in report.warnings)


def test_a_site_that_both_names_hang_up_at_fails_with_that() -> None:
    with pytest.raises(ScanError) as caught:
        scan("acme.test", bare=hang_up, www=hang_up)
    assert caught.value.reason is FailureReason.CONNECTION_REFUSED
    assert {record.url for record in caught.value.requests} >= {BARE, WWW}


def test_a_dead_server_is_not_asked_again_under_the_other_name() -> None:
    with HostileServer({}) as server:
        settings = server.settings()
    with pytest.raises(ScanError) as caught:
        scan_site("acme.test", LIMITS, settings=settings)
    assert caught.value.reason is FailureReason.CONNECTION_REFUSED
    assert [record.url for record in caught.value.requests] == ["http://acme.test/robots.txt"]


def test_the_robots_txt_of_the_other_name_is_obeyed() -> None:
    answers = {
        "/": by_host(bare=page(DEFAULT), www=SITE),
        "/robots.txt": by_host(
            bare=page("", "404 Not Found"), www=robots("User-agent: *", "Disallow: /")
        ),
    }
    with HostileServer(answers) as server:
        report = scan_site("acme.test", LIMITS, settings=server.settings())
    assert report.final_url == BARE
    assert WWW not in {record.url for record in report.requests}


def test_the_other_name_gets_what_is_left_of_the_same_deadline() -> None:
    def hang(visit: Visit) -> None:
        visit.hang()

    limits = Limits(connect_timeout=1.0, read_timeout=9.0, site_deadline=1.5)
    report, _ = scan("acme.test", limits, bare=page(DEFAULT), www=hang)
    assert (report.verdict, report.final_url) == (Verdict.PLACEHOLDER, BARE)
    assert any("the results up to that point" in warning for warning in report.warnings)


def test_a_name_below_a_domain_has_no_sibling_unless_it_was_given_with_www() -> None:
    def requested(domain: str) -> list[str]:
        with HostileServer({"/": page(DEFAULT)}) as server:
            report = scan_site(domain, LIMITS, settings=server.settings())
        return [record.url for record in report.requests if record.url.endswith("test/")]

    assert requested("shop.acme.test") == ["http://shop.acme.test/"]
    assert requested("www.shop.acme.test") == [
        "http://www.shop.acme.test/",
        "http://shop.acme.test/",
    ]


def test_an_address_has_no_sibling() -> None:
    with HostileServer({"/": page(DEFAULT)}) as server:
        settings = server.settings(allow_any_port=True)
        # The server of plain HTTP never answers the first attempt, which is HTTPS.
        limits = replace(LIMITS, read_timeout=1.0)
        report = scan_site(f"{ADDRESS}:{server.port}", limits, settings=settings)
    assert report.final_url
    assert not any("www." in record.url for record in report.requests)


# Certificates.


@pytest.mark.parametrize(("domain", "named"), [("acme.test", "www."), ("www.acme.test", "")])
def test_a_certificate_for_the_other_name_alone_leads_there(
    domain: str, named: str, tmp_path: Path
) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(f"{named}acme.test").configure_cert(context)
    bundle = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    plain_answers = {
        "/": redirect(f"https://{domain}/"),
        "/robots.txt": redirect(f"https://{domain}/robots.txt"),
    }
    with HostileServer({"/": SITE}, tls=context) as secure, HostileServer(plain_answers) as plain:
        mapped = (("*.test", f"{ADDRESS}:{plain.port}:{secure.port}"),)
        settings = plain.settings(host_map=mapped, ca_file=str(bundle))
        report = scan_site(domain, LIMITS, settings=settings)
    assert report.final_url == f"https://{named}acme.test/"
    assert "tls_error" in {record.error for record in report.requests}
    assert any(f"Read at {named}acme.test. The certificate" in text for text in report.warnings)


@pytest.mark.parametrize(
    ("text", "is_www"),
    [
        ("www.acme.test", True),
        (" https://WWW.acme.test/x ", True),
        ('"www.acme.test"', True),
        ("//www.acme.test", True),
        ("acme.test", False),
        ("https://acme.test/www.html", False),
        ("wwwacme.test", False),
        ("shop.www.acme.test", False),
    ],
)
def test_www_is_seen_as_people_paste_it(text: str, is_www: bool) -> None:
    assert names_www(text) is is_www


MAINTENANCE = "<p>Briefly unavailable for scheduled maintenance. Check back in a minute.</p>"


def test_an_error_page_that_is_recognised_gives_the_verdict() -> None:
    report, requested = scan(
        "acme.test",
        bare=page(MAINTENANCE, "503 Service Unavailable"),
        www=page("<p>Gone</p>", "404 Not Found"),
    )
    assert (report.verdict, report.http_status) == (Verdict.PLACEHOLDER, 503)
    assert report.final_url == BARE
    assert requested.count(WWW) == 1
    assert report.coverage == {}


def test_a_site_at_its_other_name_comes_before_an_error_page_that_is_recognised() -> None:
    report, _ = scan("acme.test", bare=page(MAINTENANCE, "503 Service Unavailable"), www=SITE)
    assert (report.verdict, report.final_url) == (Verdict.OK, WWW)


def test_an_error_page_that_is_not_recognised_is_a_failure() -> None:
    with pytest.raises(ScanError) as failure:
        scan(
            "acme.test",
            bare=page("<p>Gone</p>", "404 Not Found"),
            www=page("<p>Gone</p>", "404 Not Found"),
        )
    assert failure.value.reason is FailureReason.HTTP_ERROR

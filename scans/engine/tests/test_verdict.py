"""Verdicts: every rule against its examples, and genuine small pages that no rule may match."""

import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from scans.engine.extractors import PageFacts, read_page
from scans.engine.report import Verdict
from scans.engine.verdict import judge
from scans.engine.verdict_rules import Example, Rule, RuleError, load_rules, parse_rules
from scans.engine.verdict_rules.rule import OUTSIDE_THE_PAGE, Field

SITE = "https://www.example.org/"
LONG = "<p>" + "We build and repair staircases in oak and ash. " * 200 + "</p>"
each_rule = pytest.mark.parametrize("rule", load_rules(), ids=lambda r: f"{r.verdict}: {r.what}")


def verdict_on(
    html: str, *, status: int = 200, final_url: str = SITE, headers: dict[str, str] | None = None
) -> tuple[Verdict, str]:
    page = read_page(html.encode(), final_url)
    host = "www.example.org"
    return judge(page, status=status, requested_host=host, final_url=final_url, headers=headers)


def verdict_on_example(example: Example, extra: str = "") -> tuple[Verdict, str]:
    html = example.html + extra
    return verdict_on(html, status=example.status, final_url=example.url, headers=example.headers)


@each_rule
def test_a_rule_matches_its_positive_example(rule: Rule) -> None:
    verdict, evidence = verdict_on_example(rule.positive)
    assert verdict is rule.verdict
    assert evidence


@each_rule
def test_a_rule_leaves_its_negative_example_alone(rule: Rule) -> None:
    verdict, evidence = verdict_on_example(rule.negative)
    assert verdict in (Verdict.OK, Verdict.MOVED_ELSEWHERE), evidence


@each_rule
def test_a_rule_leaves_a_page_alone_that_has_much_to_say(rule: Rule) -> None:
    if any(signal.field in OUTSIDE_THE_PAGE for signal in rule.signals):
        pytest.skip("the rule rests on more than the page")
    assert verdict_on_example(rule.positive, LONG * 3) == (Verdict.OK, "")


def test_every_rule_is_reached_by_its_example() -> None:
    """If an earlier rule matches a rule's example, the rule is redundant or misplaced."""
    hidden = [r.what for r in load_rules() if r.what not in verdict_on_example(r.positive)[1]]
    assert hidden == []


def test_the_evidence_names_every_signal() -> None:
    html = "<title>Froxlor</title><p>Attention Required</p>"
    assert verdict_on(html) == (Verdict.OK, "")
    html = "<title>Vercel Security Checkpoint</title><p>We\u2019re verifying your browser</p>"
    assert verdict_on(html) == (
        Verdict.CHALLENGE,
        "Vercel's browser check (title: vercel security checkpoint, "
        "source: verifying your browser)",
    )


def test_the_rules_cover_what_stands_in_a_sites_place() -> None:
    verdicts = {rule.verdict for rule in load_rules()}
    assert verdicts == {Verdict.CHALLENGE, Verdict.PARKED, Verdict.PLACEHOLDER}


@pytest.mark.parametrize(
    "html",
    [
        "<title>Smith Property Maintenance</title><p>Gardens, gutters, roofs. 01539 555 0100</p>",
        "<title>Jardines Vega</title><p>Expertos en mantenimiento de jardines. Sevilla.</p>",
        "<title>Kessler</title><p>Wartungsarbeiten an Heizungen in Köln. Tel. 0221 5550100</p>",
        "<title>Hill Homes</title><p>See our homes. Eleven are under construction in Kendal, and "
        "the next ones follow in autumn. Call us on 01539 555 0100 for a visit to the show home, "
        "open daily from nine to five.</p>",
        "<title>Bean Cafe</title><p>Our new menu is coming soon! Until then: coffee, tea, scones "
        "and soup, each day from eight to four, at 12 Mill Lane in Kendal, by the market hall. "
        "Dogs are welcome.</p>",
        "<title>Villa Rosa</title><p>This house is for sale. Ask for our brochure.</p>",
        "<title>Alinea</title><p>tickets 312-867-0110 office@example.org</p>",
        "<title>Gate Security Check Ltd</title>" + LONG,
        "<title>Home</title><img src='/home.jpg' usemap='#m'>",
        "<title>Shop</title><a href='/enter.html'><img src='/enter.gif'></a>",
        "<title>Parking</title><p>Parked cars, valet parking, airport parking since 1990.</p>",
        "<frameset rows='10%,90%'><frame src='/top.html'><frame src='/main.html'></frameset>",
        '<title>A</title><script src="/cdn-cgi/challenge-platform/scripts/jsd/main.js"></script>'
        "<p>We repair clocks.</p>",
        '<title>A</title><p>We repair clocks.</p><div class="g-recaptcha"></div>',
        "<title>Camping</title><p>This site is closed from October. Pitches have power.</p>",
        "<title>Castle</title><p>The domain of the castle is reserved for visitors on foot.</p>",
        "<title>Naming rights</title><p>We check whether a domain name is registered. Ring us.</p>",
        "<title>Domaine Roc</title><p>Ce domaine est réservé à la chasse et à la pêche.</p>",
        "<title>Estudio</title><p>Diseño registrado. Esta web usa cookies. Sevilla</p>",
        "<title>Chor</title><p>Unsere neue Homepage ist freigeschaltet! Proben freitags.</p>",
        "<title>Band</title><p>Diese Seite: Termine. Noch keine Konzerte im Mai, zwei im Juni.</p>",
        "<title>Hill Homes</title><p>This site of eleven houses is nearly full. Visit us at this "
        "address: 12 Mill Lane, Kendal.</p>",
        "<title>Robots for schools</title><p>We build robots. Confirm your place by letter.</p>",
        "<title>Prüfdienst</title><p>Wir prüfen Geräte. Browser und Server auch, seit 1998.</p>",
        "<title>Sign in</title><form><input type=text><input type=password>"
        "<div class='g-recaptcha'></div></form>"
        "<script src='https://www.google.com/recaptcha/api.js'></script>",
        "<title>Lifts</title><p>Scheduled maintenance of lifts, repairs on the same day.</p>",
    ],
)
def test_a_small_page_of_a_real_site_is_ok(html: str) -> None:
    assert verdict_on(html) == (Verdict.OK, "")


PAGES = tomllib.loads(Path(__file__).with_name("verdict_pages.toml").read_text("utf-8"))["page"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page['verdict']}: {page['html'][:60]}")
def test_a_page_gets_the_verdict_that_it_deserves(page: dict) -> None:
    verdict, evidence = verdict_on(page["html"], status=page.get("status", 200))
    assert verdict == page["verdict"], evidence


@pytest.mark.parametrize("status", [200, 403, 429, 503])
def test_a_bot_wall_is_a_challenge_whatever_its_status(status: int) -> None:
    html = "<title>Just a moment...</title><p>Enable JavaScript and cookies to continue</p>"
    assert verdict_on(html, status=status)[0] is Verdict.CHALLENGE


@pytest.mark.parametrize(
    "html",
    [
        "<title>403 Forbidden</title><h1>Forbidden</h1><p>You don't have permission to access this "
        "resource.</p><hr><address>Apache Server at example.org Port 443</address>",
        "<title>503 Service Unavailable</title><p>The server is temporarily unable to service.</p>",
        "<title>401 Authorization Required</title><p>nginx</p>",
        "<title>example.org | 521: Web server is down</title><div id='cf-error-details'><h1>Web "
        "server is down</h1><p>If you are the owner of this website: contact your hosting provider"
        "</p></div>",
    ],
)
def test_an_error_page_is_neither_a_challenge_nor_a_placeholder(html: str) -> None:
    assert verdict_on(html, status=403)[0] is Verdict.OK


# Moved


@pytest.mark.parametrize(
    ("html", "final_url", "evidence"),
    [
        (LONG, "https://www.example.com/uk", "redirected to www.example.com"),
        (LONG, "https://example.org.au/", "redirected to example.org.au"),
        (LONG, "https://example.com/?from=https://www.example.org/", "redirected to example.com"),
        (LONG, "https://example.com/?url=https://example.net/", "redirected to example.com"),
        (
            '<meta http-equiv="refresh" content="0; url=https://example.com/">',
            SITE,
            "meta refresh to example.com",
        ),
        (
            '<script>window.location.href = "https://www.example.com/";</script>',
            SITE,
            "script that leads to www.example.com",
        ),
        (
            "<script>location.replace('https://example.com/x')</script><p>Redirecting</p>",
            SITE,
            "script that leads to example.com",
        ),
        (
            '<frameset rows="100%"><frame src="https://example.com/"></frameset>',
            SITE,
            "a frame that leads to example.com",
        ),
        (
            '<frameset rows="100%,*"><frame src="//example.com/"><frame src="about:blank">'
            "</frameset>",
            SITE,
            "a frame that leads to example.com",
        ),
        (
            "<script>window.onload = function () {\n"
            '  setTimeout(function () { window.location = "https://example.com/"; }, 500);\n};'
            "</script>",
            SITE,
            "script that leads to example.com",
        ),
        (
            "<script><!-- // onwards\nsetTimeout(\"location.href='https://example.com/'\", 0)\n"
            "//--></script>",
            SITE,
            "script that leads to example.com",
        ),
    ],
)
def test_a_site_that_lives_elsewhere_has_moved(html: str, final_url: str, evidence: str) -> None:
    assert verdict_on(html, final_url=final_url) == (Verdict.MOVED_ELSEWHERE, evidence)


@pytest.mark.parametrize(
    ("html", "final_url"),
    [
        (LONG, "https://shop.example.org/"),
        (LONG + '<meta http-equiv="refresh" content="600; url=https://example.com/">', SITE),
        (LONG + '<script>location.href = "https://example.com/"</script>', SITE),
        ('<meta http-equiv="refresh" content="0; url=/start.html"><p>Welcome</p>', SITE),
        ('<p>Hi</p><meta http-equiv="refresh" content="60; url=https://example.com/">', SITE),
        (
            '<p>Hi</p><noscript><meta http-equiv="refresh" content="0; url=https://example.com/">'
            "</noscript>",
            SITE,
        ),
        (
            '<p>Hi</p><!-- <meta http-equiv="refresh" content="0; url=https://example.com/"> -->',
            SITE,
        ),
        ('<script>if (mobile) location.href = "https://example.com/"</script><p>Hi</p>', SITE),
        (
            "<script>location.host.endsWith('.x.org') && location.replace('https://example.com/')"
            "</script><p>Hi</p>",
            SITE,
        ),
        (
            "<script>function go() { location.href = 'https://example.com/' }</script><p>Hi</p>",
            SITE,
        ),
        ("<script>// location.href = 'https://example.com/'</script><p>Hi</p>", SITE),
        ('<script>location.href = "https://shop.example.org/"</script><p>Hi</p>', SITE),
        (
            '<frameset cols="20%,80%"><frame src="/menu.html"><frame src="https://example.com/">'
            "</frameset>",
            SITE,
        ),
        (LONG, "https://accounts.google.com/signin?continue=https://www.example.org/"),
        (LONG, "https://example.b2clogin.com/"),
        (LONG, "https://login.example.com/"),
        ("<script>window.location = 'https://passport.example.com/'</script><p>Hi</p>", SITE),
        (LONG, "https://idp.example.net/idp/SSO?SAMLRequest=abc"),
        (LONG, "https://id.example.net/authorize?client_id=1&response_type=code"),
        (LONG, "https://cas.example.net/login?service=https%3A%2F%2Fexample.org%2Fhome"),
        (LONG, "https://www.example.org.cdn.example.net/"),
    ],
)
def test_a_site_that_stays_within_its_domain_has_not_moved(html: str, final_url: str) -> None:
    assert verdict_on(html, final_url=final_url) == (Verdict.OK, "")


@pytest.mark.parametrize("host", ["bücher.example.de", "xn--bcher-kva.example.de"])
def test_two_spellings_of_a_host_are_one_site(host: str) -> None:
    final_url = "https://www.bücher.example.de/"
    page = read_page(LONG.encode(), final_url)
    judged = judge(page, status=200, requested_host=host, final_url=final_url)
    assert judged == (Verdict.OK, "")


def test_a_redirect_to_a_marketplace_for_names_is_parked() -> None:
    final_url = "https://www.hugedomains.com/domain_profile.cfm?d=example.org"
    assert verdict_on(LONG, final_url=final_url) == (
        Verdict.PARKED,
        "a marketplace for names (at hugedomains.com)",
    )


def test_a_redirect_to_a_waiting_room_is_a_challenge() -> None:
    final_url = "https://acme.queue-it.net/?c=acme&e=launch&t=https%3A%2F%2Fwww.example.org%2F"
    assert verdict_on("<title>Acme</title>", final_url=final_url) == (
        Verdict.CHALLENGE,
        "a waiting room (at queue-it.net)",
    )


def test_a_marketplace_that_was_asked_for_is_a_site_like_any_other() -> None:
    page = read_page(LONG.encode(), "https://sedo.com/")
    judged = judge(page, status=200, requested_host="sedo.com", final_url="https://sedo.com/us/")
    assert judged == (Verdict.OK, "")


# Empty


@pytest.mark.parametrize(
    ("html", "evidence"),
    [
        ("", "an empty response with status 200"),
        ("   \n", "an empty response with status 200"),
        (
            '<title>App</title><script>location.href="https://m.example.org/"</script>',
            "no text without JavaScript",
        ),
        ("<html><head></head><body></body></html>", "no text, no links and no pictures"),
        (
            "<title>App</title><div id=root></div><script src=a.js></script>",
            "no text without JavaScript",
        ),
        (
            "<title>App</title><p>Loading…</p><script src=a.js></script>"
            '<noscript><img src="https://www.facebook.com/tr?id=1"></noscript>',
            "no text without JavaScript",
        ),
    ],
)
def test_a_page_that_says_nothing_is_empty(html: str, evidence: str) -> None:
    assert verdict_on(html) == (Verdict.EMPTY, evidence)


def test_an_answer_that_is_no_page_is_empty() -> None:
    page = PageFacts(url=SITE, is_html=False)
    assert judge(page, status=204, requested_host="example.org", final_url=SITE) == (
        Verdict.EMPTY,
        "an empty response with status 204",
    )


def test_a_final_url_that_cannot_be_read_raises_nothing() -> None:
    page = read_page(LONG.encode(), SITE)
    judged = judge(page, status=200, requested_host="example.org", final_url="http://[broken")
    assert judged == (Verdict.OK, "")


# The forms of a rule


PLACEHOLDER_RULE = """
[[rule]]
verdict = "placeholder"
what = "a notice"
unique = true
signals = [{ text = ["coming soon"] }]
positive = { html = "x" }
negative = { html = "y" }
"""


def verdict_by(rule: str, html: str, monkeypatch: pytest.MonkeyPatch) -> Verdict:
    rules = parse_rules(rule)
    monkeypatch.setattr("scans.engine.verdict.load_rules", lambda: rules)
    return verdict_on(html)[0]


@pytest.mark.parametrize(
    ("html", "verdict"),
    [
        ("<p>Coming soon</p>", Verdict.PLACEHOLDER),
        ("<p>Coming soon. Call us on 01539 555 0100.</p>", Verdict.PLACEHOLDER),
        ("<p>Lofts coming soon, on 12.05.2027, Kendal</p>", Verdict.PLACEHOLDER),
        ("<p>Lofts coming soon, call 01539 555 0100</p>", Verdict.OK),
        ("<p>Lofts coming soon, tel. 01539 555 0100</p>", Verdict.OK),
        ("<p>Lofts coming soon, Hauptstr. 5, (0228) 5550-100</p>", Verdict.OK),
    ],
)
def test_a_rule_can_ignore_sentences_that_state_a_phone_number(
    html: str, verdict: Verdict, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = PLACEHOLDER_RULE.replace("unique = true", "unique = true\nno_phone = true")
    assert verdict_by(rule, html, monkeypatch) is verdict


@pytest.mark.parametrize(
    ("html", "verdict"),
    [
        ("<h1>Carpenter Ltd</h1><p>Coming soon!</p>", Verdict.PLACEHOLDER),
        ("<p>Carpenter Ltd. Coming soon... Kendal</p>", Verdict.PLACEHOLDER),
        ("<p>Coming soon: lamb and peas</p>", Verdict.OK),
        ("<p>Our menu is coming soon!</p>", Verdict.OK),
    ],
)
def test_a_rule_can_require_a_whole_sentence(
    html: str, verdict: Verdict, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = PLACEHOLDER_RULE.replace("{ text =", "{ sentence_is =")
    assert verdict_by(rule, html, monkeypatch) is verdict


# Validation of rules


RULE = """
[[rule]]
verdict = "parked"
what = "a page"
signals = [{ title = ["some"] }, { text = ["thing"] }]
positive = { html = "x" }
negative = { html = "y" }
"""


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('"parked"', '"gone"', "'gone' is not a valid Verdict"),
        ('"some"', '"Some"', "lower case"),
        ('"some"', '"so"', "4 characters"),
        ('["some"]', "[]", "no values"),
        ('["some"]', '"nowhere"', "no words named 'nowhere'"),
        (", { text", ", { words", "'words' is not a valid Field"),
        (', { text = ["thing"] }', "", "needs two signals"),
        ("positive", "unique = true\npositive", "`unique` says nothing"),
        ('negative = { html = "y" }', "", "negative"),
        ('html = "y"', 'page = "y"', "unknown fields of an example"),
        ("positive", "titles = 1\npositive", "unknown fields"),
    ],
)
def test_a_rule_that_cannot_be_used_is_rejected(old: str, new: str, complaint: str) -> None:
    assert len(parse_rules(RULE)) == 1
    with pytest.raises(RuleError, match=complaint):
        parse_rules(RULE.replace(old, new, 1))


def test_signals_share_the_words_of_their_file() -> None:
    (rule,) = parse_rules(
        '[words]\nsale = ["for sale", "to let"]\n' + RULE.replace('["thing"]', '"sale"')
    )
    assert rule.signals[1].values == ("for sale", "to let")


def test_the_hosts_of_rules_are_plain_names() -> None:
    signals = [signal for rule in load_rules() for signal in rule.signals]
    hosts = [value for s in signals if s.field is Field.HOSTS for value in s.values]
    assert hosts
    assert all(urlsplit(f"https://{host}").hostname == host for host in hosts)

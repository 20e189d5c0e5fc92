"""Say what a site that answered is: a real one, or one of the things that stand in its place.

A wrong "parked" hides a site, so a rule needs a phrase that its page alone has, and a page with
little else on it: what a site has to say about itself is longer than any wall or notice.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scans.engine.hostnames import same_site
from scans.engine.report import Verdict
from scans.engine.verdict_rules import Rule, load_rules

if TYPE_CHECKING:
    from scans.engine.extractors.facts import PageFacts

# Characters of source in which marks are looked for; what stands in a site's place is short.
LOOKED_AT = 200_000
LONGEST_FORWARDING = 300
# Characters of visible text beyond which a page is more than a sign to another site.
LONGEST_SCRIPTED_FORWARDING = 60
# Characters up to which a text is compared with what stands in for one (`Loading...`).
LONGEST_NOTHING = 200
_LOCATION = re.compile(
    r"""\blocation(?:\.href)?\s{0,5}=\s{0,5}["'](https?://[^"'\s]{4,500})["']"""
    r"""|\blocation\.(?:replace|assign)\(\s{0,5}["'](https?://[^"'\s]{4,500})["']"""
)
_FRAME = re.compile(r"""<frame\s[^>]{0,300}?src\s{0,5}=\s{0,5}["']?(https?://[^"'\s>]{4,500})""")
_NOTHING_SAID = re.compile(
    r"(?:loading|please wait|redirecting|wird geladen|chargement|cargando|caricamento|laden"
    r"|you need to enable javascript to run this app|please enable javascript[\w ]{0,80})?[\W_]*"
)
_SHOWN = ("<img", "<svg", "<video", "<canvas", "<object", "<embed", "<iframe", "<frame", "<input")


def judge(
    page: "PageFacts",
    *,
    status: int,
    requested_host: str,
    final_url: str,
    headers: Mapping[str, str] | None = None,
) -> tuple[Verdict, str]:
    """Return the verdict on a homepage and what it was read from (empty for ok).

    `requested_host` is the site as it was asked for, `final_url` where its redirects ended,
    `headers` those of the answer.
    """
    seen = _Page(page, final_url, requested_host, headers or {})
    findings = chain(
        _by_rules(seen, Verdict.CHALLENGE),
        _by_rules(seen, Verdict.PARKED),
        _moved(seen),
        _empty(seen, status),
        _by_rules(seen, Verdict.PLACEHOLDER),
    )
    return next(findings, (Verdict.OK, ""))


@dataclass(frozen=True)
class _Page:
    """A page made ready to be compared with phrases."""

    page: "PageFacts"
    final_url: str
    requested_host: str
    headers: Mapping[str, str]

    @cached_property
    def header_lines(self) -> frozenset[str]:
        return frozenset(f"{name}: {value}".lower() for name, value in self.headers.items())

    @cached_property
    def title(self) -> str:
        return self.page.title.lower().replace("\u2019", "'")

    @cached_property
    def text(self) -> str:
        return " ".join(self.page.text[:LOOKED_AT].lower().replace("\u2019", "'").split())

    @cached_property
    def html(self) -> str:
        return self.page.html[:LOOKED_AT].lower()

    @cached_property
    def host(self) -> str:
        """Where the scan ended up, empty where that is the site it was sent to."""
        host = _host(self.final_url)
        return "" if same_site(host, self.requested_host) else host


def _by_rules(seen: _Page, verdict: Verdict) -> Iterator[tuple[Verdict, str]]:
    for rule in load_rules():
        if rule.verdict is verdict and (found := _fits(rule, seen)):
            yield verdict, f"{rule.what} ({found})"
            return


def _fits(rule: Rule, seen: _Page) -> str:
    """Return the phrases that fit, for a person, or an empty string."""
    if rule.headers:
        found = next((line for line in rule.headers if line in seen.header_lines), "")
        return f"header {found}" if found else ""
    if rule.hosts:
        found = next((site for site in rule.hosts if _belongs(seen.host, site)), "")
        return f"at {found}" if found else ""
    if len(seen.page.text) > rule.longest_text or len(seen.page.links) > rule.most_links:
        return ""
    found_phrases = []
    for field in ("title", "text", "html"):
        phrases = getattr(rule, field)
        content = getattr(seen, field) if phrases else ""
        found = next((phrase for phrase in phrases if phrase in content), "")
        if phrases and not found:
            return ""
        found_phrases += [f"{field}: {found}"] if found else []
    return ", ".join(found_phrases)


def _moved(seen: _Page) -> Iterator[tuple[Verdict, str]]:
    if seen.host:
        yield Verdict.MOVED_ELSEWHERE, f"redirected to {seen.host}"
    elif len(seen.page.text) <= LONGEST_FORWARDING:
        for way, url in _forwardings(seen):
            if (host := _host(url)) and not same_site(host, seen.requested_host):
                yield Verdict.MOVED_ELSEWHERE, f"{way} to {host}"


def _forwardings(seen: _Page) -> Iterator[tuple[str, str]]:
    """Yield how a page with little text leads its visitors on, and where to."""
    if seen.page.meta_refresh:
        yield "meta refresh", seen.page.meta_refresh
    if not any(character.isalnum() for character in seen.text):
        for match in _FRAME.finditer(seen.html):
            yield "a frame that leads", match[1]
    if not seen.page.links and len(seen.page.text) <= LONGEST_SCRIPTED_FORWARDING:
        for match in _LOCATION.finditer(seen.html):
            yield "script that leads", match[1] or match[2]


def _empty(seen: _Page, status: int) -> Iterator[tuple[Verdict, str]]:
    if len(seen.page.text) > LONGEST_NOTHING or not _NOTHING_SAID.fullmatch(seen.text):
        return
    if not seen.html.strip():
        yield Verdict.EMPTY, f"an empty answer of status {status}"
        return
    if seen.page.links or any(tag in _without_noscript(seen.html) for tag in _SHOWN):
        return
    if "<script" in seen.html:
        yield Verdict.EMPTY, "no text without JavaScript"
    else:
        yield Verdict.EMPTY, "no text, no links and no pictures"


def _without_noscript(html: str) -> str:
    kept, position = [], 0
    while (start := html.find("<noscript", position)) >= 0:
        kept.append(html[position:start])
        position = html.find("</noscript", start)
        if position < 0:
            return "".join(kept)
    return "".join([*kept, html[position:]])


def _belongs(host: str, site: str) -> bool:
    return host == site or host.endswith(f".{site}")


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""

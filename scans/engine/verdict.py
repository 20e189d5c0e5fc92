"""Decide whether a site that responded is a real site or something in its place.

Bot walls, parked domains and placeholders are recognised by the rules in `verdict_rules`, on pages
with little other content: a site's own content is longer than any wall or notice. A site has moved
if a browser would leave it for another one.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

from scans.engine.forwarding import forwardings, without_noscript
from scans.engine.hostnames import same_site
from scans.engine.public_suffixes import ascii_host
from scans.engine.report import Verdict
from scans.engine.site_menu import has_own_menu
from scans.engine.verdict_rules import Field, Rule, Signal, load_rules
from scans.engine.way_stations import host_of, is_way_station

if TYPE_CHECKING:
    from scans.engine.extractors.facts import PageFacts

# Characters of source searched for signals; pages that replace a site are short.
LOOKED_AT = 200_000
# Maximum length of a text compared with known placeholders (`Loading...`).
LONGEST_NOTHING = 200
_NO_CONTENT_TEXT = re.compile(
    r"(?:loading|please wait|redirecting|wird geladen|chargement|cargando|caricamento|laden"
    r"|you need to enable javascript to run this app|please enable javascript[\w ]{0,80})?[\W_]*"
)
# The last two are full-width exclamation and question marks.
_SENTENCE_END = re.compile("[.!?:]+\\s|[\n\u3002\uff01\uff1f]")
# A question keeps its mark: it announces nothing.
_WHOLE_SENTENCE_END = re.compile("[.!]+\\s|(?<=[?])\\s|[\n\u3002\uff01\uff1f]")
# The full stop of an abbreviation before a number or a name does not end a sentence.
_ABBREVIATION = re.compile(r"(\b(?:tel|tél|fon|fax|mob|ul|nr)|str)[.:]\s")
_PHONE_NUMBER = re.compile(r"\+?\(?\d[\d ()/.-]{5,}\d")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_TITLE_SEPARATOR = re.compile(" [-\u2013\u2014\u00b7\u2022\u00bb\u203a]+ |\\|")
_BESIDE_WORDS = " .!-\u2013\u2014*|"
_SHOWN = (
    *("<img", "<svg", "<video", "<canvas", "<object", "<embed", "<iframe", "<frame"),
    *("<input", "<textarea", "<select"),
)
_PLAIN = str.maketrans({"\u2019": "'", "\u2018": "'", "\u2026": "...", "\u00a0": " "})


def judge(
    page: "PageFacts",
    *,
    status: int,
    requested_host: str,
    final_url: str,
    headers: Mapping[str, str] | None = None,
) -> tuple[Verdict, str]:
    """Return the verdict on a homepage and the signals for it (empty for ok).

    `requested_host` is the requested site, `final_url` the end of its redirects, and `headers` are
    the response's.
    """
    visit = _Visit(page, status, final_url, requested_host, headers or {})
    verdicts = chain(
        _by_rules(visit, Verdict.CHALLENGE),
        _by_rules(visit, Verdict.PARKED),
        _moved(visit),
        _by_rules(visit, Verdict.PLACEHOLDER),
        _empty(visit),
    )
    return next(verdicts, (Verdict.OK, ""))


@dataclass(frozen=True)
class _Visit:
    """A response prepared for comparison with signals."""

    page: "PageFacts"
    status: int
    final_url: str
    requested_host: str
    headers: Mapping[str, str]

    @cached_property
    def header_lines(self) -> frozenset[str]:
        return frozenset(f"{name}: {value}".lower() for name, value in self.headers.items())

    @cached_property
    def header_names(self) -> frozenset[str]:
        return frozenset(name.lower() for name in self.headers)

    @cached_property
    def title(self) -> str:
        return " ".join(self.page.title.lower().translate(_PLAIN).split())

    @cached_property
    def title_parts(self) -> frozenset[str]:
        parts = _TITLE_SEPARATOR.split(self.title)
        return frozenset(part.strip(_BESIDE_WORDS) for part in parts)

    @cached_property
    def text(self) -> str:
        return " ".join(self.page.text[:LOOKED_AT].lower().translate(_PLAIN).split())

    @cached_property
    def sentences(self) -> tuple[str, ...]:
        """The sentences of the visible text; block ends and colons also end sentences."""
        return tuple(" ".join(part.split()) for part in _SENTENCE_END.split(self._lines))

    @cached_property
    def _lines(self) -> str:
        lines = self.page.text[:LOOKED_AT].lower().translate(_PLAIN)
        return _ABBREVIATION.sub(r"\1 ", lines)

    @cached_property
    def whole_sentences(self) -> frozenset[str]:
        """The sentences without their punctuation; block ends, but no colons, end them."""
        sentences = _WHOLE_SENTENCE_END.split(self._lines)
        return frozenset(" ".join(part.split()).strip(_BESIDE_WORDS) for part in sentences)

    @cached_property
    def sentences_without_phones(self) -> tuple[str, ...]:
        return tuple(sentence for sentence in self.sentences if not _states_phone(sentence))

    @cached_property
    def text_without_phones(self) -> str:
        """The visible text without the sentences that state a phone number."""
        return ". ".join(self.sentences_without_phones)

    @cached_property
    def html(self) -> str:
        return self.page.html[:LOOKED_AT].lower().replace("\u2019", "'")

    @cached_property
    def has_own_menu(self) -> bool:
        """Whether the page is part of a site: a successful response with the site's menu.

        Some walls and error pages keep the design of the site, so these may have a menu.
        """
        return self.status < 400 and has_own_menu(self.html, ascii_host(self.requested_host))

    @cached_property
    def site_name(self) -> str:
        """The host as pages write it; empty if unknown."""
        return self.requested_host.lower().removeprefix("www.")

    @cached_property
    def destinations(self) -> tuple[tuple[str, str, str], ...]:
        """(how a visitor leaves the site, target URL, host) of each forwarding."""
        ways = [("redirected", self.final_url), *forwardings(self.page, self.html, self.text)]
        hosts = ((way, url, host_of(url)) for way, url in ways)
        own = ascii_host(self.requested_host.lower())
        return tuple(part for part in hosts if part[2] and not same_site(part[2], own))


def _by_rules(visit: _Visit, verdict: Verdict) -> Iterator[tuple[Verdict, str]]:
    for rule in load_rules():
        if rule.verdict is verdict and (evidence := _evidence(rule, visit)):
            yield verdict, f"{rule.what} ({evidence})"
            return


def _evidence(rule: Rule, visit: _Visit) -> str:
    """Return a rule's signals as text if all are present, else an empty string."""
    page = visit.page
    if len(page.text) > rule.longest_text or len(page.links) > rule.most_links:
        return ""
    matched = []
    for signal in rule.signals:
        value = _matched_value(signal, visit)
        if not value:
            return ""
        matched.append(f"{_NAMES[signal.field]} {value}")
    if any(part in visit.html for part in rule.without):
        return ""
    if not rule.own_menu and visit.has_own_menu:
        return ""
    if rule.no_phone and not _matches_without_phones(rule, visit):
        return ""
    sentences = visit.sentences_without_phones if rule.no_phone else visit.sentences
    if rule.one_sentence and not any(_holds_all(rule, visit, s) for s in sentences):
        return ""
    return ", ".join(matched)


def _matches_without_phones(rule: Rule, visit: _Visit) -> bool:
    """Whether the text signals are also in sentences that state no phone number."""
    signals = (signal for signal in rule.signals if signal.field is Field.TEXT)
    text = visit.text_without_phones
    return all(any(value in text for value in _values(signal, visit)) for signal in signals)


def _states_phone(sentence: str) -> bool:
    """Whether a sentence states a phone number (seven digits or more that are no date)."""
    return any(
        sum(map(str.isdigit, number)) >= 7 and not _YEAR.search(number)
        for number in _PHONE_NUMBER.findall(sentence)
    )


def _holds_all(rule: Rule, visit: _Visit, sentence: str) -> bool:
    signals = (signal for signal in rule.signals if signal.field is Field.TEXT)
    return all(any(value in sentence for value in _values(signal, visit)) for signal in signals)


def _matched_value(signal: Signal, visit: _Visit) -> str:
    """Return the first matching value of a signal, or an empty string."""
    is_there = _CHECKS[signal.field]
    return next((value for value in _values(signal, visit) if is_there(visit, value)), "")


def _values(signal: Signal, visit: _Visit) -> Iterator[str]:
    """Yield the values of a signal for this site; skip those that need an unknown site's name."""
    for value in signal.values:
        if "{host}" not in value:
            yield value
        elif visit.site_name:
            yield value.replace("{host}", visit.site_name)


_CHECKS: dict[Field, Callable[[_Visit, str], bool]] = {
    Field.HEADERS: lambda visit, value: value in visit.header_lines,
    Field.HEADER_NAMES: lambda visit, value: value in visit.header_names,
    Field.STATUS: lambda visit, value: value == str(visit.status),
    Field.HOSTS: lambda visit, value: any(_belongs(host, value) for *_, host in visit.destinations),
    Field.TITLE: lambda visit, value: value in visit.title,
    Field.TITLE_IS: lambda visit, value: value == visit.title,
    Field.TITLE_STARTS: lambda visit, value: visit.title.startswith(value),
    Field.TITLE_PART: lambda visit, value: value in visit.title_parts,
    Field.TEXT: lambda visit, value: value in visit.text,
    Field.TEXT_IS: lambda visit, value: value == visit.text,
    Field.TEXT_STARTS: lambda visit, value: visit.text.startswith(value),
    Field.SENTENCE_IS: lambda visit, value: value in visit.whole_sentences,
    Field.HTML: lambda visit, value: value in visit.html,
}
_NAMES = {
    Field.HEADERS: "header",
    Field.HEADER_NAMES: "header",
    Field.STATUS: "status",
    Field.HOSTS: "at",
    Field.TITLE: "title:",
    Field.TITLE_IS: "title:",
    Field.TITLE_STARTS: "title:",
    Field.TITLE_PART: "title:",
    Field.TEXT: "text:",
    Field.TEXT_IS: "text:",
    Field.TEXT_STARTS: "text:",
    Field.SENTENCE_IS: "text:",
    Field.HTML: "source:",
}


def _moved(visit: _Visit) -> Iterator[tuple[Verdict, str]]:
    if not visit.requested_host:  # a saved page from an unknown address
        return
    for way, url, host in visit.destinations:
        if not is_way_station(url, visit.requested_host.lower()):
            yield Verdict.MOVED_ELSEWHERE, f"{way} to {host}"


def _empty(visit: _Visit) -> Iterator[tuple[Verdict, str]]:
    page = visit.page
    if len(page.text) > LONGEST_NOTHING or not _NO_CONTENT_TEXT.fullmatch(visit.text):
        return
    if not visit.html.strip():
        yield Verdict.EMPTY, f"an empty response with status {visit.status}"
        return
    if page.links or any(tag in without_noscript(visit.html) for tag in _SHOWN):
        return
    if "<script" in visit.html:
        yield Verdict.EMPTY, "no text without JavaScript"
    else:
        yield Verdict.EMPTY, "no text, no links and no pictures"


def _belongs(host: str, site: str) -> bool:
    return host == site or host.endswith(f".{site}")

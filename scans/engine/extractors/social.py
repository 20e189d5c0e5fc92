"""Social network profiles of the people behind a site; share buttons do not count."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, unquote

from scans.engine.hostnames import same_site
from scans.engine.report import Contact, ContactKind

if TYPE_CHECKING:  # lists need only the names of the networks, without the parser
    from scans.engine.extractors.facts import Link

_SUBDOMAIN = re.compile(r"(?:www|m|mobile|(?!tv\b)[a-z]{2}(?:-[a-z]{2,3})?)\Z")
_COUNTRY_ENDING = re.compile(r"[a-z]{2,3}(?:\.[a-z]{2})?\Z")
_FILES = (".php", ".js", ".html", ".htm", ".png", ".jpg", ".gif", ".svg", ".css", ".aspx", ".ico")
_SAFE = "/@:+.~-_!$&'()*,;="
_BY_SUBDOMAIN = (".bsky.social", ".t.me")
_FEDIVERSE_PATH = re.compile(r"/(?:@|users/)([\w.-]{1,60})(?:@[\w.-]{1,100})?/?\Z")
_FEDIVERSE_HOST = re.compile(r"mastodon|mstdn|\bmasto\.|\btoot\.|\btroet\.|\bfedi\.")
_FEDIVERSE_WORDS = re.compile(r"mastodon|fediverse|fediverso|fediwersum", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Network:
    """The profile URLs of a network: a table in `social_networks.toml`."""

    name: str
    subdomains: frozenset[str]
    profile: re.Pattern[str]
    home: str
    tabs: frozenset[str] | None
    reserved: frozenset[str]


def linked_profiles(links: "Iterable[Link]", page_url: str) -> Iterator[Contact]:
    """Yield the profiles among the links on the page at `page_url`."""
    are_profiles: dict[str, bool] = {}
    for url, text, rel in links:
        host = url.split("/", 3)[2]
        if host not in are_profiles:
            are_profiles[host] = _network_of(host) is not None or host.endswith(_BY_SUBDOMAIN)
        if are_profiles[host]:
            known = profile(url)
        elif "/@" in url or "/users/" in url:
            says_so = "me" in rel.split() or bool(_FEDIVERSE_WORDS.search(text))
            known = _fediverse_profile(url, page_url, says_so)
        else:
            continue
        if known:
            yield _contact(known, page_url, text, "link")


def own_profiles(urls: Iterable[str], page_url: str, source: str) -> Iterator[Contact]:
    """Yield the profiles among the URLs that a page declares as its owners'."""
    for url in urls:
        known = profile(url) or _fediverse_profile(url, page_url, is_own=True)
        if known:
            yield _contact(known, page_url, source, "json_ld" if source == "sameAs" else "link")


def _contact(known: tuple[str, str], page_url: str, text: str, method: str) -> Contact:
    network, url = known
    return Contact(ContactKind.SOCIAL, url, network, page_url, text[:200], method, 0.9)


@lru_cache(maxsize=1_024)
def profile(url: str) -> tuple[str, str] | None:
    """Return (network, canonical URL) if an absolute URL is a profile.

    Cached because the pages of a site link the same profiles.
    """
    host, path = _host_and_path(url)
    network = _network_of(host)
    if network is None:
        return _named_by_subdomain(host) if host.endswith(_BY_SUBDOMAIN) else None
    path, _, query = path.partition("#")[0].partition("?")
    if network.name == "facebook" and path.strip("/") == "profile.php":
        return _numbered_profile(query)
    return _named_profile(network, re.sub(r"/{2,}", "/", f"/{unquote(path)}"))


def _host_and_path(url: str) -> tuple[str, str]:
    _, _, host, path = (*url.split("/", 3), "", "", "")[:4]
    return host, path


@lru_cache(maxsize=1_024)
def _network_of(host: str) -> _Network | None:
    labels = host.split(".")
    for length in (2, 3):  # pinterest.co.uk has three labels
        name = ".".join(labels[-length:])
        network = _by_host().get(name)
        if network is None and _COUNTRY_ENDING.match(name.partition(".")[2]):
            network = _by_host().get(f"{name.partition('.')[0]}.*")
        if network is not None:
            subdomain = ".".join(labels[:-length])
            shows = not subdomain or _SUBDOMAIN.match(subdomain) or subdomain in network.subdomains
            return network if shows else None
    return None


def _named_by_subdomain(host: str) -> tuple[str, str] | None:
    name, _, service = host.partition(".")
    if service == "bsky.social":
        return "bluesky", f"https://bsky.app/profile/{host}"
    return _named_profile(_by_host()["t.me"], f"/{name}") if service == "t.me" else None


def _numbered_profile(query: str) -> tuple[str, str] | None:
    number = parse_qs(query).get("id", [""])[0]
    if not (number.isascii() and number.isdigit()):
        return None
    return "facebook", f"https://www.facebook.com/profile.php?id={number}"


def _named_profile(network: _Network, path: str) -> tuple[str, str] | None:
    match = network.profile.match(path)
    if match is None:
        return None
    kept = match[1].strip()
    lowered = kept.lower()
    if not kept.strip("@ ") or lowered in network.reserved or lowered.endswith(_FILES):
        return None
    if network.tabs is not None and "/" not in kept and kept[0] != "@":
        following = path[match.end() :].partition("/")[0].lower()
        if following and following not in network.tabs:
            return None
    return network.name, network.home + quote(kept, safe=_SAFE)


def _fediverse_profile(url: str, page_url: str, is_own: bool) -> tuple[str, str] | None:
    """Recognise `https://server/@name` if the server or the link indicates a Fediverse profile."""
    host, path = _host_and_path(url)
    match = _FEDIVERSE_PATH.match(f"/{unquote(path.partition('?')[0])}")
    if match is None or not _is_fediverse(host.removeprefix("www."), is_own):
        return None
    if same_site(host, _host_and_path(page_url)[0]):
        return None
    return "mastodon", f"https://{host}/@{quote(match[1], safe=_SAFE)}"


def _is_fediverse(host: str, is_own: bool) -> bool:
    if host in _listed("others"):
        return False
    return is_own or is_fediverse_server(host) or host.endswith(".social")


def is_fediverse_server(host: str) -> bool:
    """Return whether a host is a Fediverse server, known or recognisable by its name."""
    return host in _listed("servers") or bool(_FEDIVERSE_HOST.search(host))


@cache
def _listed(name: str) -> frozenset[str]:
    return frozenset(_networks()["mastodon"][name].split())


@cache
def _by_host() -> dict[str, _Network]:
    return {
        host: network
        for name, table in _networks().items()
        if "hosts" in table
        for network in [_network(name, table)]
        for host in table["hosts"]
    }


def _network(name: str, table: dict[str, Any]) -> _Network:
    return _Network(
        name=name,
        subdomains=frozenset(table.get("subdomains", ())),
        profile=re.compile(table["profile"]),
        home=table["home"],
        tabs=frozenset(table["tabs"].split()) if "tabs" in table else None,
        reserved=frozenset(table.get("reserved", "").split()),
    )


@cache
def _networks() -> dict[str, dict[str, Any]]:
    data = files(__package__).joinpath("social_networks.toml").read_text("utf-8")
    return tomllib.loads(data)


def network_names() -> list[str]:
    """Return the name of each network, as a contact's label has it."""
    return sorted(_networks())

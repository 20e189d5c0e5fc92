"""Profiles of the people behind a site on social networks; share buttons are not profiles."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, NamedTuple
from urllib.parse import parse_qs, quote, unquote

from scans.engine.hostnames import same_site
from scans.engine.report import Contact, ContactKind

_SUBDOMAIN = re.compile(r"(?:www|m|mobile|(?!tv\b)[a-z]{2}(?:-[a-z]{2,3})?)\Z")
_COUNTRY_ENDING = re.compile(r"[a-z]{2,3}(?:\.[a-z]{2})?\Z")
_FILES = (".php", ".js", ".html", ".htm", ".png", ".jpg", ".gif", ".svg", ".css", ".aspx", ".ico")
_SAFE = "/@:+.~-_!$&'()*,;="
_FEDIVERSE_PATH = re.compile(r"/(?:@|users/)([\w.-]{1,60})(?:@[\w.-]{1,100})?/?\Z")
_FEDIVERSE_HOST = re.compile(r"mastodon|mstdn|masto\.|\btoot|troet|\bfedi|\.social\Z")
_FEDIVERSE_WORDS = re.compile(r"mastodon|fediverse|fediverso|fediwersum", re.IGNORECASE)


class Mention(NamedTuple):
    """A link to some page, or a claim that it belongs to the same people."""

    url: str
    text: str = ""
    is_own: bool = False
    method: str = "link"


@dataclass(frozen=True, slots=True)
class _Network:
    """How one network writes its profiles: one table of `social_networks.toml`."""

    name: str
    subdomains: frozenset[str]
    profile: re.Pattern[str]
    home: str
    tabs: frozenset[str] | None
    reserved: frozenset[str]


def social_contacts(mentions: Iterable[Mention], page_url: str) -> Iterator[Contact]:
    """Yield the profiles among the links of the page at `page_url`."""
    for mention in mentions:
        known = profile(mention.url) or _fediverse_profile(mention, page_url)
        if known:
            yield Contact(
                kind=ContactKind.SOCIAL,
                value=known[1],
                label=known[0],
                page_url=page_url,
                snippet=mention.text[:200],
                method=mention.method,
                confidence=0.9,
            )


def profile(url: str) -> tuple[str, str] | None:
    """Return (network, canonical URL) when an absolute URL is somebody's profile."""
    host, path = _host_and_path(url)
    network = _network_of(host)
    if network is None:
        return _named_by_subdomain(host) if host.endswith((".bsky.social", ".t.me")) else None
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
    for length in (2, 3):  # pinterest.co.uk has three
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


def _fediverse_profile(mention: Mention, page_url: str) -> tuple[str, str] | None:
    """Recognise `https://server/@name`, where the server or the link says that it is one."""
    if "/@" not in mention.url and "/users/" not in mention.url:
        return None
    host, path = _host_and_path(mention.url)
    match = _FEDIVERSE_PATH.match(f"/{unquote(path.partition('?')[0])}")
    if match is None or not _is_fediverse(host, mention):
        return None
    if same_site(host, _host_and_path(page_url)[0]):
        return None
    return "mastodon", f"https://{host}/@{quote(match[1], safe=_SAFE)}"


def _is_fediverse(host: str, mention: Mention) -> bool:
    name = host.removeprefix("www.")
    if name in _listed("others"):
        return False
    if name in _listed("servers") or _FEDIVERSE_HOST.search(name):
        return True
    return mention.is_own or bool(_FEDIVERSE_WORDS.search(mention.text))


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


def network_names() -> list[tuple[str, str]]:
    """Return the name of each network, as a contact's label has it, and its name for people."""
    return [(name, name.capitalize()) for name in sorted(_networks())]

"""Profiles of the people behind a site on social networks; share buttons are not profiles."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qs

from scans.engine.report import Contact, ContactKind


@dataclass(frozen=True, slots=True)
class _Network:
    """How one network writes its profiles."""

    name: str
    hosts: tuple[str, ...]
    # Matches the path of a profile; its first group is the path that is kept.
    profile: re.Pattern[str]
    # What stands before the kept path in the canonical URL.
    home: str
    # Kept paths, in lower case, that are nobody's.
    reserved: frozenset[str] = frozenset()


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NETWORKS = (
    _Network(
        "facebook",
        ("facebook.com", "fb.com", "fb.me"),
        re.compile(r"/((?:pages/[^/]+/\d+|pg/[\w.-]+|groups/[\w.-]+|p/[\w.%-]+|[\w.%-]+))(?:/|$)"),
        "https://www.facebook.com/",
        _words(
            "sharer sharer.php share share.php dialog plugins tr tr.php login login.php help "
            "policies policy.php privacy about business ads hashtag events watch marketplace "
            "gaming photo photo.php photos video.php videos story.php permalink.php l.php "
            "home.php legal "
            "settings search badges fbml ajax people terms.php developers posts pages pg groups p"
        ),
    ),
    _Network(
        "x",
        ("twitter.com", "x.com"),
        re.compile(r"/@?(\w{1,20})(?:/|$)"),
        "https://x.com/",
        _words(
            "share intent home search hashtag i login signup privacy tos about settings explore "
            "widgets statuses download jobs account oauth messages notifications"
        ),
    ),
    _Network(
        "linkedin",
        ("linkedin.com",),
        re.compile(
            r"/((?:company|in|school|showcase|groups)/[^/]+|pub/[^/]+(?:/[0-9a-f]{1,3}){0,3})(?:/|$)"
        ),
        "https://www.linkedin.com/",
    ),
    _Network(
        "instagram",
        ("instagram.com", "instagr.am"),
        re.compile(r"/([\w.]{1,40})(?:/|$)"),
        "https://www.instagram.com/",
        _words("p reel reels tv explore accounts about legal developer stories share direct web"),
    ),
    _Network(
        "youtube",
        ("youtube.com",),
        re.compile(r"/((?:@[\w.-]+|(?:channel|c|user)/[^/]+|[A-Za-z][\w-]{2,40}))(?:/|$)"),
        "https://www.youtube.com/",
        _words(
            "watch embed v playlist results feed shorts live iframe_api player_api t about "
            "howyoutubeworks intl hashtag redirect subscription_center premium account ads yt "
            "signin creators kids music user channel c"
        ),
    ),
    _Network(
        "tiktok",
        ("tiktok.com",),
        re.compile(r"/(@[\w.]+)(?:/|$)"),
        "https://www.tiktok.com/",
    ),
    _Network(
        "pinterest",
        ("pinterest.com",),
        re.compile(r"/(\w[\w-]{1,60})(?:/|$)"),
        "https://www.pinterest.com/",
        _words(
            "pin pinit search about js ideas categories login business today explore settings "
            "_ policy resource offsite"
        ),
    ),
    _Network(
        "github",
        ("github.com",),
        re.compile(r"/([A-Za-z0-9][A-Za-z0-9-]{0,38})(?:/|$)"),
        "https://github.com/",
        _words(
            "about features pricing login join search topics explore marketplace sponsors orgs "
            "apps contact site security enterprise collections trending settings notifications"
        ),
    ),
)
_BY_HOST = {host: network for network in _NETWORKS for host in network.hosts}
_PINTEREST = next(network for network in _NETWORKS if network.name == "pinterest")
_PINTEREST_COUNTRY = re.compile(r"(?:\w+\.)?pinterest\.(?:[a-z]{2}|com?\.[a-z]{2})")
_FILES = (".php", ".js", ".html", ".htm", ".png", ".jpg", ".gif", ".svg", ".css", ".aspx")


def profile(url: str) -> tuple[str, str] | None:
    """Return (network, canonical URL) when an absolute URL is somebody's profile."""
    _, _, host, path = (*url.split("/", 3), "", "", "")[:4]
    network = _network_of(host)
    if network is None:
        return None
    path, _, query = path.partition("#")[0].partition("?")
    if network.name == "facebook" and path.strip("/") == "profile.php":
        return _numbered_profile(query)
    return _named_profile(network, re.sub(r"/{2,}", "/", f"/{path}"))


@lru_cache(maxsize=1_024)
def _network_of(host: str) -> _Network | None:
    known = _BY_HOST.get(".".join(host.rsplit(".", 2)[-2:]))
    if known is None and "pinterest" in host and _PINTEREST_COUNTRY.fullmatch(host):
        return _PINTEREST
    return known


def _numbered_profile(query: str) -> tuple[str, str] | None:
    number = parse_qs(query).get("id", [""])[0]
    if not number.isdigit():
        return None
    return "facebook", f"https://www.facebook.com/profile.php?id={number}"


def _named_profile(network: _Network, path: str) -> tuple[str, str] | None:
    found = network.profile.match(path)
    if found is None:
        return None
    kept = found[1]
    if kept.lower() in network.reserved or kept.lower().endswith(_FILES):
        return None
    return network.name, network.home + kept


def social_contacts(links: Iterable[tuple[str, str, str]], page_url: str) -> Iterator[Contact]:
    """Yield the profiles among (absolute URL, words, method) triples."""
    for url, words, method in links:
        found = profile(url)
        if found:
            yield Contact(
                kind=ContactKind.SOCIAL,
                value=found[1],
                label=found[0],
                page_url=page_url,
                snippet=words[:200],
                method=method,
                confidence=0.9,
            )

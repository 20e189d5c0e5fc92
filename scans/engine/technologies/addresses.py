"""Separate the site's own addresses in a page from those of other hosts.

Platforms leave marks in the paths of the files they serve, but another host's files reveal that
host's platform: a partner's badge under `wp-content` says nothing about this site.
"""

import re

from scans.engine.hostnames import registrable_domain

# Maximum distance in bytes from a mark to the start of its URL.
LONGEST_PREFIX = 300
# Minimum length of a site's name: a shorter one (`ab` of ab.example) occurs in too many hosts.
SHORTEST_BRAND = 4
_DELIMITERS = b"\"'( \n\t`><;)"
_AS_BLANKS = bytes.maketrans(_DELIMITERS, b" " * len(_DELIMITERS))
_PURPOSE = "(?:cdn|static|assets?|media|files?|images?|img)"
_FILE_HOST = re.compile(f"^{_PURPOSE}-?|-?{_PURPOSE}$")
_COMMON_LABELS = frozenset(
    ["assets", "blog", "cloud", "images", "mail", "media", "news", "shop", "static", "store"]
)
# Hosts that serve files for their customers; a script from there may be the site's own.
_CONTENT_NETWORKS = (
    "akamaized.net",
    "azureedge.net",
    "azurefd.net",
    "b-cdn.net",
    "cdn77.org",
    "cloudfront.net",
    "edgecastcdn.net",
    "fastly.net",
    "gcdn.co",
    "imgix.net",
    "kinstacdn.com",
    "kxcdn.com",
    "netdna-cdn.com",
    "netdna-ssl.com",
    "rackcdn.com",
    "rocketcdn.me",
    "shortpixel.ai",
    "stackpathcdn.com",
    "wpenginepowered.com",
)


class OwnAddresses:
    """Recognise the URLs of one site, known by one or two hosts.

    If the site is unknown, all URLs count as its own.
    """

    def __init__(self, *hosts: str) -> None:
        self._domains = tuple(dict.fromkeys(registrable_domain(host) for host in hosts if host))
        self._known: dict[tuple[bytes, bool], bool] = {}

    def holds(self, html: bytes, start: int, *, is_file: bool) -> bool:
        """Return whether the URL around `start` is the site's own.

        It is if it is relative, or leads to the site's domain, through a proxy that names it, or to
        a host named after the site. With `is_file` (a script or stylesheet) it may also come from a
        content network.
        """
        if not self._domains:
            return True
        prefix = address_prefix(html, start)
        if b"//" not in prefix:
            return True
        known = self._known.get((prefix, is_file))
        if known is None:
            known = self._known[prefix, is_file] = self._leads_home(prefix, is_file)
        return known

    def _leads_home(self, prefix: bytes, is_file: bool) -> bool:
        segments = prefix.decode("utf-8", "replace").lower().partition("//")[2].split("/")
        host = _without_port(segments[0])
        if any(self._is_own_host(_without_port(segment)) for segment in segments):
            return True
        if _is_named_after(host, self._domains[0].partition(".")[0]):
            return True
        return is_file and host.endswith(_CONTENT_NETWORKS)

    def _is_own_host(self, host: str) -> bool:
        return any(host == domain or host.endswith(f".{domain}") for domain in self._domains)


def address_prefix(html: bytes, start: int) -> bytes:
    """Return what precedes `start` in the same address, `\\/` read as `/`."""
    before = html[max(0, start - LONGEST_PREFIX) : start]
    begins = before.translate(_AS_BLANKS).rfind(b" ") + 1
    return before[begins:].replace(b"\\/", b"/")


def _without_port(host: str) -> str:
    return host.rpartition("@")[2].partition(":")[0]


def _is_named_after(host: str, name: str) -> bool:
    """Return whether a host is named after the site: `example-cdn.net`, `example.cdn.net`.

    Short names and common labels do not count.
    """
    if len(name) < SHORTEST_BRAND or name in _COMMON_LABELS:
        return False
    labels = host.split(".")[:-1]
    return any(
        name == _FILE_HOST.sub("", label)
        or label.startswith(f"{name}-")
        or label.endswith(f"-{name}")
        for label in labels
    )

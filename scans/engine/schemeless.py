"""Distinguish host names from paths in the scheme-less URLs of some sitemaps."""

import ipaddress
import re

from scans.engine.hostnames import same_site
from scans.engine.links import url_host
from scans.engine.public_suffixes import public_suffix

# Maximum length of a DNS name.
MAX_NAME = 253

_HOST = re.compile(r"(?P<host>[\w-]+(?:\.[\w-]+)*\.?)(?::\d{1,5})?(?=[/?#\\]|$)")
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:(?!\d)")
_BROKEN_SCHEME = re.compile(r"(https?)[;.]?//+", re.IGNORECASE)
# File extensions that are also top-level domains.
_FILE_ENDINGS = frozenset(
    ["app", "bz", "cab", "cc", "do", "md", "mov", "pl", "ps", "py", "rs", "sh", "so", "st", "zip"]
)


def with_scheme(address: str, base: str) -> str:
    """Return a URL with the scheme of `base` if it begins with a host name.

    A scheme without its colon (`http//example.com`) is repaired.

    A host name belongs to the site of `base`, begins with `www.`, or is an IP address or a name
    with a public suffix, followed by a path. Everything else is a path and unchanged.
    """
    if not address or address[0] in "/\\?#" or _SCHEME.match(address):
        return address
    if broken := _BROKEN_SCHEME.match(address):
        return f"{broken[1]}://{address[broken.end() :]}"
    match = _HOST.match(address)
    if match and _is_host(match["host"].lower().rstrip("."), address[match.end() :], base):
        return f"{base.partition('://')[0]}://{address}"
    return address


def _is_host(name: str, path: str, base: str) -> bool:
    if len(name) > MAX_NAME:
        return False
    if "." not in name:
        return name == url_host(base)
    if same_site(name, url_host(base)):
        return True
    if _is_address(name):
        return path != ""
    ending = public_suffix(name)
    if not ending or ending == name:
        return False
    return name.startswith("www.") or (path != "" and ending not in _FILE_ENDINGS)


def _is_address(name: str) -> bool:
    try:
        ipaddress.IPv4Address(name)
    except ValueError:
        return False
    return True

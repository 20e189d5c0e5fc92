"""Tell host names from paths in addresses without a scheme, as sites write them in sitemaps."""

import ipaddress
import re

from scans.engine.hostnames import same_site
from scans.engine.links import url_host
from scans.engine.public_suffixes import public_suffix

# Characters of the longest name of the DNS.
MAX_NAME = 253

_HOST = re.compile(r"(?P<host>[\w-]+(?:\.[\w-]+)*\.?)(?::\d{1,5})?(?=[/?#\\]|$)")
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:(?!\d)")
_BROKEN_SCHEME = re.compile(r"(https?)[;.]?//+", re.IGNORECASE)
# Endings of files that are endings of domains too.
_FILE_ENDINGS = frozenset(
    ["app", "bz", "cab", "cc", "do", "md", "mov", "pl", "ps", "py", "rs", "sh", "so", "st", "zip"]
)


def with_scheme(address: str, base: str) -> str:
    """Return an address with the scheme of `base` before it, if it begins with a host name.

    A scheme without its colon (`http//example.com`) gets it back.

    A host is one of the site of `base`, one that begins with `www.`, an IP address with a path, or
    one under a public ending with a path. Everything else is left as it is: a path.
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

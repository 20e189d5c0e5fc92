"""Parse domains as people write them, and decide which hosts belong to the same site."""

import ipaddress
import re
from functools import lru_cache

import can_ada

from scans.engine.idn import why_garbled, why_unregistrable
from scans.engine.public_suffixes import public_suffix

# Maximum length of a value; longer than any URL that browsers accept.
MAX_INPUT = 4_096

# The most common form: a plain name, optionally with scheme and path.
_PLAIN = re.compile(
    r"\s*(?:https?://)?"
    r"((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?)\.?"
    r"(?:[/?#\\].*)?",
    re.ASCII | re.DOTALL | re.IGNORECASE,
)

# Quotes, brackets and list marks around a value. Square brackets may belong to an IPv6 address.
_EDGES = "\"'`´“”„‟‘’‚‛«»‹›<>(){},;|、，；،؛。「」『』【】〔〕〈〉《》（）［］｛｝"  # noqa: RUF001
_IPV6_LITERAL = re.compile(r"\[[0-9a-f:.%]*:[0-9a-f:.%]*\]", re.IGNORECASE)
_ZERO_WIDTH = dict.fromkeys(
    map(ord, "\u00ad\u180e\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062"
             "\u2063\u2064\u2066\u2067\u2068\u2069\ufeff")
)  # fmt: skip
_JOINERS = dict.fromkeys(map(ord, "\u200c\u200d"))
_HTTP = re.compile(r"(?:https?:[\\/]*)+", re.IGNORECASE)
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_BARE_SCHEME = re.compile(r"([a-z][a-z0-9+-]*):(?=[^\d])", re.IGNORECASE)
_WWW = re.compile(r"[\W_]*(?:https?:[\W_]*)*www\.", re.IGNORECASE)
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NAME = re.compile(
    r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"
)
# Endings reserved by RFC 6761 for tests and documentation: valid names, but never public.
_FOR_TESTS = frozenset({"test", "example", "invalid"})
_IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class InvalidDomain(ValueError):  # noqa: N818 (a name that reads as what it says)
    """A value that is not a scannable domain, with a message for the user."""


def normalise(text: str, allowed_networks: tuple[str, ...] = ()) -> str:
    """Return the host that `text` names, as `host` or `host:port`.

    Takes domains and http(s) URLs as people paste them and reads them as a browser does (WHATWG
    URL). The host is lower case, in its ASCII form (IDNA), without trailing dot and without a
    leading `www.`; ports 80 and 443 are dropped. IP addresses, `localhost` and other non-public
    names are accepted only if `allowed_networks` (CIDR) permits them.

    Raises InvalidDomain for everything else, including internationalised names that no registry
    allows.
    """
    if host := _plain_host(text):
        return _checked_name(host, allowed_networks)
    if len(text) > MAX_INPUT:
        raise InvalidDomain(f"It is longer than {MAX_INPUT:,} characters.")
    if not text.isascii():
        _raise_if(why_garbled(text))
    cleaned = _clean(text)
    url = _parse(cleaned)
    host = url.hostname.removesuffix(".")
    if not host:
        raise InvalidDomain("It contains no domain name.")
    if url.port == "0":
        raise InvalidDomain("Port 0 cannot be used.")
    host = _checked_host(host, allowed_networks)
    if "xn--" in host or not cleaned.isascii():
        _raise_if(why_unregistrable(host, cleaned))
    return host if url.port in ("", "80", "443") else f"{host}:{url.port}"


def names_www(text: str) -> bool:
    """Return whether a pasted value names a host that begins with `www.`."""
    return _WWW.match(text) is not None


def is_host(text: str) -> bool:
    """Return whether a value names a public host."""
    try:
        normalise(text)
    except InvalidDomain:
        return False
    return True


def _plain_host(text: str) -> str:
    """Return the host of a value that needs no normalisation; empty for any other."""
    if not text.isascii() or len(text) > MAX_INPUT:
        return ""
    match = _PLAIN.fullmatch(text)
    host = match[1].lower() if match else ""
    return "" if "xn--" in host or len(host) > 253 else host


def _raise_if(reason: str) -> None:
    if reason:
        raise InvalidDomain(reason)


@lru_cache(maxsize=8_192)
def registrable_domain(host: str) -> str:
    """Return the part of a host that its owner registered: `shop.example.co.uk` -> `example.co.uk`.

    A port is ignored. Uses the Public Suffix List including its private section, like browsers do
    (`a.github.io` and `b.github.io` are different sites). With an unknown suffix it is the last two
    labels; hosts that are not registered names (IP addresses, `localhost`, `co.uk`) are returned
    unchanged.
    """
    name = without_port(host).rstrip(".").lower()
    if _as_address(name) is not None:
        return name
    suffix = public_suffix(name)
    if suffix == name:
        return name
    labels = suffix.count(".") + 2 if suffix else 2
    return ".".join(name.split(".")[-labels:])


def same_site(host_a: str, host_b: str) -> bool:
    """Return whether two hosts share their registrable domain."""
    return registrable_domain(host_a) == registrable_domain(host_b)


def without_port(host: str) -> str:
    """Return a `host`, `host:port` or `[v6]:port` without its port."""
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]


def _clean(text: str) -> str:
    """Remove spaces, quotes, list marks and invisible characters around a pasted value."""
    if text.isascii():
        return _strip(text)
    # A lone surrogate cannot be encoded; the `?` that replaces it is rejected later.
    text = text.encode("utf-8", "replace").decode().translate(_ZERO_WIDTH)
    # Joiners are meaningful in Persian and Indic names; between Latin letters they are noise.
    joined = text.translate(_JOINERS)
    return _strip(joined if joined.isascii() else text)


def _strip(text: str) -> str:
    """Remove spaces, quotes, brackets and list marks around a value."""
    edges = _EDGES if _IPV6_LITERAL.search(text) else _EDGES + "[]"
    return text.strip().strip(edges).strip()


def _parse(text: str) -> can_ada.URL:
    """Parse a cleaned value as a browser parses `http://` + value."""
    http = _HTTP.match(text)
    rest = text[http.end() :] if http else text.lstrip("/\\")
    if not http:
        _refuse_scheme(rest)
    if rest.count(":") > 1 and _is_bare_ipv6(rest):
        rest = f"[{rest}]"
    try:
        url = can_ada.parse("http://" + rest)
    except ValueError:
        raise InvalidDomain(_why_unreadable(rest)) from None
    if url.username or url.password:
        raise InvalidDomain(_why_credentials(url, bool(http)))
    return url


def _refuse_scheme(text: str) -> None:
    match = _SCHEME.match(text) or _BARE_SCHEME.match(text)
    if not match:
        return
    scheme = match[1].lower()
    if scheme == "mailto":
        raise InvalidDomain("It is an e-mail address, not a domain.")
    raise InvalidDomain(f"Only http and https can be scanned, not {scheme[:20]}.")


def _why_unreadable(rest: str) -> str:
    authority = re.split(r"[/\\?#]", rest, maxsplit=1)[0]
    if not authority:
        return "It contains no domain name."
    if any(character.isspace() for character in authority):
        return "A domain name cannot contain spaces."
    if re.search(r":\d+$", authority) and not authority.startswith("["):
        return "The port is not a number from 1 to 65535, or the name is not a domain name."
    return "It contains characters that are not allowed in a domain name."


def _why_credentials(url: can_ada.URL, has_scheme: bool) -> str:
    if has_scheme or url.password:
        return "It contains a user name or password. Enter the domain only."
    return f"It is an e-mail address, not a domain; its domain would be {url.hostname[:100]}."


def _checked_host(host: str, allowed_networks: tuple[str, ...]) -> str:
    address = _as_address(host)
    if address is not None:
        return _checked_address(host, address, allowed_networks)
    if len(host) > 253 or not _NAME.fullmatch(host):
        raise InvalidDomain(_why_no_name(host))
    return _checked_name(host, allowed_networks)


def _checked_name(host: str, allowed_networks: tuple[str, ...]) -> str:
    """Check a host that is a well-formed name."""
    if host == "localhost" or host.endswith(".localhost"):
        _require_loopback(allowed_networks)
        return host
    bare = host.removeprefix("www.")
    suffix = public_suffix(bare)
    if not suffix and host.rpartition(".")[2] not in _FOR_TESTS:
        return _checked_local_name(host, allowed_networks)
    if suffix == "onion":
        raise InvalidDomain("Onion services can only be reached through Tor.")
    if "." not in host:
        raise InvalidDomain(f"“{host}” is a domain ending, not a full domain name.")
    # `www.co.uk` keeps its www: `co.uk` is not a registrable name.
    return host if bare == suffix or "." not in bare else bare


def _why_no_name(host: str) -> str:
    if len(host) > 253:
        return "A domain name has at most 253 characters."
    labels = host.split(".")
    if any(len(label) > 63 for label in labels):
        return "A part of a domain name has at most 63 characters."
    if "" in labels:
        return "It contains two dots in a row or starts with one."
    if not all(_LABEL.fullmatch(label) for label in labels):
        return "It contains characters that a domain name cannot contain, or a misplaced hyphen."
    return "It does not end like a domain name."


def _checked_local_name(host: str, allowed_networks: tuple[str, ...]) -> str:
    """Accept a name without a public suffix only if an internal network may be scanned."""
    if any(not network.is_loopback for network in _networks(allowed_networks)):
        return host
    if "." not in host:
        raise InvalidDomain("It is not a full domain name: an ending such as .com is missing.")
    raise InvalidDomain(f".{host.rpartition('.')[2]} is not a public domain ending.")


def _checked_address(host: str, address: _IPAddress, allowed_networks: tuple[str, ...]) -> str:
    mapped = getattr(address, "ipv4_mapped", None) or address
    for network in _networks(allowed_networks):
        if mapped.version == network.version and mapped in network:
            return host
    raise InvalidDomain(
        f"It is the IP address {address}. Only addresses in SCAN_ALLOWED_NETWORKS are scanned."
    )


def _require_loopback(allowed_networks: tuple[str, ...]) -> None:
    if not any(network.is_loopback for network in _networks(allowed_networks)):
        raise InvalidDomain("It is this machine, which is not in SCAN_ALLOWED_NETWORKS.")


def _as_address(host: str) -> _IPAddress | None:
    if not (host.startswith("[") or (host[:1].isdigit() and host[-1:].isdigit())):
        return None
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None


def _is_bare_ipv6(text: str) -> bool:
    try:
        return bool(ipaddress.IPv6Address(text))
    except ValueError:
        return False


@lru_cache(maxsize=64)
def _networks(
    cidrs: tuple[str, ...],
) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(ipaddress.ip_network(cidr.strip(), strict=False) for cidr in cidrs)

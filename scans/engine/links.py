"""Normalise URLs to a form that identifies a page."""

import re
from functools import lru_cache

import can_ada

from scans.engine.hostnames import same_site

# Maximum length of a URL; sitemaps.org allows 2,048, which no page worth listing needs.
MAX_URL = 2_000
# Maximum length of a cached URL; the pages of a site share their links.
USUAL_URL = 300

# Most links on real pages: root-relative, nothing to escape, no segment starting with a dot.
_PLAIN_PATH = re.compile(
    r"(?:/[A-Za-z0-9_~-][A-Za-z0-9_~.-]*+)*+/?+(?:\?[A-Za-z0-9_~.=&-]*+)?+(?:\#[A-Za-z0-9_-]*+)?+"
)
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
_IGNORED = re.compile(r"[\t\r\n]")
_BLANKS = "".join(map(chr, range(33)))
_ESCAPE = re.compile(r"%([0-9a-fA-F]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_SESSION_IN_PATH = re.compile(r";(?:jsessionid|phpsessid)=[^/?#;]*", re.IGNORECASE)
_TRACKING = re.compile(
    r"""(?:
        utm_\w* | pk_\w* | piwik_\w* | mtm_\w* | matomo_\w* | hsa_\w* | vero_\w* | oly_\w*
        | gclid | gclsrc | gad_source | gad_campaignid | dclid | gbraid | wbraid | srsltid
        | _ga | _gl | fbclid | fb_action_ids | fb_action_types | fb_source | msclkid | yclid
        | ysclid | ttclid | twclid | li_fat_id | igshid | igsh | epik | rdt_cid | sccid
        | mc_cid | mc_eid | mkt_tok | _hsenc | _hsmi | __hssc | __hstc | __hsfp | hsctatracking
        | trk_contact | trk_msg | _openstat | wickedid | _kx | s_kwcid | ml_subscriber
        | ml_subscriber_hash | jsessionid | phpsessid
    )""",
    re.IGNORECASE | re.VERBOSE,
)


def resolve_url(url: str, base: str = "") -> str | None:
    """Return `url`, as found on the page `base`, as a browser would request it, or None.

    Only http and https, with a host; the fragment, a user name and password, a default port and a
    trailing dot of the host are dropped (WHATWG URL Standard). None for everything else, and for
    URLs of more than 2,000 characters.
    """
    if len(url) > 4 * MAX_URL:
        return None
    if base and len(url) <= USUAL_URL:
        origin = _plain_origin(base)
        if origin and (plain := _plain_url(url, origin)):
            return plain
    absolute = _absolute(url, base)
    return _requested(absolute) if len(absolute) <= USUAL_URL else _request(absolute)


@lru_cache(maxsize=4_096)
def _plain_url(url: str, origin: str) -> str:
    """Return a link within a site that needs no parser; empty for any other.

    Cached because a site's menus repeat on its pages.
    """
    path = url if url[:1] == "/" else url.removeprefix(origin)
    if path[:1] == "/" and _PLAIN_PATH.fullmatch(path):
        return origin + path.partition("#")[0]
    return ""


def _request(absolute: str) -> str | None:
    parsed = _parse(absolute)
    if parsed is None or parsed.protocol not in ("http:", "https:"):
        return None
    if parsed.username or parsed.password:
        parsed.username = parsed.password = ""
    if parsed.hostname.endswith("."):
        parsed.hostname = parsed.hostname.rstrip(".")
    href = str(parsed.href).partition("#")[0]
    return href if len(href) <= MAX_URL else None


_requested = lru_cache(maxsize=4_096)(_request)


def canonical_url(url: str, base: str = "") -> str | None:
    """Return the canonical form of a page's URL, or None if it is not a web page.

    In addition to `resolve_url`, tracking parameters (utm_*, gclid, fbclid, ...) and session ids
    are dropped, and percent-encoding is normalised (RFC 3986, 6.2.2). The order of other parameters
    is kept because it may be significant.
    """
    href = resolve_url(url, base)
    return None if href is None else canonical_form(href)


def canonical_form(href: str) -> str:
    """Return the canonical form of a URL returned by `resolve_url`."""
    href = normal_escapes(href)
    if ";" in href:
        href = _SESSION_IN_PATH.sub("", href)
    return _without_tracking(href) if "?" in href else href


def normal_escapes(text: str) -> str:
    """Normalise percent-encoding: none where unnecessary, else in upper case (RFC 3986)."""
    return _ESCAPE.sub(_plain_escape, text) if "%" in text else text


def is_internal(url: str, host: str) -> bool:
    """Return whether an absolute URL belongs to the site of `host` (same registrable domain)."""
    parsed = _parse(url)
    return (
        parsed is not None
        and parsed.protocol in ("http:", "https:")
        and same_site(parsed.hostname, host)
    )


def url_host(url: str) -> str:
    """Return the host of an absolute URL without its port, or an empty string."""
    parsed = _parse(url)
    return "" if parsed is None else str(parsed.hostname)


def _parse(url: str) -> can_ada.URL | None:
    if len(url) > 4 * MAX_URL:
        return None
    try:
        return can_ada.parse(url)
    except (ValueError, TypeError):
        # TypeError: a lone surrogate, which no URL can carry.
        return None


def _absolute(url: str, base: str) -> str:
    """Prefix a relative URL with what it lacks, as in the WHATWG URL Standard.

    The parser that reads the result has no base parameter, but removes dot segments.
    """
    url = _IGNORED.sub("", url).strip(_BLANKS)
    if not base or _SCHEME.match(url):
        return url
    scheme, origin, path, query = _base_parts(base)
    if url[:1] in ("/", "\\"):
        return (scheme if url[1:2] in ("/", "\\") else origin) + url
    if url[:1] in ("", "#"):
        return origin + path + query
    return origin + (path if url[0] == "?" else path[: path.rfind("/") + 1]) + url


@lru_cache(maxsize=256)
def _base_parts(base: str) -> tuple[str, str, str, str]:
    """Return scheme, origin, path and query of a base; empty strings if it is not a URL."""
    try:
        url = can_ada.parse(base)
    except (ValueError, TypeError):
        return "", "", "", ""
    return url.protocol, f"{url.protocol}//{url.host}", url.pathname, url.search


@lru_cache(maxsize=256)
def _plain_origin(base: str) -> str:
    """Return the origin that root-relative links of a page resolve to; empty if unsure."""
    return (_request(_base_parts(base)[1]) or "")[:-1] if len(base) <= USUAL_URL else ""


def _plain_escape(escape: re.Match[str]) -> str:
    character = chr(int(escape[1], 16))
    return character if character in _UNRESERVED else escape[0].upper()


def _without_tracking(href: str) -> str:
    path, _, query = href.partition("?")
    kept = [
        part
        for part in query.split("&")
        if part and not _TRACKING.fullmatch(part.partition("=")[0])
    ]
    return f"{path}?{'&'.join(kept)}" if kept else path

"""Recognise a site's own menu: a page that has one belongs to a site, whatever the page says."""

import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

from scans.engine.hostnames import same_site

# A notice may link one page of the site, such as a shop or a status page.
FEWEST_PAGES = 2
_START = re.compile(r"<(nav|ul|div|header)\b(?=[\s>])(?:\s[^<>]{0,200}?\brole=[\"']?navigation\b)?")
_HREF = re.compile(r"<a\s[^<>]{0,300}?\bhref\s*=\s*[\"']?([^\"'<>\s]{1,300})")
# Pages that notices of any kind link: legal pages, the owner's login, the same page in a language.
_NO_CONTENT = re.compile(
    r"privacy|datenschutz|impressum|imprint|legal|mentions|terms|conditions|\bagb\b|cookie|disclaimer"
    r"|confidentialit|privacidad|aviso|contact|kontakt|login|logout|sign-?in|admin|account|password"
    r"|support|abuse|captcha|cgi-bin|cdn-cgi|^/[a-z]{2}(?:-[a-z]{2})?/?$"
)


def has_own_menu(html: str, host: str) -> bool:
    """Return whether the source (in lower case) has a menu of two or more pages of this site.

    Only `<nav>` and `role=navigation` count as menus. `host` is the site's; if it is unknown, only
    relative links are its own.
    """
    pages: set[str] = set()
    for menu in _menus(html):
        pages.update(path for path in _own_paths(menu, host) if not _NO_CONTENT.search(path))
        if len(pages) >= FEWEST_PAGES:
            return True
    return False


def _menus(html: str) -> Iterator[str]:
    """Yield the source of each menu; they do not overlap, so that reading them is linear."""
    position = 0
    while start := _START.search(html, position):
        position = start.end()
        if start[1] != "nav" and "navigation" not in start[0]:
            continue
        end = html.find(f"</{start[1]}>", position)
        end = len(html) if end < 0 else end
        yield html[position:end]
        position = end


def _own_paths(menu: str, host: str) -> Iterator[str]:
    for href in _HREF.findall(menu):
        try:
            url = urlsplit(urljoin(f"https://{host or 'site.invalid'}/", href))
            own = same_site(url.hostname or "", host or "site.invalid")
        except ValueError:
            continue
        if own and url.scheme in ("http", "https") and url.path.strip("/"):
            yield url.path

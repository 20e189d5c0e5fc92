"""Find where a nearly empty page sends its visitors by a refresh, frame or script.

It must affect every visitor: a refresh in `<noscript>`, a frame next to the site's own frames, and
a script that checks host, device or language first do not.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scans.engine.extractors.facts import PageFacts

# Maximum characters of visible text of a page that merely forwards.
LONGEST_TEXT = 300
LONGEST_TEXT_WITH_SCRIPT = 60
# Delay in seconds above which a refresh is not a forwarding: the page is meant to be read.
LONGEST_DELAY = 30
LONGEST_SCRIPT = 1_000
MOST_SCRIPTS = 8
MOST_FRAMES = 4
MOST_WRAPPERS = 4

_FRAME = re.compile(r"<frame\s[^>]{0,1000}")
_SOURCE = re.compile(r"""\bsrc\s{0,5}=\s{0,5}["']?([^"'\s>]{1,500})""")
_COMMENT = re.compile(
    r"/\*.*?\*/|<!--[^\n]*|^\s*-->[^\n]*|<!\[cdata\[|\]\]>|^\s*//[^\n]*", re.DOTALL | re.MULTILINE
)
_LOCATION = r"(?:(?:window|document|self|top|parent|this)\.){0,3}location"
_ADDRESS = r"""["']((?:https?:)?//[^"'\s]{3,500})["']"""
_LEADS = (
    rf"(?:{_LOCATION}(?:\.href)?\s*=\s*{_ADDRESS}"
    rf"|{_LOCATION}\.(?:replace|assign)\(\s*{_ADDRESS}\s*\))"
)
_LEAD = re.compile(_LEADS)
_ONLY_LEADS = re.compile(rf"\s*(?:{_LEADS}\s*;?\s*){{1,3}}(?:return\s+false\s*;?\s*)?")
_FUNCTION = r"(?:function\s*\w{0,40}\s*\(\s*\w{0,20}\s*\)\s*\{(.*)\}|\(\s*\)\s*=>\s*\{?(.*?)\}?)"
_WRAPPERS = tuple(
    re.compile(rf"\s*{pattern}\s*;?\s*", re.DOTALL)
    for pattern in (
        rf"(?:window\.)?settimeout\(\s*{_FUNCTION}\s*,\s*[\d\s*+]{{1,20}}\)",
        r"(?:window\.)?settimeout\(\s*\"(.*)\"\s*,\s*[\d\s*+]{1,20}\)",
        r"(?:window\.)?settimeout\(\s*'(.*)'\s*,\s*[\d\s*+]{1,20}\)",
        rf"(?:window\.|document\.|document\.body\.)?onload\s*=\s*{_FUNCTION}",
        rf"(?:window|document)\.addeventlistener\(\s*[\"']\w{{1,30}}[\"']\s*,\s*{_FUNCTION}\s*\)",
        rf"\(\s*{_FUNCTION}\s*\)\s*\(\s*\)",
        rf"\$\(\s*(?:document\s*\)\.ready\(\s*)?{_FUNCTION}\s*\)",
    )
)


def forwardings(page: "PageFacts", html: str, text: str) -> Iterator[tuple[str, str]]:
    """Yield how a page forwards every visitor, and the target URL; `html` is lower case."""
    if len(page.text) > LONGEST_TEXT:
        return
    if page.meta_refresh and _is_for_everyone(page):
        yield "meta refresh", page.meta_refresh
    if not any(character.isalnum() for character in text):
        for url in _frames(html):
            yield "a frame that leads", url
    if len(page.text) <= LONGEST_TEXT_WITH_SCRIPT and len(page.links) <= 1:
        for url in _scripted(html):
            yield "script that leads", url


def without_noscript(html: str) -> str:
    """Return lower-case source without `<noscript>` elements."""
    kept, position = [], 0
    while (start := html.find("<noscript", position)) >= 0:
        kept.append(html[position:start])
        position = html.find("</noscript", start)
        if position < 0:
            return "".join(kept)
    return "".join([*kept, html[position:]])


def _is_for_everyone(page: "PageFacts") -> bool:
    return page.refresh_delay <= LONGEST_DELAY and not page.refresh_in_noscript


def _frames(html: str) -> Iterator[str]:
    """Yield the URL of the frame that fills the page; none if the site has frames of its own."""
    sources = [_SOURCE.search(tag) for tag in _FRAME.findall(html)[: MOST_FRAMES + 1]]
    addresses = [source[1] for source in sources if source and source[1] != "about:blank"]
    if len(sources) <= MOST_FRAMES and len(addresses) == 1 and "//" in addresses[0][:8]:
        yield addresses[0] if ":" in addresses[0][:8] else f"http:{addresses[0]}"


def _scripted(html: str) -> Iterator[str]:
    for script in _inline_scripts(html):
        code = _unwrapped(_COMMENT.sub("", script).strip())
        if _ONLY_LEADS.fullmatch(code):
            for lead in _LEAD.finditer(code):
                address = lead[1] or lead[2]
                yield address if address.startswith("http") else f"http:{address}"


def _inline_scripts(html: str) -> Iterator[str]:
    position = 0
    for _ in range(MOST_SCRIPTS):
        start = html.find("<script", position)
        begins = html.find(">", start) if start >= 0 else -1
        if begins < 0:
            return
        ends = html.find("</script", begins)
        position = ends if ends >= 0 else len(html)
        if " src" not in html[start:begins] and position - begins <= LONGEST_SCRIPT:
            yield html[begins + 1 : position]


def _unwrapped(code: str) -> str:
    """Return the code that a script runs immediately or on load, unwrapped from a function."""
    for _ in range(MOST_WRAPPERS):
        match = next((hit for w in _WRAPPERS if (hit := w.fullmatch(code))), None)
        if match is None:
            return code
        code = next((body for body in match.groups() if body is not None), "").strip()
    return code

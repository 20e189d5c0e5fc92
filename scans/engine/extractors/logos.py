"""The site's logo among the images of a page."""

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import NamedTuple

from selectolax.lexbor import LexborNode

from scans.engine.extractors.vocabulary import words
from scans.engine.hostnames import same_site
from scans.engine.links import resolve_url, url_host

# Number of images, from the top of the page, searched for the logo.
LOGO_AMONG = 60
# How far above an image a box still belongs to it, and the header of the page may be.
_BOXES, _HEADER_BOXES = 3, 8
# Images, from the top of the page, of which one may be a logo without being called so.
_FIRST_IMAGES = 6

_Attributes = Mapping[str, str | None]

_NAMING = ("class", "id", "alt", "title", "src")
_LAZY_SOURCES = (
    *("data-src", "data-lazy-src", "data-original", "data-lazy", "data-url", "data-img-src"),
    *("data-orig-src", "data-echo", "data-image", "data-desktop-src", "data-ll-src"),
    *("data-cfsrc", "data-lzl-src", "nitro-lazy-src", "data-wpfc-original-src", "data-actualsrc"),
    *("data-srcset", "data-lazy-srcset", "data-original-set", "srcset"),
)
# Attributes that only a script for lazy loading reads: `src` is a stand-in whatever it is called.
_SURELY_LAZY = (
    *("data-lazy-src", "data-lazy", "data-ll-src", "data-cfsrc", "data-lzl-src", "nitro-lazy-src"),
    *("data-wpfc-original-src", "data-lazy-srcset"),
)
_SETS = ("srcset", "data-srcset", "data-lazy-srcset")
MAX_SET = 4_000
_STAND_IN = re.compile(
    r"^(?:data:|about:|javascript:|#|$)|"
    r"(?:^|[/_.-])(?:blank|spacer|pixel|placeholder|transparent|empty|loading|loader|lazy|dummy|"
    r"grey|gray|1x1|1px|clear|trans|ajax-loader)(?:[-_.]?\d+(?:x\d+)?)?\.(?:gif|png|svg|jpe?g|webp)",
    re.IGNORECASE,
)
_LAZY_CLASS = re.compile(r"lazy|blur-up|b-lazy|lozad", re.IGNORECASE)
# `2x`, `640w`, or the next URL if the comma is not followed by a space.
_DESCRIPTOR = re.compile(r"(\d{1,6}(?:\.\d{1,4})?)[wxh](?:,(.*))?$")
_WORD = re.compile(r"(?:[^\W\d_]|[\u0300-\u036f])+")
_CAMEL = re.compile(r"(?<=[^\W\d_A-Z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_HOME = re.compile(r"/(?:(?:index|home|default)\.\w+)?$", re.IGNORECASE)


def logo(images: list[LexborNode], base: str, title: str = "") -> str:
    """Return the URL of the site's logo, empty if no image is likely to be it.

    In this order: an image called a logo (by its own name or its container's) that links to the
    homepage, one called so in the header, one in the header that links to the homepage, any other
    called so. The logos of clients and partners are left out. `title` is the page's, which says
    what the site is called.
    """
    search = _Search(base, title)
    called_logo: list[tuple[LexborNode, str]] = []
    for image in images[:LOGO_AMONG]:
        boxes = tuple(_ancestors(image, _BOXES))
        if not (search.names_logo(image) or any(map(search.names_logo, boxes))):
            continue
        url = _image_url(image, base)
        if url and any(map(search.leads_home, boxes)):
            return url
        if url and not any(map(_names_others, (image, *boxes))):
            called_logo.append((image, url))
    likely = chain(
        (url for image, url in called_logo if _is_in_header(image)),
        search.home_links_in_header(images[:_FIRST_IMAGES]),
        (url for image, url in called_logo if not search.leads_elsewhere(image)),
        (url for _, url in called_logo),
    )
    return next(likely, "")


class _Site(NamedTuple):
    """What a site calls itself."""

    host: str
    title_words: frozenset[str]

    def is_called(self, name: str) -> bool:
        return len(name) > 2 and (name in self.host or (len(name) > 3 and name in self.title_words))


class _Search:
    """Checks nodes for logo names and links to the homepage, caching the results."""

    def __init__(self, base: str, title: str) -> None:
        self._base = base
        host = url_host(base).replace("-", "")
        self._site = _Site(host, frozenset(_WORD.findall(title.lower())))
        self._named: dict[int, bool] = {}
        self._home: dict[int, bool] = {}

    def names_logo(self, node: LexborNode) -> bool:
        key = node.mem_id
        if key not in self._named:
            self._named[key] = _names_logo(node.attributes, self._site)
        return self._named[key]

    def leads_home(self, node: LexborNode) -> bool:
        key = node.mem_id
        if key not in self._home:
            self._home[key] = _leads_home(node, self._base)
        return self._home[key]

    def leads_elsewhere(self, image: LexborNode) -> bool:
        """Return whether an image links to another site, as an award does."""
        urls = (_target(box, self._base) for box in _ancestors(image, _BOXES))
        return any(url and not _is_of_site(url, self._base) for url in urls)

    def home_links_in_header(self, images: list[LexborNode]) -> Iterator[str]:
        """Yield the images of the header that link to the homepage and are no icon for it."""
        for image in images:
            boxes = tuple(_ancestors(image, _BOXES))
            if not (any(map(self.leads_home, boxes)) and _is_in_header(image)):
                continue
            if words("icon_names").isdisjoint(_name_words(image)) and (
                url := _image_url(image, self._base)
            ):
                yield url


def _ancestors(node: LexborNode, count: int) -> Iterator[LexborNode]:
    parent = node.parent
    while parent is not None and count:
        yield parent
        parent, count = parent.parent, count - 1


def _is_in_header(image: LexborNode) -> bool:
    return any(
        box.tag == "header" or not words("header_names").isdisjoint(_name_words(box))
        for box in _ancestors(image, _HEADER_BOXES)
        if box.tag not in ("body", "html")
    )


def _names_others(node: LexborNode) -> bool:
    """Return whether a node says that it is about clients, partners or awards."""
    return not words("others_names").isdisjoint(_name_words(node))


def _name_words(node: LexborNode) -> set[str]:
    """Return the words by which a node is called, in lower case."""
    attributes = node.attributes
    values = (
        _path_of(value) if name == "src" else value
        for name in _NAMING
        if (value := attributes.get(name))
    )
    return {
        part for value in values for word in _WORD.findall(value[:500]) for part in _parts_of(word)
    }


def _names_logo(attributes: _Attributes, site: _Site) -> bool:
    return any(
        "logo" in value.lower() and _says_logo(_path_of(value) if name == "src" else value, site)
        for name in _NAMING
        if (value := attributes.get(name))
    )


def _path_of(url: str) -> str:
    """Return the path of an image's URL: the host may contain "logo", as a logo designer's does."""
    return url.partition("//")[2].partition("/")[2] if "//" in url[:8] else url


def _says_logo(name: str, site: _Site) -> bool:
    """Return whether a word means logo, unlike in catalogue, log-out or psychologist.

    It may be joined to a word for a place, colour or file (`headerlogo`), or to the site's name.
    """
    for word in _WORD.findall(name[:500]):
        if "logo" in word.lower() and any(_is_logo(part, site) for part in _parts_of(word)):
            return True
    return False


def _parts_of(word: str) -> list[str]:
    """Return a word and its camel-case parts, if any."""
    return [word.lower(), *(part.lower() for part in _CAMEL.split(word))]


def _is_logo(word: str, site: _Site) -> bool:
    if word in words("logo_names"):
        return True
    before, logo, after = word.partition("logo")
    if not logo or (before and after):
        return bool(logo) and {before, after} <= words("logo_companions")
    qualifier = before or after
    return qualifier in words("logo_companions") or site.is_called(before)


def _image_url(image: LexborNode, base: str) -> str:
    """Return the absolute URL of the displayed file; empty if there is none."""
    source = (image.attributes.get("src") or "").strip()
    lazy = _first_image(image.attributes, _LAZY_SOURCES)
    if not source or _STAND_IN.search(source) or (lazy and _is_lazy(image.attributes)):
        source = lazy or _picture_source(image)
    return (resolve_url(source, base) if source else None) or ""


def _first_image(attributes: _Attributes, names: tuple[str, ...]) -> str:
    """Return the first attribute with an image rather than a placeholder."""
    values = ((name, (attributes.get(name) or "").strip()) for name in names)
    urls = (_largest(value) if name.endswith("set") else value for name, value in values if value)
    return next((url for url in urls if not _STAND_IN.search(url)), "")


def _is_lazy(attributes: _Attributes) -> bool:
    return bool(_LAZY_CLASS.search(attributes.get("class") or "")) or any(
        attributes.get(name) for name in _SURELY_LAZY
    )


def _picture_source(image: LexborNode) -> str:
    """Return the image of the `<picture>` around an `<img>` without its own."""
    picture = image.parent
    if picture is None or picture.tag != "picture":
        return ""
    urls = (_first_image(source.attributes, _SETS) for source in picture.css("source")[:10])
    return next(filter(None, urls), "")


def _largest(srcset: str) -> str:
    """Return the largest image in a `srcset`; among equals, the first."""
    largest, size, url = "", -1.0, ""
    for token in f"{srcset[:MAX_SET]} ,".split():
        descriptor = _DESCRIPTOR.match(token)
        if not url:
            url = token.rstrip(",")
        if descriptor or token[-1] == ",":
            candidate_size = float(descriptor[1]) if descriptor else 1.0
            if url and candidate_size > size:
                largest, size = url, candidate_size
            url = (descriptor[2] or "") if descriptor else ""
    return largest


def _leads_home(node: LexborNode, base: str) -> bool:
    url = _target(node, base)
    return url.count("/") == 3 and _HOME.search(url) is not None and _is_of_site(url, base)


def _is_of_site(url: str, base: str) -> bool:
    return same_site(url_host(url), url_host(base))


def _target(node: LexborNode, base: str) -> str:
    """Return the absolute URL of a link, empty for anything else."""
    href = (node.attributes.get("href") or "").strip() if node.tag == "a" else ""
    return (resolve_url(href, base) if href and href[0] != "#" else None) or ""

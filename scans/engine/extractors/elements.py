"""Collect a page's informative elements in a single tree traversal.

The traversal takes longer than reading the collected elements.
"""

from collections import defaultdict

from selectolax.lexbor import LexborHTMLParser, LexborNode

_SELECTOR = (
    'base[href], meta[content], link[href], script[type*="ld+json" i], a[href], area[href], img, '
    "style"
)


class Elements:
    """Elements of a page by kind, in page order."""

    def __init__(self, tree: LexborHTMLParser) -> None:
        by_kind: defaultdict[str | None, list[LexborNode]] = defaultdict(list)
        for node in tree.css(_SELECTOR):
            tag = node.tag
            by_kind["a" if tag == "area" else tag].append(node)
        self.bases = by_kind["base"]
        self.metas = by_kind["meta"]
        # The `<link>` elements, not the links that visitors follow.
        self.links = by_kind["link"]
        self.json_ld = by_kind["script"]
        # The `<a>` and `<area>` elements with a URL.
        self.anchors = by_kind["a"]
        self.images = by_kind["img"]
        self.styles = by_kind["style"]

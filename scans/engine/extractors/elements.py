"""The elements of a page that say what it is and where it leads, collected in one walk.

A walk over the tree of a page takes longer than reading what it collects.
"""

from collections import defaultdict

from selectolax.lexbor import LexborHTMLParser, LexborNode

_SELECTOR = (
    'base[href], meta[content], link[href], script[type*="ld+json" i], a[href], area[href], img'
)


class Elements:
    """Some elements of a page by their kind, in the order of the page."""

    def __init__(self, tree: LexborHTMLParser) -> None:
        by_kind: defaultdict[str | None, list[LexborNode]] = defaultdict(list)
        for node in tree.css(_SELECTOR):
            tag = node.tag
            by_kind["a" if tag == "area" else tag].append(node)
        self.bases = by_kind["base"]
        self.metas = by_kind["meta"]
        # The `<link>` elements, not what a visitor follows.
        self.links = by_kind["link"]
        self.json_ld = by_kind["script"]
        # The `<a>` and `<area>` elements with an address.
        self.anchors = by_kind["a"]
        self.images = by_kind["img"]

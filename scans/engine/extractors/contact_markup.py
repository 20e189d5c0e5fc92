"""E-mail addresses and phone numbers that markup names: microdata, RDFa, microformats and `<meta>`.

They may be stated in an attribute only, which the text does not show.
https://schema.org/telephone, https://microformats.org/wiki/h-card
"""

from collections.abc import Iterable, Iterator, Mapping, Set
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from scans.engine.extractors.hints import MARKED_CONTACTS, MARKED_PHONES
from scans.engine.extractors.text import one_line

EMAIL, PHONE, FAX = "email", "phone", "fax"
MOST = 200

_KINDS = {"email": EMAIL, "telephone": PHONE, "faxnumber": FAX}
_NAMED = ", ".join(
    f'[itemprop~="{name}" i], [property="{name}" i], [property="schema:{name}" i]'
    for name in _KINDS
)
_PHONE_CLASSES = ".p-tel, .tel"
# https://ogp.me and Facebook's types of businesses.
_META = {
    "business:contact_data:email": EMAIL,
    "business:contact_data:phone_number": PHONE,
    "business:contact_data:fax_number": FAX,
    "og:email": EMAIL,
    "og:phone_number": PHONE,
    "og:fax_number": FAX,
}


class MarkedContact(NamedTuple):
    """The value of an `email`, `phone` or `fax` property as stated by a page."""

    kind: str
    text: str
    method: str


def contacts_in_markup(
    tree: LexborHTMLParser, meta: Mapping[str, str], hints: Set[str]
) -> tuple[MarkedContact, ...]:
    """Return the contacts that a page marks as such; `meta` are the values of its `<meta>`.

    `hints` come from `hints_in`.
    """
    marked = [MarkedContact(_META[name], meta[name], "meta") for name in _META.keys() & meta.keys()]
    if not hints.isdisjoint(MARKED_CONTACTS):
        marked += _named_contacts(tree.css(_NAMED)[:MOST])
    if not hints.isdisjoint(MARKED_PHONES):
        phones = map(_value, tree.css(_PHONE_CLASSES)[:MOST])
        marked += [MarkedContact(PHONE, text, "h_card") for text in phones]
    return tuple(dict.fromkeys(contact for contact in marked if contact.text))


def _named_contacts(nodes: Iterable[LexborNode]) -> Iterator[MarkedContact]:
    for node in nodes:
        names = (node.attributes.get("itemprop") or node.attributes.get("property") or "").lower()
        for name in names.replace("schema:", "").split():
            if kind := _KINDS.get(name):
                yield MarkedContact(kind, _value(node), "microdata")


def _value(node: LexborNode) -> str:
    """Return the stated value; empty for a link, whose target is read like any other."""
    attributes = node.attributes
    if node.tag in ("a", "area", "link"):
        return ""
    title = attributes.get("title") if node.tag == "abbr" else ""
    value = attributes.get("value") if node.tag == "data" else ""
    stated = attributes.get("content") or title or value
    return one_line(stated or node.text(separator=" "), 200)

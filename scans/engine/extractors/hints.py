"""Detect which rare notations a page uses, in one pass over its bytes.

One automaton for all of them takes as long as a single search with `in`, because leftmost matching
compares 32 bytes at a time.
"""

from functools import cache

from ahocorasick_rs import BytesAhoCorasick, MatchKind

ESCAPED_AT_SIGNS = (
    "&#64;", "&#064;", "&#0064;", "&#x40;", "&#X40;", "&#x0040;", "&commat;", "%40",
    "\\u0040", "\\x40",
)  # fmt: skip
CHAT_HOSTS = frozenset(["wa.me/", "whatsapp.com/"])
# Street attributes in microdata and RDFa, which differ from JSON-LD, and in microformats.
MICRODATA_STREETS = frozenset(
    ['="streetAddress', "='streetAddress", "=streetAddress", "schema:streetAddress"]
)
MICROFORMAT_STREETS = frozenset(["street-address"])
# The separator that React writes between parts of a text.
REACT_SEAM = "<!-- -->"
_HINTS = (
    *ESCAPED_AT_SIGNS,
    *("cfemail", "/email-protection#", "mailto-token", "enc-email", "UnCryptMailto", "var addy"),
    *("hidden-mail", "data-domain", "bidi-override", "<bdo", "fromCharCode(", "atob("),
    *CHAT_HOSTS,
    *MICRODATA_STREETS,
    *MICROFORMAT_STREETS,
    REACT_SEAM,
)


def hints_in(body: bytes) -> frozenset[str]:
    """Return the hints present in a page in any ASCII-compatible encoding."""
    matches = _automaton().find_matches_as_indexes(body)
    return frozenset(_HINTS[index] for index in {index for index, _, _ in matches})


@cache
def _automaton() -> BytesAhoCorasick:
    return BytesAhoCorasick([hint.encode() for hint in _HINTS], matchkind=MatchKind.LeftmostFirst)

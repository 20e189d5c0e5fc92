"""Host names in Unicode: `bücher.example` for `xn--bcher-kva.example`.

Names that could be mistaken for others are shown in ASCII, following the single-script rule of UTS
39: labels that mix scripts, unless these are commonly combined (as in Japanese), and labels of only
Latin-looking Cyrillic letters under a Latin top-level domain.
"""

import unicodedata
from functools import lru_cache

import idna

# Scripts that may be combined; these are the prefixes of Unicode character names.
TOGETHER = (
    {"CJK", "HIRAGANA", "KATAKANA", "LATIN"},
    {"CJK", "HANGUL", "LATIN"},
    {"CJK", "BOPOMOFO", "LATIN"},
)
# Cyrillic letters that look like Latin ones, as Chromium lists them.
LATIN_LOOKALIKES = frozenset("асԁеһіјӏорԛѕԝхуъьҽпгѵѡ")


@lru_cache(maxsize=4_096)
def display_host(host: str) -> str:
    """Return a host in Unicode, or unchanged if that could be misleading or is invalid."""
    if "xn--" not in host:
        return host
    name, colon, port = host.partition(":")
    labels = name.split(".")
    try:
        shown = [idna.decode(label) if label.startswith("xn--") else label for label in labels]
    except (idna.IDNAError, UnicodeError):
        return host
    is_safe = all(_is_single_script(label) for label in shown)
    if not is_safe or (shown[-1].isascii() and any(_looks_latin(label) for label in shown)):
        return host
    return f"{'.'.join(shown)}{colon}{port}"


def _is_single_script(label: str) -> bool:
    scripts = {_script(letter) for letter in label if letter.isalpha()}
    return len(scripts) <= 1 or any(scripts <= some for some in TOGETHER)


def _script(letter: str) -> str:
    return unicodedata.name(letter, "UNKNOWN").partition(" ")[0].partition("-")[0]


def _looks_latin(label: str) -> bool:
    letters = {letter for letter in label if letter.isalpha()}
    return bool(letters) and letters <= LATIN_LOOKALIKES

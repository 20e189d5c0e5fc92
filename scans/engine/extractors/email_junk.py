"""Recognise text that only looks like an e-mail address, and classify real addresses."""

import re
import unicodedata
from functools import cache, lru_cache

from scans.engine.extractors.vocabulary import words
from scans.engine.hostnames import registrable_domain
from scans.engine.public_suffixes import ascii_host

_GENERATED = re.compile(r"^[0-9a-f]{20,}$|^[0-9a-f]{8}-[0-9a-f]{4}-|^\d{12,}$")
_FILE_ENDINGS = (
    ".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".avif", ".ico", ".css", ".js", ".mjs",
    ".map", ".woff", ".woff2", ".ttf", ".mp4", ".pdf", ".zip", ".php", ".html", ".min",
)  # fmt: skip
_SEPARATORS = re.compile(r"[._+-]+")
_PLAIN_LETTERS = str.maketrans({"ł": "l", "ø": "o", "ß": "ss", "æ": "ae"})
# Text before an address that is only an example.
_EXAMPLE_BEFORE = re.compile(
    r"(?<![^\W\d_])(?:z\.\s?b|bspw|beispiel|beispielsweise|zum beispiel|e\.\s?g|for example|"
    r"for instance|example|such as|p(?:ar)?\.?\s?ex|par exemple|exemple|p\.\s?ej|por ejemplo|"
    r"ejemplo|ad\s?es|ad esempio|per esempio|esempio|bijv|bv|bijvoorbeeld|voorbeeld|por exemplo|"
    r"p\.\s?ex|exemplo|np|na przykład|przykład|przykładowo)[\s.:,;„“\"'(\[]{0,5}\Z"
)
# Characters at the end of a text that its longest phrase and what follows that take.
_LONGEST_EXAMPLE = 24


def is_junk(address: str) -> bool:
    """Return whether a lower-case address is a sample, a file name or a machine's identifier."""
    local, _, domain = address.rpartition("@")
    if len(local) == 1 and domain[1:2] == ".":
        return True  # `k@l.bi` in binary content
    if domain.endswith(_FILE_ENDINGS) or local.endswith(_FILE_ENDINGS):
        return True
    if _GENERATED.match(local) or local in words("machine_locals"):
        return True
    return is_sample(local, domain)


def is_sample(local: str, domain: str) -> bool:
    """Return whether an address is a placeholder: `name@firma.de`, `tu.correo@ejemplo.com`.

    Some parts are sufficient evidence (`vorname.nachname`, `yourdomain`). Others are ordinary by
    themselves (`mail@`, `@email.de`) and only count together: see `is_ordinary_sample`.
    """
    local = _plain(local)
    site = registrable_domain(ascii_host(domain))
    label = _plain(domain.split(".")[-site.count(".") - 1])
    if site in words("sample_domains") or label in words("sample_labels"):
        return True
    if local in words("sample_locals") or _is_name_to_fill(local):
        return True
    if _is_sample_of_something(label) or _is_sample_of_something(local):
        return True
    return domain in words("free_domains") and _is_blank_to_fill(local)


def is_ordinary_sample(address: str) -> bool:
    """Return whether an address of ordinary parts is a placeholder, such as `info@site.com`.

    At the site's own domain it is genuine.
    """
    local, _, domain = address.rpartition("@")
    site = registrable_domain(ascii_host(domain))
    label = _plain(domain.split(".")[-site.count(".") - 1])
    return label in words("ordinary_sample_labels") and _is_blank_to_fill(_plain(local))


def is_named_example(before: str) -> bool:
    """Return whether the text before an address, in lower case, announces an example."""
    return bool(_EXAMPLE_BEFORE.search(before, max(0, len(before) - _LONGEST_EXAMPLE)))


def _plain(text: str) -> str:
    """Return lower-case text without accents, as written in e-mail addresses."""
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFKD", text.translate(_PLAIN_LETTERS))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def _is_sample_of_something(name: str) -> bool:
    """Recognise `yourname`, `ihre-firma`, `tu.correo`, `beispielfirma`: an owner and a noun."""
    return bool(_sample_of_something().match(name))


@cache
def _sample_of_something() -> re.Pattern[str]:
    owners = "|".join(words("sample_owners") | {"beispiel", "muster", "example", "sample"})
    nouns = "|".join(words("sample_things"))
    return re.compile(
        rf"(?:{owners})[._-]?(?:{nouns})(?:[._-]?(?:{nouns}|here|hier|ici|aqui|qui))?\Z"
    )


def _is_name_to_fill(local: str) -> bool:
    """Recognise `vorname.nachname` and `v.nachname`: placeholders for names, in any order."""
    parts = _SEPARATORS.split(local)
    if len(parts) == 2 and min(map(len, parts)) == 1:
        return max(parts, key=len) in words("sample_family_names")
    return len(parts) > 1 and all(part in words("sample_name_parts") for part in parts)


def _is_blank_to_fill(local: str) -> bool:
    blanks = words("sample_owners") | words("sample_things") | words("sample_people")
    return local in blanks or all(part in blanks for part in _SEPARATORS.split(local))


@lru_cache(maxsize=4_096)
def kind_of(address: str, site_host: str) -> str:
    """Classify an address as free, service, corporate or unknown.

    Free: at a public provider (gmail.com). Service: read by a role (info@, sales@). Corporate: a
    person or department at the site's own domain. Unknown: anything else.
    """
    local, _, domain = address.rpartition("@")
    if domain in words("free_domains"):
        return "free"
    if {local, re.split(r"[._+-]", local)[0]} & words("service_locals"):
        return "service"
    same = bool(site_host) and registrable_domain(ascii_host(domain)) == registrable_domain(
        site_host
    )
    return "corporate" if same else "unknown"

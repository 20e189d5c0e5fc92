"""Recognise numbers labelled as something else: customer, article or tax numbers.

In eight languages. German and Dutch form compounds with any noun (`Sendungsnummer`, `Artikel-Nr.`);
the others put the noun next to the word for number.
"""

import re
from collections.abc import Sequence
from enum import StrEnum
from functools import cache

from scans.engine.extractors.vocabulary import names, words


class Named(StrEnum):
    """What a run of digits is, according to the preceding words."""

    NOTHING = ""
    PERHAPS_AN_ID = "perhaps"
    ID = "id"


_COMPOUND = re.compile(
    r"(?P<thing>[^\W\d_][\w&.-]*?)"
    r"(?:[-./]?(?:nummern?|nrn?|nº|numer|number|n[°º])|-(?:code|id))\Z",
    re.IGNORECASE,
)
_COUNTRY = re.compile(r"[A-Z]{2,3}\Z")
_ELISION = re.compile(r"^[dl]['\u2019]", re.IGNORECASE)
_REGISTRIES_OF_TOWNS = frozenset(["rcs", "hrb", "hra", "cciaa", "amtsgericht", "firmenbuch"])
_PHONE_ENDINGS = (
    *("service", "servicio", "servizio", "serwis", "dienst", "hotline", "line", "support", "fon"),
    *("telefon", "telefoon", "phone", "ruf", "handy", "mobil", "fax", "zentrale", "zentral"),
)


def named_by(written: Sequence[str]) -> Named:
    """Return what the words right before a number say it is."""
    parts = [word.lower().strip(".'\"*-") or word for word in written[-5:]]
    if len(parts) > 1 and _is_country(written[-1]) and not _is_registry(parts):
        parts.pop()  # the country code in VAT GB 123 4567 89
    return _named(parts) if parts else Named.NOTHING


def _is_country(word: str) -> bool:
    return bool(_COUNTRY.match(word)) and word.lower() not in words("number_nouns")


def _named(parts: list[str]) -> Named:
    while len(parts) > 1 and parts[-1] in words("copulas"):
        parts = parts[:-1]
    if _is_registry(parts):
        return Named.ID
    if parts[-1] in words("number_nouns") and len(parts) > 1:
        named = _before_particles(parts[:-1])
        if _is_numbered_noun(named) or _is_registry(parts[:-1]):
            return Named.ID
        return Named.NOTHING if _says_nothing(named) else Named.PERHAPS_AN_ID
    compound = _COMPOUND.match(parts[-1])
    if compound:
        return Named.NOTHING if _is_phone(compound["thing"]) else Named.ID
    if _is_numbered(parts):
        return Named.ID
    is_perhaps = parts[-1] in words("perhaps_numbered") or _is_qualified(parts)
    return Named.PERHAPS_AN_ID if is_perhaps else Named.NOTHING


def _says_nothing(word: str) -> bool:
    """Return whether a word beside a number noun leaves open what is numbered: `our number`."""
    return not word or _is_phone(word) or word in words("sample_owners") | words("calling_words")


def _is_qualified(parts: list[str]) -> bool:
    """Recognise `nº afiliación`, `n° d'adhérent` and `código de reserva`, whatever the thing is."""
    *before, thing = parts
    noun = _before_particles(before)
    return noun in words("qualified_nouns") and not _says_nothing(_ELISION.sub("", thing))


def _is_numbered(parts: list[str]) -> bool:
    """Recognise `numéro de commande` and `número de identificación fiscal`."""
    for count in (1, 2):
        *before, noun = parts[: len(parts) + 1 - count]
        is_number_of = before and _before_particles(before) in words("number_nouns")
        if is_number_of and _is_numbered_noun(noun):
            return not _is_phone(parts[-1])
        if len(parts) < 3:
            break
    return False


def _before_particles(parts: list[str]) -> str:
    while parts and parts[-1] in words("particles"):
        parts = parts[:-1]
    return parts[-1] if parts else ""


def _is_registry(parts: list[str]) -> bool:
    """Return whether the last words name a register, whose numbers are not phone numbers."""
    last = parts[-1].replace(".", "").replace("-", "").rstrip("0123456789")
    if last in words("registries"):
        return True
    if len(parts) < 2:
        return False
    pair = f"{parts[-2]} {parts[-1]}".replace(".", "")
    if pair in names("registries_of_two_words"):
        return True
    before_town = parts[-3:-2] if len(last) == 1 else parts[-2:-1]  # RCS Nanterre B 012 345 678
    return not _REGISTRIES_OF_TOWNS.isdisjoint(before_town)


def _is_numbered_noun(word: str) -> bool:
    """Return whether a word names something numbered, such as an order, customer or shipment."""
    stem = _ELISION.sub("", word)
    return (stem.startswith(_things()) or stem in words("registries")) and not _is_phone(stem)


@cache
def _things() -> tuple[str, ...]:
    return tuple(words("numbered_things"))


def _is_phone(word: str) -> bool:
    """Return whether a word refers to phones: `Service-Nr.`, `Rufnummer`, `telefoonnummer`."""
    plain = word.strip(".-")
    return plain in words("phone_words") or plain.endswith(_PHONE_ENDINGS)

"""What the words around a run of digits say it is."""

import re
from dataclasses import dataclass

from scans.engine.extractors.regions import countries_in, plan_of, region_named

BEFORE = 70
"""Characters before a number in which its label is looked for."""

_FAX = r"tele?-?fax|fax|facsimile|fx(?=[.:])|f(?=\s?[.:)])"
_PHONE = (
    r"tele?(?:phone|fono|foon|fon|f)?s?|t[eé]l[eé](?:phone|fono)|fon|phones?|ph|call(?:\s+us)?|"
    r"mobil(?:e|ni)?|mob|m[oó]vil|handy|cell(?:ular|phone)?|portable|toll[- ]?free|free[- ]?phone|"
    r"hot-?line|help-?line|info-?line|whatsapp|viber|voice|text|sms|dial|ring|contact|"
    r"(?:phone|telephone|contact)\s+(?:number|no|nr)|office|direct|landline|switchboard|"
    r"local|main|national|international|emergency|reservations?|[tpmcdo](?=\s?[.:)])|tf|[☎✆📞📱]"
)
_WORD = re.compile(rf"(?<![^\W\d_])(?:(?P<fax>{_FAX})|(?P<phone>{_PHONE}))(?![^\W\d_])", re.I)
_BETWEEN_LABELS = re.compile(
    r"[\s/&,.:;|+()#-]*(?:and|or|und|et|y|number|no|nr)?[\s/&,.:;|()#-]*\Z", re.I
)
_FAR = 28
"""Characters between a label and its number: `Phone number for orders: `."""
_FAX_BEHIND = re.compile(
    r"\s{0,2}[-\u2013,]?\s?[(\[]?\s?(?:fax|facsimile|f)\b\s?[)\].]?(?!\s?(?:no|number)?[\s.:#]*[+(\[]*\d)",
    re.I,
)
_NAMED_BEHIND = re.compile(r"\s?[(\[]([^()\[\]\d]{2,30})[)\]]")
_OTHER = re.compile(
    r"(?:\b(?:isbn|issn|doi|vat|ust|btw|tva|tax|gst|abn|acn|ein|tin|duns|siren|siret|kvk|hrb|cif|nif|"
    r"iban|bic|swift|upc|ean|gtin|sku|asin|nmls|npi|dre|cslb|mls|reg(?:istered|istration|\.)?|"
    r"charity|company|licen[cs]e|lic|permit|patent|serial|model|item|part|order|invoice|account|"
    r"acct|ref(?:erence)?|case|id|zip|postcode|box|p\.?o\.?)\b[\s.:#]*"
    r"(?:in\s+england\s*)?(?:(?:number|num|code|id|nos?|nr)\b)?|©|copyright|#)[\s.:#]*\Z",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Context:
    """What stands around one run of digits."""

    labelled: bool = False
    """A word for phones stands before it."""
    is_fax: bool = False
    is_other: bool = False
    """It is called something else: a VAT number, an item."""
    region: str = ""
    """The country named right beside it."""


def read_context(text: str, start: int, end: int, since: int) -> Context:
    """Read the words around text[start:end], back to `since` (the end of the number before)."""
    before = text[max(since, start - BEFORE) : start]
    labels = _labels(before)
    is_fax = labels == {"fax"} or ("phone" not in labels and bool(_FAX_BEHIND.match(text, end)))
    return Context(
        labelled=bool(labels),
        is_fax=is_fax,
        is_other=not labels and bool(_OTHER.search(before)),
        region=_country_beside(text, before, end),
    )


def _labels(before: str) -> set[str]:
    """Return the kinds of the labels that belong to the number behind `before`.

    Labels side by side (`Phone / Fax:`) belong to it together.
    """
    kinds: set[str] = set()
    edge = len(before)
    for word in reversed(list(_WORD.finditer(before))):
        gap = before[word.end() : edge]
        if kinds and not _BETWEEN_LABELS.match(gap):
            break
        if not kinds and (len(gap) > _FAR or re.search(r"\d\d", gap) or gap.count("\n") > 2):
            break
        kinds.add(str(word.lastgroup))
        edge = word.start()
    return kinds


def _country_beside(text: str, before: str, end: int) -> str:
    """Return the region named behind a number in brackets, else the last one named before it."""
    behind = _NAMED_BEHIND.match(text, end)
    if behind and (region := region_named(behind[1].strip())):
        return plan_of(region)
    return next((region for region, _ in reversed(list(countries_in(before)))), "")

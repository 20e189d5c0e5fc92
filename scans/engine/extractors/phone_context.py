"""What the words around a run of digits say it is."""

import re
from dataclasses import dataclass

from scans.engine.extractors.regions import countries_in, plan_of, region_named

# Characters before a number in which its label is looked for.
BEFORE = 70
# Characters between a label and its number: `Phone number for orders: `.
_FAR = 28

_FAX = r"(?:e-?)?fax|факс|tele?-?fax|facsimile|fx(?=[.:])|f(?=\s?[.:)]{0,2}\s?\Z)"
_PHONE = (
    r"tele?(?:phone|fono|foon|fon|fone|f)?s?|t[eé]l[eé](?:phone|fono)|fon|fones?|phones?|ph|"
    r"call(?:\s+us)?|ring|appelez(?:[ -]nous)?|ll[aá]m[ae](?:nos)?|chiama(?:ci)?|ligue|"
    r"bel(?:\s+ons)?|mobil(?:e|ni|telefon|nummer|nr)?|mobiel|mob|m[oó]vil|handy|cel|"
    r"cell(?:ular|phone|ulare)?|celulare?s?|kom(?:órka)?|durchwahl|festnetz|zentrale|hot-?line|help-?line|info-?line|"
    r"växeln?|vaihde|sentralbord(?:et)?|omstillingen|centralino|centralita|telefonszám|"
    r"whatsapp|viber|voice|text|sms|dial|contact|landline|switchboard|[tpm](?=\s?[.:)]{0,2}\s?\Z)|"
    r"[dco](?=[.:]\s?\Z)|tf|tlf|tfn|tfno|telf|puh(?:elin)?|gsm|natel|fono|rufnummer|"
    r"telefon(?:isch|nummer|nr|centrale)|telefoonnummer|telnr|тел(?:ефон)?|моб|τηλ|[☎✆📞📱]"
)
# In scripts that put no blanks between words, or glue the article to them.
_PHONE_UNPARTED = r"电\s?话|電\s?話|手\s?机|手\s?機|热线|熱線|연락처|전화|هاتف|โทร"
_KIND = (
    r"toll[- ]?free|free[- ]?phone|portable|office|direct|local|main|national|international|"
    r"emergency|reservations?"
)
_WORD = re.compile(
    rf"(?<![^\W\d_])(?:(?P<fax>{_FAX})|(?P<phone>{_PHONE})|(?P<kind>{_KIND}))(?![^\W\d_])|"
    rf"(?P<unparted>{_PHONE_UNPARTED})",
    re.I,
)
_BETWEEN_LABELS = re.compile(
    r"[\s/&,.:;|+()#-]*(?:and|or|und|et|y|number|no|nr)?[\s/&,.:;|()#-]*\Z", re.I
)
_FAX_IN_BRACKETS = re.compile(r"\s{0,2}[(\[]\s?(?:fax|facsimile|f)\b", re.I)
_FAX_BEHIND = re.compile(
    r"\s{0,2}[-\u2013,]?\s?(?:fax|facsimile)\b(?!\s?(?:no|number)?[\s.:#]*[+(\[]*\d)", re.I
)
_LABEL_OF_THE_ONE_BEFORE = re.compile(r"\s?[(\[]?[a-z][a-z -]{1,12}[)\]]?[\s|/,;-]*\Z", re.I)
_NAMED_BEHIND = re.compile(r"\s?[(\[]([^()\[\]\d]{2,30})[)\]]")
_OTHER = re.compile(
    r"(?:\b(?:isbn|issn|doi|vat|ust|uid|mwst|btw|tva|moms|tax|gst|abn|acn|ein|tin|duns|uen|"
    r"siren|siret|rcs|kvk|hrb|hra|cvr|org|orgnr|cif|nif|dni|rut|cnpj|cpf|cep|nip|regon|krs|dič|ič|ičo|"
    r"oib|pib|cui|p\.?\s?iva|iva|cod\.?\s?fisc(?:ale)?|y-tunnus|steuernummer|steuer|"
    r"iban|bic|swift|blz|konto|sort\s?code|upc|ean|gtin|sku|asin|nmls|npi|dre|cslb|mls|"
    r"reg(?:istered|istration|\.)?|charity|company|licen[cs]e|lic|permit|patent|serial|model|item|"
    r"part|order|invoice|account|acct|ref(?:erence)?|case|id|zip|postcode|plz|box|p\.?o\.?)"
    r"(?![^\W\d_])[-\s.:#]*(?:in\s+england\s*)?(?:(?:number|num|code|id|idnr|nos?|nr)\b)?|"
    r"©|copyright|#)[\s.:#]*(?:[A-Z]{2,3}[\s-]?)?\Z",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Context:
    """What stands around one run of digits."""

    # A word for phones stands before it.
    labelled: bool = False
    is_fax: bool = False
    # It is called something else: a VAT number, an item.
    is_other: bool = False
    # The country named right beside it.
    region: str = ""


def read_context(text: str, start: int, end: int, since: int) -> Context:
    """Read the words around text[start:end], back to `since` (the end of the number before)."""
    before = text[max(since, start - BEFORE) : start]
    labels = _labels(before)
    return Context(
        labelled=bool(labels),
        is_fax=_is_fax(text, end, before, labels, follows=0 < since > start - BEFORE),
        is_other=not labels and bool(_OTHER.search(before)),
        region=_country_beside(text, before, end),
    )


def _is_fax(text: str, end: int, before: str, labels: set[str], *, follows: bool) -> bool:
    """Tell a fax by its label: before it, in brackets behind it, or behind it as all labels are."""
    if "fax" in labels and "phone" not in labels:
        return True
    if _FAX_IN_BRACKETS.match(text, end):
        return True
    labels_stand_behind = follows and bool(_LABEL_OF_THE_ONE_BEFORE.match(before))
    return ("phone" not in labels or labels_stand_behind) and bool(_FAX_BEHIND.match(text, end))


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
        kinds.add("phone" if word["unparted"] else str(word.lastgroup))
        edge = word.start()
    return kinds


def _country_beside(text: str, before: str, end: int) -> str:
    """Return the region named behind a number in brackets, else the last one named before it."""
    behind = _NAMED_BEHIND.match(text, end)
    if behind and (region := region_named(behind[1].strip())):
        return plan_of(region)
    return next((region for region, _ in reversed(list(countries_in(before)))), "")

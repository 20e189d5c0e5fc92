"""Judge a run of digits by the text around it."""

import re
from functools import cached_property, lru_cache

from scans.engine.extractors.countries import (
    region_at_end,
    region_named,
    region_of_code,
    region_of_flag,
)
from scans.engine.extractors.phone_ids import Named, named_by
from scans.engine.extractors.regions import countries_in, plan_of
from scans.engine.extractors.vocabulary import words

# Characters before a number that are searched for its label.
BEFORE = 70
# Characters after a number that say what it is; more than the longest pattern there needs.
BEHIND = 250
# Maximum characters between a label and its number: `Phone number for orders: `.
_FAR = 28
# Length of the longest label, plus a margin.
_LONGEST_LABEL = 24

# A single letter is a label if it begins a word and is separated from the number: the `f` in a
# GUID, in `C.F.` or in a host name is not.
_LETTER = r"(?:(?<![^\s|,;•·(\[&+].)|(?<=\b[tpm]/.))"
_FAX = (
    r"(?:e-?|tele?-?)?fax(?:nummer|nr)?|t[eé]l[eé]copie(?:ur)?|tele[ck]opie|faksu?|"
    r"fac-?s[ií]mile?|факс|fx(?=[.:])|"
    rf"f{_LETTER}(?=\s?[.:)]{{0,2}}\s?\Z)"
)
_PHONE = (
    r"tele?(?:phone|fono|foon|fon|fone|f)?s?|t[eé]l[eé](?:phone|fono)|fon|fones?|phones?|ph|"
    r"call(?:\s+us)?|ring|appelez(?:[ -]nous)?|ll[aá]m[ae](?:nos)?|chiama(?:ci)?|ligue|"
    r"bel(?:\s+ons)?|mobil(?:e|ni|telefon|nummer|nr)?|mobiel|mob|m[oó]vil|handy|cel|"
    r"cell(?:ular|phone|ulare)?|celulare?s?|kom(?:órka)?|durchwahl|festnetz|zentrale|hot-?line|help-?line|info-?line|"
    r"växeln?|vaihde|sentralbord(?:et)?|omstillingen|centralino|centralita|telefonszám|"
    rf"whatsapp|viber|voice|text|sms|dial|contact|landline|switchboard|[tpm]{_LETTER}(?=\s?[.:)]{{0,2}}\s?\Z|\s?[/&+]\s?f\b)|"
    rf"[dco]{_LETTER}(?=[.:]\s?\Z)|tf|tlf|tfn|tfno|telf|puh(?:elin)?|gsm|natel|fono|rufnummer|"
    r"telefon(?:isch|nummer|nr|centrale)|telefoonnummer|telnr|тел(?:ефон)?|моб|τηλ|[☎✆📞📱]"
)
# In scripts without spaces between words, or with attached articles.
_PHONE_UNPARTED = r"电\s?话|電\s?話|手\s?机|手\s?機|热线|熱線|연락처|전화|هاتف|โทร"
_KIND = (
    r"toll[- ]?free|free[- ]?phone|portable|office|direct|local|main|national|international|"
    r"emergency|reservations?"
)
# For lower-case text: with `re.IGNORECASE`, each word is tried letter by letter, twice as slow.
_WORD = re.compile(
    rf"(?<![^\W\d_])(?:(?P<fax>{_FAX})|(?P<phone>{_PHONE})|(?P<kind>{_KIND}))(?![^\W\d_])|"
    rf"(?P<unparted>{_PHONE_UNPARTED})"
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
# The words before a number, without separators and brackets.
_LAST_WORDS = re.compile(r"[^\s:;,()\[\]=|/•·\u2013\u2014]+")
_BRACKETS_AT_END = re.compile(r"\s?\([^()\d]{1,40}\)[\s:.]*\Z")
_CODE_AT_END = re.compile(r"[A-Z]{2}(?:[)\]]\s?[:-]?|\s?:)\s?\Z")
# Text attached to the digits without a space, and its last part.
_OPENING = re.compile(r"[\s(\[\"'<>„“]")
_PARTS = re.compile(r"[:;,|•]")
_NUMBERED_LABEL = re.compile(r"[^\W\d_]{2,20}[.#-]?\d{1,2}[.)]?\Z")
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)+-\Z")
_TOKEN_BEHIND = re.compile(
    r"_|@|-?\d{0,64}+[a-f][0-9a-f]{0,128}+(?:-\w|\b)|\.[a-z][a-z0-9-]{0,62}+\.[a-z]|"
    r"\.(?:jpe?g|png|gif|webp|svg|pdf|html?|php|aspx?|docx?|zip|css|js)\b"
)
_ROW_BEFORE = re.compile(r"\d{6}[ \t,;|]{1,3}\Z|\d{6}\n\d{6,}\n\Z")
_ROW_BEHIND = re.compile(r"[ \t,;|]{1,3}\d{6}|\n\d{6,}\n\d{6}")
_STUCK_BEFORE = re.compile(r"(?:[^\W\d]|[$£€¥%=/@#&:]|\w[-.])\Z")
_STUCK_BEHIND = re.compile(r"[^\W\d]|%|-[^\W\d]")


class Context:
    """The surroundings of a run of digits text[start:end], back to the previous number's end."""

    def __init__(self, text: str, start: int, end: int, previous_end: int) -> None:
        self._text, self._start, self._end = text, start, end
        self._before = text[previous_end:start]
        self._follows = previous_end > 0
        self._labels = _labels(self._before, text[start])

    @property
    def labelled(self) -> bool:
        """Whether a phone label precedes the number."""
        return bool(self._labels)

    @cached_property
    def named(self) -> Named:
        """Its label if it is something else, such as a VAT number or an item."""
        after = _NAMED_BEHIND.match(self._text, self._end)
        return named_by(self._words) or named_by(_LAST_WORDS.findall(after[1]) if after else ())

    @cached_property
    def _words(self) -> list[str]:
        before = self._before[-50:]
        if ")" in before[-3:]:
            before = _BRACKETS_AT_END.sub(" ", before)
        return _LAST_WORDS.findall(before)

    @cached_property
    def is_fax(self) -> bool:
        """Whether a label before it, in brackets after it, or always after numbers says so."""
        if "fax" in self._labels and "phone" not in self._labels:
            return True
        if _FAX_IN_BRACKETS.match(self._text, self._end):
            return True
        after = self._follows and bool(_LABEL_OF_THE_ONE_BEFORE.match(self._before))
        return ("phone" not in self._labels or after) and bool(
            _FAX_BEHIND.match(self._text, self._end)
        )

    @cached_property
    def stated_region(self) -> str:
        """The country stated right next to the number; empty if there is none."""
        after = _NAMED_BEHIND.match(self._text, self._end)
        inside = after[1].strip() if after else ""
        region = inside and (region_named(inside) or region_at_end(_LAST_WORDS.findall(inside)))
        region = region or region_of_flag(self._before[-6:]) or self._region_of_code()
        return plan_of(region or self._region_before())

    def _region_of_code(self) -> str:
        code = _CODE_AT_END.search(self._before[-7:])
        alone = code and not self._before[-7:][: code.start()][-1:].isalnum()
        return region_of_code(code[0][:2]) if code and alone else ""

    def _region_before(self) -> str:
        """Return the region of a country name before the number, skipping labels in between."""
        parts = self._words[-8:]
        for _ in range(5):
            region = region_at_end(parts)
            if region or not parts or parts[-1].strip(".-").lower() not in words("labels"):
                return region
            parts = parts[:-1]
        return ""

    @cached_property
    def near_region(self) -> str:
        """The last country named shortly before the number."""
        return next((region for region, _ in reversed(list(countries_in(self._before)))), "")

    @property
    def is_in_token(self) -> bool:
        """Whether the digits are part of a GUID, a file name or a URL."""
        if _TOKEN_BEHIND.match(self._text, self._end):
            return True
        before = self._text[max(0, self._start - 60) : self._start]
        if not before or _OPENING.match(before[-1]):
            return False
        return _is_part_of_token(_OPENING.split(before)[-1], self.labelled)

    @property
    def is_in_row(self) -> bool:
        """Whether it is next to other plain runs of digits, as in a list of ids."""
        before = self._text[max(0, self._start - 40) : self._start]
        return bool(_ROW_BEFORE.search(before) or _ROW_BEHIND.match(self._text, self._end))

    @property
    def is_stuck(self) -> bool:
        """Whether the digits are attached to letters, a currency or a URL."""
        before = self._text[max(0, self._start - 2) : self._start]
        return bool(_STUCK_BEFORE.search(before) or _STUCK_BEHIND.match(self._text, self._end))


_known_context = lru_cache(maxsize=1_024)(Context)


def context_of(text: str, start: int, end: int, previous_end: int = 0) -> Context:
    """Return the surroundings of text[start:end]; `previous_end` is the previous number's.

    Cached because the pages of a site repeat their footer.
    """
    first = max(0, start - BEFORE)
    return _known_context(
        text[first : end + BEHIND], start - first, end - first, max(0, previous_end - first)
    )


def _is_part_of_token(token: str, labelled: bool) -> bool:
    if "://" in token or token[-1] in "=@_" or (token[-1] == "/" and "." in token):
        return True
    part = _PARTS.split(token)[-1]
    mixed = any(map(str.isdigit, part)) and any(map(str.isalpha, part))
    if mixed and not _NUMBERED_LABEL.match(part):
        return True
    return not labelled and bool(_SLUG.match(token))


def _labels(before: str, following: str) -> set[str]:
    """Return the kinds of the labels of the number that follows `before`.

    Adjacent labels (`Phone / Fax:`) all belong to it. `following` is the first character of the
    number: a letter may be attached only to a plus or bracket.
    """
    kinds: set[str] = set()
    lowered = _lowered(before)
    if not _WORD.search(lowered, max(0, len(before) - _FAR - _LONGEST_LABEL)):
        return kinds
    edge = len(before)
    for word in reversed(list(_WORD.finditer(lowered))):
        gap = before[word.end() : edge]
        if kinds and not _BETWEEN_LABELS.match(gap):
            break
        if not kinds and (len(gap) > _FAR or re.search(r"\d\d", gap) or gap.count("\n") > 2):
            break
        if not (kinds or gap or following in "+(") and len(word[0]) == 1:
            break
        kinds.add("phone" if word["unparted"] else str(word.lastgroup))
        edge = word.start()
    return kinds


def _lowered(text: str) -> str:
    """Return lower-case text of the same length; the Turkish capital `İ` would become two."""
    return text.replace("\u0130", "i").lower()

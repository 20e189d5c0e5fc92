"""Phone numbers in E.164, with their region; faxes marked."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import phonenumbers


@dataclass(frozen=True, slots=True)
class Found:
    """One number as it was found."""

    number: str
    region: str
    is_fax: bool
    method: str
    snippet: str
    confidence: float


def from_hrefs(hrefs: Iterable[tuple[str, str]], regions: tuple[str, ...]) -> Iterator[Found]:
    """Yield the numbers of (href, words) pairs that are tel: links."""
    for href, words in hrefs:
        for region in regions:
            try:
                number = phonenumbers.parse(href.partition(":")[2], region)
            except phonenumbers.NumberParseException:
                continue
            if phonenumbers.is_valid_number(number):
                e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
                name = phonenumbers.region_code_for_number(number) or ""
                yield Found(e164, name, False, "tel_link", words, 1.0)
                break


def from_text(text: str, regions: tuple[str, ...]) -> Iterator[Found]:
    """Yield the numbers in visible text."""
    for region in regions:
        for match in phonenumbers.PhoneNumberMatcher(
            text, region, phonenumbers.Leniency.STRICT_GROUPING
        ):
            e164 = phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164)
            name = phonenumbers.region_code_for_number(match.number) or ""
            yield Found(
                e164, name, False, "text", text[max(0, match.start - 60) : match.end + 60], 0.8
            )

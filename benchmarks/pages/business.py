"""A fictitious business: the content and technology of its pages."""

from dataclasses import dataclass
from random import Random

from benchmarks.pages.words import FAMILIES, PLACES, TRADES


@dataclass(frozen=True, slots=True)
class Business:
    """The facts of a business, the same on each of its pages."""

    name: str
    handle: str
    town: str
    postcode: str
    country: str
    language: str
    phone: str
    fax: str
    street: str
    # Empty if the site states none.
    generator: str
    has_json_ld: bool
    has_cloudflare_email: bool

    @property
    def email(self) -> str:
        return f"info@{self.handle}.com"

    @property
    def sales_email(self) -> str:
        return f"sales@{self.handle}.com"

    @property
    def images(self) -> str:
        """The folder of the site's pictures."""
        return "/wp-content/uploads" if self.is_wordpress else "/assets/img"

    @property
    def is_wordpress(self) -> bool:
        return self.generator.startswith("WordPress")


GENERATORS = ("WordPress 6.7.1", "WordPress 6.6.2", "WordPress 6.4", "Joomla! - Open Source", "")


def make_business(number: int) -> Business:
    """Return the business with a number, always the same one."""
    random = Random(number)
    family, trade = random.choice(FAMILIES), random.choice(TRADES)
    place = random.choice(PLACES)
    plain = family.encode("ascii", "ignore").decode().lower()
    return Business(
        name=f"{family} {trade}",
        handle=f"{plain}-{trade.lower()}{number}",
        town=place["town"],
        postcode=place["postcode"],
        country=place["country"],
        language=place["language"],
        phone=place["phone"].format(random.randint(100, 499)),
        fax=place["phone"].format(random.randint(500, 999)),
        street=f"{random.randint(1, 240)} {random.choice(FAMILIES)} Street",
        generator=random.choice(GENERATORS),
        has_json_ld=random.random() < 0.5,
        has_cloudflare_email=random.random() < 0.05,
    )

"""The rule for the best e-mail address and phone number."""

import pytest

from scans.engine.best_contact import Candidate, Desk, best_contacts, desk_of

SITE = "shop.bakery.co.uk"
CONTACT, LEGAL, HOME = (f"https://{SITE}/{path}" for path in ("contact", "impressum", ""))


def email(value: str, page: str = HOME, confidence: float = 0.9) -> Candidate:
    return Candidate("email", "", value, page, confidence)


def phone(value: str, page: str = HOME, confidence: float = 0.9, label: str = "GB") -> Candidate:
    return Candidate("phone", label, value, page, confidence)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (email("info@bakery.co.uk", HOME, 0.5), email("bakery@gmail.com", CONTACT, 1)),
        (email("info@bakery.co.uk", HOME, 0.5), email("sales@agency.co.uk", CONTACT, 1)),
        (email("info@agency.com", HOME, 0.5), email("bakery@gmail.com", CONTACT, 1)),
        (email("info@bakery.co.uk", CONTACT, 0.5), email("sales@bakery.co.uk", HOME, 1)),
        (email("info@bakery.co.uk", LEGAL, 0.5), email("anna.baker@bakery.co.uk", HOME, 1)),
        (email("info@bakery.co.uk", HOME, 0.5), email("datenschutz@bakery.co.uk", LEGAL, 1)),
        (email("sales@bakery.co.uk", CONTACT, 0.5), email("privacy@bakery.co.uk", CONTACT, 1)),
        (email("a.baker@bakery.co.uk", HOME, 0.5), email("info@bakery.co.uk", HOME, 1)),
        (email("info@bakery.co.uk", HOME, 0.5), email("jobs@bakery.co.uk", HOME, 1)),
        (email("hello@bakery.co.uk", HOME, 1), email("info@bakery.co.uk", HOME, 0.5)),
        (email("bakery@gmail.com", HOME, 0.5), email("no-reply@bakery.co.uk", CONTACT, 1)),
        (phone("+441", CONTACT, 0.5), phone("+442", HOME, 1)),
        (phone("+441", LEGAL, 0.5), phone("+442", HOME, 1)),
        (phone("+441", HOME, 1), phone("+442", HOME, 0.5)),
        (phone("+441", HOME, 0.5), phone("+442", CONTACT, 1, "GB fax")),
    ],
    ids=lambda row: row.value,
)
def test_one_contact_is_better_than_another(better: Candidate, worse: Candidate) -> None:
    for rows in ([better, worse], [worse, better]):
        assert better.value in best_contacts(rows, [SITE], {})
    assert best_contacts([better, worse], [SITE], {better.kind: worse.value}) in (
        (worse.value, None),
        (None, worse.value),
    )


def test_a_site_may_have_none_or_several_hosts() -> None:
    nobody = [email("noreply@bakery.co.uk"), phone("+441", label="GB fax")]
    assert best_contacts(nobody, [SITE], {}) == (None, None)
    rows = [email("info@other.com"), email("info@bücher.de", HOME, 0.5)]
    assert best_contacts(rows, ["old.example", "www.xn--bcher-kva.de"], {})[0] == "info@bücher.de"


@pytest.mark.parametrize(
    ("desk", "locals_"),
    [
        (
            Desk.NOBODY,
            "noreply no-reply no_reply noreply2 noreply-dmarc do-not-reply orders-noreply "
            "ne-pas-repondre no-responder nicht-antworten nao-responda nie-odpowiadaj "
            "mailer-daemon bounces+17",
        ),
        (
            Desk.PRIVACY,
            "privacy data-protection datenschutz dsb dpo gdpr abuse rgpd privacidad legal "
            "ochrona.danych encarregado avg",
        ),
        (
            Desk.PERSON_OR_SALES,
            "anna.baker a.baker jean-luc.picard jürgen.müller sales sales-uk vertrieb ventas "
            "commerciale",
        ),
        (Desk.GENERAL, "info kontakt hello office berlin anna team contact.us info2"),
        (Desk.OTHER, "jobs hr press presse prensa rechnung careers.uk"),
    ],
    ids=lambda value: value.name if isinstance(value, Desk) else "",
)
def test_the_part_before_the_at_tells_the_desk(desk: Desk, locals_: str) -> None:
    assert {local: desk_of(f"{local}@a.example") for local in locals_.split()} == dict.fromkeys(
        locals_.split(), desk
    )

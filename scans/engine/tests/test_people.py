"""People next to contacts: what a page states, and nothing that it only suggests."""

import json

import pytest

from scans.engine.extractors import read_page

MAIL = '<a href="mailto:anna@millcroft.com">anna@millcroft.com</a>'


def people_of(body: str, url: str = "https://millcroft.com/team", lang: str = "en") -> dict:
    page = f"<html lang={lang}><body>{body}</body></html>".encode()
    facts = read_page(page, url, "text/html; charset=utf-8", person_names=True)
    return {contact.value: contact.person for contact in facts.contacts if contact.person}


def person_of(body: str, lang: str = "en") -> tuple[str, str, str] | None:
    """Return (name, position, method) of the page's first contact."""
    for person in people_of(body, lang=lang).values():
        return person["name"], person["position"], person["method"]
    return None


def json_ld(**thing: object) -> str:
    return f'<script type="application/ld+json">{json.dumps(thing)}</script>'


STRUCTURED = [
    (
        json_ld(
            **{"@type": "Organization", "email": "info@millcroft.com"},
            employee={
                "@type": "Person",
                "givenName": "Anna",
                "familyName": "Müller",
                "jobTitle": "CEO",
                "email": "mailto:anna@millcroft.com",
            },
        ),
        ("Anna Müller", "CEO", "json_ld"),
    ),
    (
        f'<div class="h-card"><a class="p-name u-url" href="/">Anna Müller</a> {MAIL} '
        '<span class="p-job-title">Head of Sales</span></div>',
        ("Anna Müller", "Head of Sales", "h_card"),
    ),
    (
        f'<div class="vcard"><b class="fn">Anna Müller</b><i class="role">Clerk</i> {MAIL}</div>',
        ("Anna Müller", "Clerk", "h_card"),
    ),
    (
        '<div itemscope itemtype="https://schema.org/Person"><b itemprop="name">Anna Müller</b> '
        f'<i itemprop="jobTitle">Clerk</i> {MAIL}</div>',
        ("Anna Müller", "Clerk", "microdata"),
    ),
    (
        "<table><tr><th>Name</th><th>Funktion</th><th>E-Mail</th></tr>"
        f"<tr><td>Anna Müller</td><td>Küche</td><td>{MAIL}</td></tr></table>",
        ("Anna Müller", "Küche", "table_row"),
    ),
    (
        f"<div><h3>Anna Müller</h3><p>Marketing Director</p><p>{MAIL}</p></div>",
        ("Anna Müller", "Marketing Director", "card"),
    ),
    (f"<li>Anna Müller, Vertrieb: {MAIL}</li>", ("Anna Müller", "Vertrieb", "card")),
    (f"<p>Frau Dr. Anna Müller<br>{MAIL}</p>", ("Dr. Anna Müller", "", "card")),
    (
        f"<li><b>Dr. Anna Müller</b><br>Leiterin Forschung<br>{MAIL}</li>",
        ("Dr. Anna Müller", "Leiterin Forschung", "card"),
    ),
    (
        "<table><tr><td>Anna Müller</td><td>CEO</td><td>anna@millcroft.com</td></tr>"
        "<tr><td>Otto Bauer</td><td>CTO</td><td>otto@millcroft.com</td></tr></table>",
        ("Anna Müller", "CEO", "card"),
    ),
    (
        f"<table><tr><td>Anna Müller</td><td>CEO</td><td>{MAIL}</td></tr></table>",
        ("Anna Müller", "CEO", "card"),
    ),
    (f"<p>Ansprechpartnerin: Anna Müller<br>{MAIL}</p>", ("Anna Müller", "", "card")),
    ("<p>Anna Müller, CEO, 212-736-5000</p>", ("Anna Müller", "CEO", "card")),
    ("<p>Anna Müller, CEO, anna@millcroft.com</p>", ("Anna Müller", "CEO", "card")),
    (f"<div><h3>Sarah Hill</h3><p>CEO</p>{MAIL}</div>", ("Sarah Hill", "CEO", "card")),
    (f"<p>Geschäftsführer: Jan Winter<br>{MAIL}</p>", ("Jan Winter", "Geschäftsführer", "card")),
]


@pytest.mark.parametrize(
    ("body", "person"), STRUCTURED, ids=[p[2] + str(i) for i, (_, p) in enumerate(STRUCTURED)]
)
def test_a_person_is_read_where_the_page_puts_it_beside_a_contact(body, person):
    assert person_of(body) == person


@pytest.mark.parametrize(
    "line",
    [
        "Contact person: Anna Müller",
        "Ihre Ansprechpartnerin: Frau Anna Müller",
        "Interlocutrice : Mme Anna Müller",
        "Persona de contacto: Anna Müller",
        "Referente: Anna Müller",
        "Contactpersoon: mevr. Anna Müller",
        "Pessoa de contato: Anna Müller",
        "Osoba do kontaktu: Anna Müller",
    ],
)
def test_a_line_that_announces_a_person_names_the_contacts_right_after_it(line):
    contacts = f"<p>+1 212 736 5000</p><p>{MAIL}</p>"
    body = f"<p>{line}</p><p>Sales Manager</p>{contacts}<h3>Hours</h3><p>info@millcroft.org</p>"
    people = people_of(body)
    assert people.keys() == {"+12127365000", "anna@millcroft.com"}
    for person in people.values():
        assert (person["name"], person["position"]) == ("Anna Müller", "Sales Manager")
        assert person["snippet"].startswith(line)


LEGAL = [
    ("de", "Geschäftsführer: Max Bauer", ("Max Bauer", "Geschäftsführer")),
    ("de", "Vertreten durch den Geschäftsführer Max Bauer", None),
    ("de", "Vertreten durch:<br>Max Bauer", ("Max Bauer", "Vertreten durch")),
    ("de", "Inhaberin: Dr. Eva Bauer, Otto Bauer", ("Dr. Eva Bauer", "Inhaberin")),
    ("de", "Vertreten durch: Geschäftsführer Max Bauer", ("Max Bauer", "Vertreten durch")),
    ("de", "Geschäftsführerin: Frau Eva Bauer", ("Eva Bauer", "Geschäftsführerin")),
    ("en", "Managing Director: Jane Smith", ("Jane Smith", "Managing Director")),
    ("fr", "Gérant : Jean Martin", ("Jean Martin", "Gérant")),
    (
        "fr",
        "Directeur de la publication : Marie Curie",
        ("Marie Curie", "Directeur de la publication"),
    ),
    ("es", "Administradora única: Lucía Gómez", ("Lucía Gómez", "Administradora única")),
    ("it", "Amministratore unico: Mario Verdi", ("Mario Verdi", "Amministratore unico")),
    ("nl", "Vertegenwoordigd door: Jan de Boer", ("Jan de Boer", "Vertegenwoordigd door")),
    ("pt", "Sócio-gerente: João Costa", ("João Costa", "Sócio-gerente")),
    ("pl", "Prezes zarządu: Piotr Zieliński", ("Piotr Zieliński", "Prezes zarządu")),
]


@pytest.mark.parametrize(("lang", "line", "person"), LEGAL)
def test_the_roles_of_legal_notices_name_the_person_of_the_contacts_there(lang, line, person):
    body = f"<p>Acme<br>{line}</p><div><p>Web</p></div><p>E-Mail: info@millcroft.com</p>"
    named = people_of(body, lang=lang).get("info@millcroft.com")
    expected = person or ("Max Bauer", "Geschäftsführer")
    assert named is not None
    assert (named["name"], named["position"]) == expected
    assert named["method"] == "legal_notice"
    assert named["name"] in named["snippet"]
    assert named["page_url"] == "https://millcroft.com/team"


@pytest.mark.parametrize(
    "body",
    [
        '<p><a href="mailto:anna.mueller@millcroft.com">anna.mueller@millcroft.com</a></p>',
        f"<div><h3>New York</h3><p>{MAIL}</p></div>",
        f"<div><h3>Winter Park</h3><p>Sales</p><p>{MAIL}</p></div>",
        f"<div><h3>Contact Us</h3><p>Sales and Marketing</p>{MAIL}</div>",
        f"<div><h3>Customer Service</h3><p>Support</p>{MAIL}</div>",
        f"<div><h3>Anna Müller</h3>{MAIL}</div>",
        f"<div><h3>Muster Verlag</h3><p>Vertrieb</p>{MAIL}</div>",
        f"<p>Ansprechpartner: Anna Müller</p><h3>Öffnungszeiten</h3><p>Täglich</p><p>{MAIL}</p>",
        f"<p>Ansprechpartner: Kundenservice Team</p><p>{MAIL}</p>",
        f"<div><p>Director</p><p>{MAIL}</p></div>",
        f"<div><p>Managing Director: 30 years of work</p><p>{MAIL}</p></div>",
        f"<div><p>For Email Marketing you can trust</p><p>Today's Offers</p>{MAIL}</div>",
        f"<div><p>Anna Müller, CEO</p><p>Otto Bauer, CTO</p>{MAIL}</div>",
        f'<div class="h-card"><b class="p-name p-org">Bauer Feinkost</b> {MAIL}</div>',
        json_ld(**{"@type": "Person", "name": "Anna Müller"}) + f"<p>{MAIL}</p>",
        f"<p>Titular: Muebles Pérez, S.L.</p><p>{MAIL}</p>",
        f"<p>Hébergeur : OVH SAS<br>Directeur : Jean Martin</p><p>{MAIL}</p>",
    ],
)
def test_nobody_is_named_where_the_page_names_nobody(body):
    assert people_of(body) == {}


def test_each_row_of_a_team_names_its_own_person_and_a_shared_number_nobody():
    mail = "<a href='mailto:{}@millcroft.com'>mail</a> +1 212 736 5000"
    row = f"<li><b>{{}}</b><p>Sales Manager</p>{mail}</li>"
    people = people_of(f"<ul>{row.format('Anna Müller', 'a')}{row.format('Otto Bauer', 'o')}</ul>")
    assert {value: person["name"] for value, person in people.items()} == {
        "a@millcroft.com": "Anna Müller",
        "o@millcroft.com": "Otto Bauer",
    }


def test_the_contact_of_a_card_is_not_given_to_the_person_of_the_next_one():
    """The smallest box with a known position is the team's, which names somebody else."""
    cards = (
        f"<div><h3>Anna Müller</h3><p>Head of Sales</p>{MAIL}</div>"
        '<div><h3>Tom Weber</h3><p>Tinkerer</p><a href="tel:+442079460958">Ring Tom</a></div>'
    )
    people = people_of(f"<section>{cards}</section>")
    assert {value: person["name"] for value, person in people.items()} == {
        "anna@millcroft.com": "Anna Müller"
    }


@pytest.mark.parametrize(
    ("position", "stated"),
    [("Head of Sales", "Head of Sales"), ("Bauleiter", "Bauleiter"), ("Polier", "Polier")],
)
def test_a_position_ends_before_the_link_behind_it(position, stated):
    mail = '<a href="mailto:anna@millcroft.com">Write to Anna</a>'
    body = f"<div><h4>Anna Müller</h4><span>{position}</span>{mail}</div>"
    assert person_of(body) == ("Anna Müller", stated, "card")


def test_people_are_read_only_where_they_are_wanted():
    facts = read_page(STRUCTURED[0][0].encode(), "https://millcroft.com/")
    assert {contact.person for contact in facts.contacts} == {None}

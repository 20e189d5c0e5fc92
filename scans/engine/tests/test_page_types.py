"""Page types by URL."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scans.engine import page_types
from scans.engine.page_types import contact_rank, page_type, pick_pages
from scans.engine.report import PageEntry

KINDS = {
    "contact", "about", "team", "services", "products", "pricing", "careers", "legal", "blog",
    "news", "login", "media", "home", "other",
}  # fmt: skip
DATA = tomllib.loads(Path(page_types.__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def entry(path, anchor=""):
    url = f"https://example.com{path}"
    return PageEntry(url, "link", page_type(url, anchor))


ADDRESSES = {
    "home": [
        "", "/", "/index.html", "/de/", "/en-us", "/de/startseite",
    ],
    "other": [
        "/home/garden", "/?page_id=12", "/how-we-contact-people-for-the-news", "/xyz",
    ],
    "contact": [
        "/contact", "/Contact-Us.aspx", "/company/contactus", "/contact-berlin",
        "/fr/plan-d-acces", "/kontakt/", "/de/kontaktformular.html", "/contacto",
        "/contactez-nous", "/index.php?page=kontakt", "/company/contact-berlin",
    ],
    "products": [
        "/contact-lenses", "/kontaktlinsen", "/shop/blue-shoes", "/produkte", "/boutique",
        "/tienda", "/products/our-team-shirt",
    ],
    "about": [
        "/about_us", "/%C3%BCber-uns", "/ueber-uns", "/uber-uns", "/qui-sommes-nous",
        "/quienes-somos", "/sobre-nosotros/historia", "/%C3%A0-propos",
    ],
    "team": [
        "/our-team", "/mitarbeiter", "/notre-equipe", "/equipo",
    ],
    "services": [
        "/services/roofing-for-teams", "/leistungen", "/prestations", "/servicios/seo",
    ],
    "pricing": [
        "/pricing", "/preise", "/nos-tarifs", "/precios",
    ],
    "careers": [
        "/careers", "/stellenangebote/koch", "/recrutement", "/trabaja-con-nosotros",
    ],
    "legal": [
        "/impressum", "/privacy-policy", "/datenschutz", "/mentions-l%C3%A9gales", "/aviso-legal",
        "/cgv",
    ],
    "blog": [
        "/blog/contact-form-tips", "/2024/05/hello-world", "/ratgeber",
    ],
    "news": [
        "/news/2024", "/aktuelles", "/actualites", "/noticias",
    ],
    "login": [
        "/my-account/lost-password", "/anmelden", "/connexion", "/iniciar-sesion",
        "/wp-login.php",
    ],
    "media": [
        "/files/menu.PDF", "/gallery", "/bilder",
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("path", "kind"), [(path, kind) for kind, paths in ADDRESSES.items() for path in paths]
)
def test_an_address_tells_its_kind(path, kind):
    assert page_type(f"https://example.com{path}") == kind


@pytest.mark.parametrize(
    ("anchor", "kind"),
    [
        ("Contact us!", "contact"),
        ("Über uns", "about"),
        ("Notre équipe", "team"),
        ("Read more", "other"),
        ("Home", "other"),
    ],
)
def test_the_link_decides_where_the_address_says_nothing(anchor, kind):
    assert page_type("https://example.com/p17", anchor) == kind
    assert page_type("https://example.com/blog/p17", anchor) == "blog"


def test_every_kind_named_in_the_data_is_one_of_ours():
    assert {kind for kind in DATA if kind != "rules"} == (KINDS - {"other"}) | {"imprint"}
    listed = DATA["rules"]["opened_first"] + DATA["rules"]["never_opened"]
    assert set(listed) <= KINDS | {"imprint"}


def test_every_kind_has_words_in_all_four_languages():
    for kind, languages in DATA.items():
        if kind != "rules":
            assert {language for language, words in languages.items() if words} == {
                "en",
                "de",
                "fr",
                "es",
            }


def test_no_phrase_stands_for_two_kinds():
    owners: dict[str, set[str]] = {}
    for kind, languages in DATA.items():
        if kind != "rules":
            for phrase in (phrase for words in languages.values() for phrase in words):
                for spelling in page_types._spellings(phrase):
                    owners.setdefault(spelling, set()).add(kind)
    assert {spelling: kinds for spelling, kinds in owners.items() if len(kinds) > 1} == {}


def test_every_phrase_is_matched_as_an_address_of_its_kind():
    for kind, languages in DATA.items():
        if kind not in ("rules", "home"):
            for phrase in (phrase for words in languages.values() for phrase in words):
                url = f"https://example.com/{phrase.replace(' ', '-')}"
                assert page_type(url) == ("legal" if kind == "imprint" else kind), phrase


def test_contact_like_pages_rank_first():
    paths = [
        "/blog/x",
        "/brochure.pdf",
        "/about",
        "/datenschutz",
        "/impressum",
        "/contact",
        "/team",
        "/en/locations/berlin",
    ]
    ranked = sorted(map(entry, paths), key=contact_rank)
    assert [page.url.removeprefix("https://example.com") for page in ranked] == [
        "/contact", "/en/locations/berlin", "/impressum", "/about", "/team", "/datenschutz",
        "/blog/x", "/brochure.pdf",
    ]  # fmt: skip


def test_one_page_of_each_telling_kind_is_opened_before_a_second():
    paths = [
        "/",
        "/de/kontakt",
        "/contact",
        "/fr/contact",
        "/about",
        "/impressum",
        "/x",
        "/y",
        "/login",
        "/a.pdf",
    ]
    pages = list(map(entry, paths))
    picked = [page.url.removeprefix("https://example.com") for page in pick_pages(pages, 100)]
    assert picked == ["/contact", "/impressum", "/about", "/de/kontakt", "/fr/contact", "/x", "/y"]
    assert [page.url for page in pick_pages(pages, 2)] == [
        "https://example.com/contact",
        "https://example.com/impressum",
    ]
    assert pick_pages(pages, 0) == []
    assert pick_pages(pages, -3) == []


@given(st.text(), st.text())
def test_any_address_has_a_kind(url, anchor):
    assert page_type(url, anchor) in KINDS
    assert page_type(f"https://example.com/{url}", anchor) in KINDS
    assert contact_rank(PageEntry(url, page_type=page_type(url, anchor))) >= 0

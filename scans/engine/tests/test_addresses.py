"""Postal addresses of each country, and text that only looks like one."""

import json

import pytest

from scans.engine.extractors import merge_contacts, read_page
from scans.engine.extractors.address_formats import formats
from scans.engine.report import Contact


def addresses_of(body: str, url: str = "https://acme.example/", lang: str = "en") -> list[Contact]:
    page = f"<html lang={lang}><body>{body}</body></html>".encode()
    read = read_page(page, url, "text/html; charset=utf-8")
    return [contact for contact in read.contacts if contact.kind == "address"]


def lines_of(body: str, url: str = "https://acme.example/", lang: str = "en") -> list[str]:
    return [contact.value for contact in addresses_of(body, url, lang)]


# A visible block with `/` for line breaks; then the page's URL and language.
IN_TEXT = {
    "DE": [
        (
            "Angaben gemäß § 5 TMG/Muster GmbH/Musterstraße 12a/10115 Berlin/Telefon: 030 1234",
            "de",
            "Musterstraße 12a, 10115, Berlin, DE",
        ),
        (
            "Muster GmbH · Berliner Str. 5 · D-60311 Frankfurt am Main · Tel. 069 12",
            "de",
            "Berliner Str. 5, 60311, Frankfurt am Main, DE",
        ),
        ("Muster KG, Am Alten Markt 3-5, 50667 Köln", "de", "Am Alten Markt 3-5, 50667, Köln, DE"),
        (
            "Kontakt/Hinterm Hag 7/78462 Konstanz/Telefon 07531 12",
            "de",
            "Hinterm Hag 7, 78462, Konstanz, DE",
        ),
        (
            "Our office: Musterstrasse 1, 80331 Munich, Germany",
            "en",
            "Musterstrasse 1, 80331, Munich, DE",
        ),
    ],
    "AT": [
        (
            "Bäckerei/Mariahilfer Straße 10/2/A-1070 Wien",
            "de",
            "Mariahilfer Straße 10, 1070, Wien, AT",
        ),
        ("Hauptplatz 4, 4020 Linz, Österreich", "de", "Hauptplatz 4, 4020, Linz, AT"),
    ],
    "CH": [
        ("Muster AG, Bahnhofstrasse 1, CH-8001 Zürich", "de", "Bahnhofstrasse 1, 8001, Zürich, CH"),
        ("Acme SA/Rue du Rhône 12/1204 Genève/Suisse", "fr", "Rue du Rhône 12, 1204, Genève, CH"),
    ],
    "FR": [
        (
            "SARL Dupont/12 bis, rue de la Paix/75002 Paris/France",
            "fr",
            "12 bis, rue de la Paix, 75002, Paris, FR",
        ),
        (
            "dont le siège social est situé 4 avenue de l'Europe, BP 12, 31000 Toulouse CEDEX 4",
            "fr",
            "4 avenue de l'Europe, 31000, Toulouse, FR",
        ),
    ],
    "ES": [
        (
            "con domicilio social en Calle Mayor, 5, 3º B, 28013 Madrid (España)",
            "es",
            "Calle Mayor, 5, 28013, Madrid, ES",
        ),
        (
            "Titular: Acme S.L./C/ Gran Vía 12/08001 Barcelona/CIF B12345678",
            "es",
            "C/ Gran Vía 12, 08001, Barcelona, ES",
        ),
    ],
    "IT": [
        (
            "Rossi S.r.l. - Via Garibaldi, 12 - 20121 Milano (MI) - P.IVA 01234567890",
            "it",
            "Via Garibaldi, 12, 20121, Milano, MI, IT",
        ),
        (
            "sede legale in Piazza del Duomo 3, 50122 Firenze FI",
            "it",
            "Piazza del Duomo 3, 50122, Firenze, FI, IT",
        ),
    ],
    "NL": [
        (
            "Bedrijf B.V./Keizersgracht 123-2/1015 CJ Amsterdam/KvK 12345678",
            "nl",
            "Keizersgracht 123-2, 1015 CJ, Amsterdam, NL",
        ),
        ("Postbus 123, 3500AB Utrecht", "nl", "Postbus 123, 3500 AB, Utrecht, NL"),
    ],
    "GB": [
        (
            "Unit 29, Malmesbury Road, Kingsditch, Cheltenham, Gloucestershire, GL51 9PL",
            "en",
            "Unit 29, Malmesbury Road, GL51 9PL, Cheltenham, Gloucestershire, GB",
        ),
        (
            "© 2014 Acme. 24 Endell Street, London WC2H 9HQ. Tel: 020 7193 1430",
            "en",
            "24 Endell Street, WC2H 9HQ, London, GB",
        ),
        (
            "Acme Ltd/Albion House/12 Mill Lane/Leeds/LS1 4AP",
            "en",
            "Albion House, 12 Mill Lane, LS1 4AP, Leeds, GB",
        ),
        (
            "Acme Ltd, 2nd Floor, Trinity Chambers, 8 Queen Square, Bristol BS1 4JE",
            "en",
            "2nd Floor, Trinity Chambers, 8 Queen Square, BS1 4JE, Bristol, GB",
        ),
        (
            "Unit 7, Riverside Business Park, Canal Road, Bradford BD1 4SJ",
            "en",
            "Unit 7, Riverside Business Park, Canal Road, BD1 4SJ, Bradford, GB",
        ),
        (
            "Welcome to our house, 12 Mill Lane, Leeds, LS1 4AP",
            "en",
            "12 Mill Lane, LS1 4AP, Leeds, GB",
        ),
    ],
    "IE": [
        (
            "Acme, 12 Grafton Street, Dublin 2, D02 VF65",
            "en",
            "12 Grafton Street, D02 VF65, Dublin 2, IE",
        ),
    ],
    "US": [
        ("500 Congress Ave/Austin/TX/78701", "en", "500 Congress Ave, 78701, Austin, TX, US"),
        (
            "325 Cherry Street Bridgeport, CT 06605 (203) 367-3000",
            "en",
            "325 Cherry Street, 06605, Bridgeport, CT, US",
        ),
        (
            "2730 Wilshire Blvd., Suite 320 Santa Monica, California 90403",
            "en",
            "2730 Wilshire Blvd., Suite 320, 90403, Santa Monica, CA, US",
        ),
        (
            "P.O. Box 80286/Phoenix, AZ 85008-1234",
            "en",
            "P.O. Box 80286, 85008-1234, Phoenix, AZ, US",
        ),
    ],
    "CA": [
        (
            "1055 West Hastings Street/Vancouver, BC V6E2E9",
            "en",
            "1055 West Hastings Street, V6E 2E9, Vancouver, BC, CA",
        ),
        (
            "500 4th Avenue SW/Calgary, Alberta/T2P 2V6 Canada",
            "en",
            "500 4th Avenue SW, T2P 2V6, Calgary, AB, CA",
        ),
        (
            "123 King Street West, Suite 4, Toronto, ON M5H 1A1",
            "en",
            "123 King Street West, Suite 4, M5H 1A1, Toronto, ON, CA",
        ),
        (
            "1234, rue Sainte-Catherine Ouest, Montréal (Québec) H3B 1A1",
            "fr",
            "1234, rue Sainte-Catherine Ouest, H3B 1A1, Montréal, QC, CA",
        ),
    ],
    "AU": [
        ("PO Box 5214/West Chatswood/NSW 1515", "en", "PO Box 5214, 1515, West Chatswood, NSW, AU"),
        (
            "Level 3, 123 George Street, Sydney NSW 2000",
            "en",
            "Level 3, 123 George Street, 2000, Sydney, NSW, AU",
        ),
    ],
}
CASES = [(country, *case) for country, cases in IN_TEXT.items() for case in cases]


@pytest.mark.parametrize(("country", "text", "lang", "line"), CASES)
def test_an_address_in_text_is_read_in_its_countrys_format(country, text, lang, line):
    blocks = text.replace("/2/A-", "<br>A-").replace("C/ ", "C&#47; ")
    (read,) = addresses_of(f"<p>{blocks.replace('/', '<br>')}</p>", lang=lang)
    assert read.value == line
    assert read.address is not None
    assert read.address["country"] == country
    assert read.page_url == "https://acme.example/"
    assert read.method == "text"
    assert read.address["street"].split()[0] in read.snippet


def test_every_country_with_a_format_of_text_has_an_example():
    assert {form.country for form in formats().values() if form.order} == set(IN_TEXT)


@pytest.mark.parametrize(
    ("text", "lang", "url"),
    [
        ("Mo-Fr 8<br>12345 Termine", "de", "https://a.de/"),
        ("Ehering 5<br>12345 Gelbgold", "de", "https://a.de/"),
        ("Telefon 030<br>12345 Berlin", "de", "https://a.de/"),
        ("Montag 8<br>10115 Brezeln", "de", "https://a.de/"),
        ("Artikel 12<br>54321 Schraube<br>Tel. 030 1", "de", "https://a.de/"),
        ("Seit 1998<br>2024 Jubiläum", "de", "https://a.ch/"),
        ("Musterstraße 12, 10115 Berlin", "en", "https://a.com/"),
        ("Av. Insurgentes Sur 123, 03100 Ciudad de México", "es", "https://a.mx/"),
        ("Avenue Mohammed V 12, 20000 Casablanca, Maroc", "fr", "https://a.com/"),
        ("Musterstraße 12<br>10115 Berlin<br>Polen", "de", "https://a.com/"),
        ("© 2014 Acme Inc., Dallas, TX 75201", "en", "https://a.com/"),
        ("Open 9 AM - 5 PM, Dallas, TX 75201", "en", "https://a.com/"),
        ("12 Main Street, Dallas, TX 10001", "en", "https://a.com/"),
        ("12 Main Street, Dallas, ZZ 75201", "en", "https://a.com/"),
        ("Call 1-800 Dallas, TX 75201", "en", "https://a.com/"),
        ("Over 100 Stores, Dallas, TX 75201", "en", "https://a.com/"),
        (
            "Sitz des Versicherers: Allianz AG, Königinstraße 28, 80802 München",
            "de",
            "https://a.de/",
        ),
        ("Olympic Court, Whitehills Business Park, FY4 5GU", "en", "https://a.co.uk/"),
        ("Serial AB12 3CD of High Quality", "en", "https://a.co.uk/"),
        ("Hébergeur : OVH SAS, 2 rue Kellermann, 59100 Roubaix, France", "fr", "https://a.fr/"),
        ("Google Ireland Limited, Gordon House, Barrow Street, Dublin 4, D04 E5W5", "en", ""),
        ("Aufsichtsbehörde: Stadt Köln, Musterweg 1, 50667 Köln", "de", "https://a.de/"),
        ("1234 AB Test 12<br>5678 CD Nummer", "nl", "https://a.nl/"),
        ("Open van 9 tot 5, 2517 AG Den Haag", "nl", "https://a.nl/"),
        ("20 Years, Kendal LA9 6BT", "en", "https://a.co.uk/"),
        ("4 May, Kendal LA9 6BT", "en", "https://a.co.uk/"),
        ("2828 SW Corbett Avenue, Suite 135", "en", "https://a.com/"),
        ("12 Main Street, Holtsville, NY 00000", "en", "https://a.com/"),
    ],
)
def test_what_only_looks_like_an_address_is_none(text, lang, url):
    assert lines_of(f"<p>{text}</p>", url, lang) == []


@pytest.mark.parametrize(
    ("street", "town", "lang", "url"),
    [
        ("Jungfernstieg 7", "20354 Hamburg", "de", "https://a.de/"),
        ("Kölner Ring 3", "50667 Köln", "de", "https://a.de/"),
        ("Laan van Meerdervoort 55", "2517 AG Den Haag", "nl", "https://a.nl/"),
        ("Kop van Zuid 5", "3072 AP Rotterdam", "nl", "https://a.nl/"),
        ("1 Grande Rue", "25000 Besançon", "fr", "https://a.fr/"),
        ("Lungarno Corsini 4", "50123 Firenze", "it", "https://a.it/"),
        ("P.za Cavour 2", "80137 Napoli", "it", "https://a.it/"),
        ("Gran Vía, 28", "28013 Madrid", "es", "https://a.es/"),
        ("Rúa do Vilar 10", "15705 Santiago", "es", "https://a.es/"),
        ("22-24 Stricklandgate", "Kendal LA9 4ND", "en", "https://a.co.uk/"),
        ("Straße des 17. Juni 135", "10623 Berlin", "de", "https://a.de/"),
        ("Str. des 17. Juni 135", "10623 Berlin", "de", "https://a.de/"),
        ("77 Rundle Mall", "Adelaide SA 5000", "en", "https://a.com.au/"),
        ("Wiedner Gürtel 13", "1100 Wien", "de", "https://a.at/"),
        ("Località Pian dei Mori", "53018 Sovicille (SI)", "it", "https://a.it/"),
        ("Keizersgracht 555 bis", "1017 DR Amsterdam", "nl", "https://a.nl/"),
        ("W156 N8327 Pilgrim Road", "Menomonee Falls, WI 53051", "en", "https://a.com/"),
        ("Platz der Republik 1", "11011 Berlin", "de", "https://a.de/"),
        ("N 7, 5-6", "68161 Mannheim", "de", "https://a.de/"),
        ("Polígono Juncaril, Parcela 12", "18220 Albolote (Granada)", "es", "https://a.es/"),
        ("Shop 3/22 Elizabeth Street", "Hobart TAS 7000", "en", "https://a.com.au/"),
        ("PO Box 500 Stn A", "Ottawa, Ontario K1N 8T7", "en", "https://a.ca/"),
        ("1250 boul. René-Lévesque Ouest", "Montréal (Québec) H3B 4W8", "fr", "https://a.ca/"),
    ],
)
def test_a_street_without_the_usual_ending_is_read(street, town, lang, url):
    (line,) = lines_of(f"<p>{street}, {town}</p>", url, lang)
    assert line.startswith(street)


@pytest.mark.parametrize(
    ("before", "street", "town", "lang", "url"),
    [
        ("Postfach 123", "Seestrasse 39", "8700 Küsnacht", "de", "https://a.ch/"),
        ("Stiege 2", "Wiedner Gürtel 13", "1100 Wien", "de", "https://a.at/"),
        ("ZA La Croix", "12 rue des Artisans", "35770 Vern", "fr", "https://a.fr/"),
    ],
)
def test_a_box_or_staircase_gives_way_to_the_street_behind_it(before, street, town, lang, url):
    (line,) = lines_of(f"<p>Acme<br>{before}<br>{street}<br>{town}</p>", url, lang)
    assert line.startswith(street)


@pytest.mark.parametrize(
    ("text", "lang", "url", "line"),
    [
        ("A-1010 Wien, Stephansplatz 3", "de", "https://a.at/", "Stephansplatz 3, 1010, Wien, AT"),
        ("Büro: A-8010 Graz, Herrengasse 16, Tel. 0316 8720", "de", "https://a.de/", None),
        ("Muster KG, 5020 Salzburg, Getreidegasse 9", "de", "https://a.at/", None),
        ("Firmensitz: 4020 Linz | Landstraße 49/3", "de", "https://a.at/", None),
        ("80331 München, Hauptstraße 12a", "de", "https://a.de/", None),
        ("8001 Zürich - Bahnhofstrasse 100", "de", "https://a.ch/", None),
        ("20121 Milano (MI), Via Roma 12", "it", "https://a.it/", "Via Roma 12, 20121, Milano, IT"),
        ("28014 Madrid, Calle de Alcalá, 45", "es", "https://a.es/", None),
        ("75002 Paris, 12 rue de la Paix", "fr", "https://a.fr/", None),
    ],
)
def test_a_street_may_be_last_on_the_line(text, lang, url, line):
    (read,) = addresses_of(f"<p>Impressum</p><p>{text}</p>", url, lang)
    assert read.address is not None
    assert line is None or read.value == line
    assert read.address["street"] in text
    assert read.address["postcode"] in text


@pytest.mark.parametrize(
    "text",
    [
        "2019 Wien, Platz 3 beim Wettbewerb",
        "Gegründet 1985 Wien, Neubaugasse 12",
        "© 2024 Wien, Ringstraße 1",
        "3. März 2024 Graz, Hauptplatz 1 geöffnet",
    ],
)
def test_a_year_before_a_town_is_no_postcode(text):
    assert lines_of(f"<p>{text}</p>", "https://a.at/", "de") == []


def test_a_house_number_may_hold_a_staircase_and_a_door():
    text = "<p>Kessel GmbH<br>Neubaugasse 12-14/2/3/21<br>1070 Wien</p>"
    lines = lines_of(text, "https://a.at/", "de")
    assert lines == ["Neubaugasse 12-14/2/3/21, 1070, Wien, AT"]


def test_each_line_of_a_list_with_streets_last_is_an_address_of_its_own():
    branches = "<p>8010 Graz, Herrengasse 16</p><p>1010 Wien, Stephansplatz 3</p>"
    assert lines_of(branches, "https://a.at/", "de") == [
        "Herrengasse 16, 8010, Graz, AT",
        "Stephansplatz 3, 1010, Wien, AT",
    ]


def json_ld(**parts: object) -> str:
    thing = {"@type": "Bakery", "name": "The Bakery", "address": parts}
    return f'<script type="application/ld+json">{json.dumps(thing)}</script>'


@pytest.mark.parametrize(
    ("parts", "url", "lines"),
    [
        (
            {
                "streetAddress": "12 Main St",
                "postalCode": "62701",
                "addressLocality": "Springfield",
                "addressRegion": "Illinois",
                "addressCountry": {"name": "United States"},
            },
            "https://a.com/",
            ["12 Main St, 62701, Springfield, IL, US"],
        ),
        (
            {"streetAddress": "Weg 1", "postalCode": "D-10115", "addressLocality": "Berlin"},
            "https://a.de/",
            ["Weg 1, 10115, Berlin, DE"],
        ),
        (
            {"streetAddress": "Storgatan 1", "postalCode": "111 22", "addressLocality": "Stockholm"}
            | {"addressCountry": "SE"},
            "https://a.com/",
            ["Storgatan 1, 111 22, Stockholm, SE"],
        ),
        (
            {"streetAddress": "Weg 1", "postalCode": "10115", "addressLocality": "Berlin"}
            | {"addressCountry": "DEU"},
            "https://a.com/",
            ["Weg 1, 10115, Berlin, DE"],
        ),
        (
            {"streetAddress": "High St 1", "addressLocality": "Cork", "addressCountry": "IE"},
            "https://a.ie/",
            ["High St 1, Cork, IE"],
        ),
        # not the format of the country that it states
        (
            {"streetAddress": "Weg 1", "postalCode": "1011", "addressLocality": "Berlin"}
            | {"addressCountry": "DE"},
            "https://a.de/",
            [],
        ),
        # another state's ZIP code
        (
            {"streetAddress": "1 Main St", "postalCode": "10001", "addressLocality": "Springfield"}
            | {"addressRegion": "IL", "addressCountry": "US"},
            "https://a.com/",
            [],
        ),
        ({"addressLocality": "Berlin", "addressCountry": "DE"}, "https://a.de/", []),
        ({"streetAddress": "Weg 1, 10115 Berlin"}, "https://a.de/", ["Weg 1, 10115, Berlin, DE"]),
    ],
)
def test_an_address_in_json_ld_must_have_its_countrys_format(parts, url, lines):
    assert lines_of(json_ld(**parts), url) == lines


def test_where_an_event_takes_place_is_nobodys_address():
    place = {"@type": "Place", "address": "12 Main Street, Springfield, IL 62701"}
    event = {"@type": "MusicEvent", "location": place}
    assert lines_of(f'<script type="application/ld+json">{json.dumps(event)}</script>') == []
    assert lines_of(f'<script type="application/ld+json">{json.dumps(place)}</script>') != []


MICRODATA = """<div itemscope itemtype="https://schema.org/Store">
<div itemprop="address" itemscope itemtype="https://schema.org/PostalAddress">
<span itemprop="streetAddress">Musterweg 1</span><span itemprop="postalCode">10115</span>
<span itemprop="addressLocality">Berlin</span><meta itemprop="addressCountry" content="DE"></div>
</div>"""
RDFA = MICRODATA.replace('itemprop="', 'property="schema:')
H_CARD = """<div class="h-card"><p class="p-adr h-adr"><span class="p-street-address">Musterweg 1
</span><span class="p-postal-code">10115</span><span class="p-locality">Berlin</span>
<abbr class="p-country-name" title="Germany">GER</abbr></p></div>"""
VCARD = H_CARD.replace("p-adr h-adr", "adr").replace("h-card", "vcard").replace('"p-', '"')


@pytest.mark.parametrize(
    ("markup", "method"),
    [(MICRODATA, "microdata"), (RDFA, "microdata"), (H_CARD, "h_card"), (VCARD, "h_card")],
    ids=["microdata", "rdfa", "h-card", "vcard"],
)
def test_an_address_in_markup_is_read_with_its_evidence(markup, method):
    (read,) = addresses_of(markup)
    parts = {"street": "Musterweg 1", "postcode": "10115", "town": "Berlin", "region": ""}
    assert read.address == parts | {"country": "DE"}
    assert (read.method, read.page_url) == (method, "https://acme.example/")
    assert "Musterweg 1, 10115, Berlin" in read.snippet


def test_one_address_in_several_spellings_and_pages_is_one():
    home = read_page(MICRODATA.encode(), "https://a.de/")
    legal = b"<p>Muster GmbH<br>Musterweg  1<br>D-10115 Berlin</p>"
    pages = (home.contacts, read_page(legal, "https://a.de/impressum").contacts)
    assert [len(contacts) for contacts in pages] == [1, 1]
    (read,) = merge_contacts(pages)
    assert read.method == "microdata"


def test_a_british_address_with_the_name_of_its_building_and_without_is_one():
    both = "<p>Albion House, 12 Mill Lane, Leeds LS1 4AP</p><p>12 Mill Lane, Leeds LS1 4AP</p>"
    assert lines_of(both) == ["Albion House, 12 Mill Lane, LS1 4AP, Leeds, GB"]


def test_every_address_of_a_list_of_branches_is_read():
    branches = "<p>1 High Street, London N1 9GU</p><p>12 Mill Lane, Leeds LS1 4AP</p>"
    assert lines_of(branches) == [
        "1 High Street, N1 9GU, London, GB",
        "12 Mill Lane, LS1 4AP, Leeds, GB",
    ]

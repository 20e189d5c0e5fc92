"""How phone numbers are found, their regions, and what only looks like one."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scans.engine.extractors.phone_links import from_hrefs, from_json_ld
from scans.engine.extractors.phones import FoundPhone, from_text
from scans.engine.extractors.regions import PageRegions


def regions_of(text: str, url: str = "https://example.com/", language: str = "") -> PageRegions:
    return PageRegions(url=url, language=language, json_ld=(), text=text)


def find(text: str, url: str = "https://example.com/", language: str = "") -> list[FoundPhone]:
    return list(from_text(text, regions_of(text, url, language)))


def numbers(text: str, url: str = "https://example.com/", language: str = "") -> list[str]:
    return [phone.number for phone in find(text, url, language)]


@pytest.mark.parametrize(
    "written",
    [
        "(212) 736-5000",
        "212-736-5000",
        "212.736.5000",
        "212 736 5000",
        "212/736-5000",
        "(212)736-5000",
        "( 212 ) 736 - 5000",
        "212\u2011736\u20115000",
        "212 \u2013 736 \u2013 5000",
        "212\u2022736\u20225000",
        "+1 212 736 5000",
        "+1.212.736.5000",
        "1-212-736-5000",
        "1 (212) 736-5000",
        "(212) 736-5000 x123",
        "212-736-5000ext. 9",
        "Call 2127365000",
        "001 212 736 5000",
    ],
)
def test_an_american_number_is_read_however_it_is_written(written):
    assert numbers(f"Contact\n{written}\nNew York") == ["+12127365000"]


@pytest.mark.parametrize("zero", ["\u0660", "\u0966", "\uff10", "\U0001d7ce"])
def test_a_number_in_the_digits_of_another_script_is_read(zero):
    digits = {ord("0") + value: ord(zero) + value for value in range(10)}
    assert numbers("Tel: 030 390 74500".translate(digits), "https://x.de/") == ["+493039074500"]


REGIONS = [
    *("GB", "IE", "AU", "NZ", "ZA", "IN", "DE", "AT", "CH", "FR", "BE", "NL", "ES", "PT", "IT"),
    *("DK", "SE", "NO", "FI", "PL", "CZ", "GR", "BR", "MX", "JP", "SG"),
]


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("style", ["NATIONAL", "INTERNATIONAL"])
def test_a_number_on_a_country_s_own_domain_is_read_without_a_label(region, style):
    example = phonenumbers.example_number(region)
    assert example is not None
    number = phonenumbers.parse(phonenumbers.format_number(example, 0)[:-4] + "1969")
    assert phonenumbers.is_valid_number(number)
    written = phonenumbers.format_number(number, getattr(phonenumbers.PhoneNumberFormat, style))
    url = f"https://www.example.{'co.uk' if region == 'GB' else region.lower()}/"
    (read,) = find(f"Home\n{written}\nImpressum", url)
    assert read.number == phonenumbers.format_number(number, 0)
    assert read.region == region


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Visit us in Sydney\nCall (02) 9191-8364", "+61291918364"),
        ("Unit 4, Corby NN18 9ET\nPhone: 01536 461234", "+441536461234"),
        ("Muster GmbH, Berlin, Deutschland\nTelefon 030 / 901 82 00", "+49309018200"),
        ("Clonminch, Tullamore, Co. Offaly\nTelephone: 057 9352105", "+353579352105"),
        ("Our Indian partner: Acme Pvt. Ltd\nTel: (022) 6774 5858", "+912267745858"),
        ("Tel: 0845 519 7209", "+448455197209"),
        ("Book now\n07490 424978", "+447490424978"),
        ("Jakarta, Indonesia\nRusdi 085273750686 (Forum)", "+6285273750686"),
        ("北京, China\n客服电话：400-851-5558", "+864008515558"),
        ("Moscow, Россия\nТел. 8 (495) 580-77-38", "+74955807738"),
        ("Brasil\nTelefone: (66) 9 8436-0806", "+5566984360806"),
        ("Norge\nSentralbord: 75663080", "+4775663080"),
        ("上海, China\n手 机: 15026705362", "+8615026705362"),
    ],
)
def test_a_national_number_is_read_in_the_country_that_the_page_speaks_of(text, expected):
    assert numbers(text) == [expected]


def test_each_number_of_a_list_belongs_to_the_country_named_beside_it():
    text = (
        "South Africa:\nToll-Free Hotline: 0800-006-498\nNew Zealand:\nHotline: 0800-858-511\n"
        "United Kingdom:\nHotline: 0800-146-573 (GB) / 1800-409-623 (Republic of Ireland)\n"
        "United States:\nHotline: 1-877-804-6198"
    )
    assert numbers(text) == [
        "+27800006498",
        "+64800858511",
        "+44800146573",
        "+3531800409623",
        "+18778046198",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("604-278-2822 or 1-800-780-0345", ["+16042782822", "+18007800345"]),
        ("(212) 736-5000 (212) 736-5001", ["+12127365000", "+12127365001"]),
        ("T +44 20 3167 4997 +44 20 3167 4998", ["+442031674997", "+442031674998"]),
        ("San Diego, CA 92093-2301 858-534-2230", ["+18585342230"]),
        ("12-13-2014 212-736-5000", ["+12127365000"]),
        ("Suite 200 212-736-5000", ["+12127365000"]),
        ("303.333.PAUL", ["+13033337285"]),
        ("1-800-FLOWERS", ["+18003569377"]),
        ("+44 (0) 1159 400980", ["+441159400980"]),
        ("Tel. +49 30/226 343-0", ["+49302263430"]),
        ("Tel. +49 (0) 99 73 84 59 \u2013 0", ["+49997384590"]),
        ("+43/1/479 15 23-200", ["+4314791523200"]),
        ("+54 9 11 4556-9147/48", ["+5491145569147", "+5491145569148"]),
        ("Deutschland, Tel. 05732-686420/81", ["+495732686420", "+495732686481"]),
        ("Deutschland, Tel. 03338 750812 - 0170 5898858", ["+493338750812", "+491705898858"]),
        ("Schweiz, Tel. 044 360 52 62 / 079 312 45 69", ["+41443605262", "+41793124569"]),
    ],
)
def test_numbers_are_parted_from_each_other_and_from_what_stands_before(text, expected):
    assert numbers(text) == expected


@pytest.mark.parametrize(
    ("ending", "text"),
    [
        ("com", "Houston, TX 77002-4567"),
        ("com", "92093-2301"),
        ("com", "2012-2013\n2012 - 2013 2014"),
        ("com", "2014-02-12 10:30:45"),
        ("com", "Monday 9:00 - 17:00"),
        ("com", "51.507351, -0.127758"),
        ("com", "ISBN 978-0-306-40615-7, ISBN: 0306406152"),
        ("com", "Item #8005551234, Model 2127365000"),
        ("com", "4111 1111 1111 1111"),
        ("com", "192.168.100.101"),
        ("com", "$1,234,567.00"),
        ("com", "(555) 555-5555, 123-456-7890"),
        ("com", "/product/2127365000/"),
        ("com", "Tel. 2127365"),
        ("de", "Telefon 8695103"),
        ("com", "+44 1234 567 890"),
        ("de", "Latitude: 53.369889 Longitude: 7.203167"),
        ("de", "Saison 2019/2020 in Malta"),
        ("fr", "https://blog.example/schrecken-09-12-06-2016-in-dresden/"),
        ("de", "USt-IdNr. DE 123 456 788, HRB 12345, IBAN DE89 3704 0044 0532 0130 00"),
        ("de", "01.02.2013 - 05.03.2014, 12.345,67 EUR"),
        ("fr", "SIRET 732 829 320 00074 RCS Paris 732 829 320, capital 1 000 000 EUR"),
        ("it", "P.IVA 01234567890"),
        ("it", "Impresa 01578251009"),
        ("dk", "CVR-nr. 26 99 10 58"),
        ("no", "Org.nr. 974 760 673 MVA"),
        ("co.uk", "Company No. 01234568, VAT Reg 123 4567 89, Charity No. 1012345"),
        ("com.au", "ABN 51 824 753 556"),
    ],
)
def test_other_numbers_are_no_phone_numbers(ending, text):
    assert numbers(text, f"https://www.example.{ending}/") == []


@pytest.mark.parametrize(
    "text",
    [
        "Fax: 212-736-5001",
        "Fax\n212-736-5001",
        "eFax : (212) 736 - 5001",
        "Toll Free Fax: 212-736-5001",
        "F 212-736-5001",
        "212-736-5001 (fax)",
        "212-736-5001 fax",
        "Tel: 212-736-5000 | Fax: 212-736-5001",
        "212.736.5000 voice 212.736.5001 fax\nMap",
        "Telephone: 212.736.5000 (Local) 212.736.5001 (Fax)",
        "Telefax 212-736-5001",
        "Faxnummer: 212-736-5001, Telefonnummer: 212-736-5000",
    ],
)
def test_a_fax_is_marked_and_a_phone_beside_it_is_not(text):
    marked = {phone.number: phone.is_fax for phone in find(text)}
    assert marked.pop("+12127365001") is True
    assert set(marked.values()) <= {False}


@pytest.mark.parametrize(
    "text",
    [
        "Phone/Fax: 212-736-5000",
        "Tel & Fax 212-736-5000",
        "212-736-5000 Fax: 212-736-5001",
        "Phone: 212-736-5000 Fax: 212-736-5001",
        "Phone\nFax\n212-736-5000",
    ],
)
def test_a_number_that_is_also_a_phone_is_no_fax(text):
    assert find(text)[0].is_fax is False


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        ("tel:+12127365000", ["+12127365000"]),
        ("tel:2127365000", ["+12127365000"]),
        ("TEL://+1%20(212)%20736-5000", ["+12127365000"]),
        ("callto:+442079460018", ["+442079460018"]),
        ("whatsapp://send?phone=%2B442079460018", ["+442079460018"]),
        ("sms:+12127365000&body=Hello", ["+12127365000"]),
        ("tel:", []),
        ("tel:123", []),
        ("tel:+1234567890", []),
        ("mailto:2127365000", []),
    ],
)
def test_a_link_to_a_phone_is_read(href, expected):
    read = list(from_hrefs([(href, "Call us")], regions_of("")))
    assert [phone.number for phone in read] == expected


def test_json_ld_gives_phones_and_faxes():
    things = [
        {"telephone": ["(212) 736-5000", None], "contactPoint": {"faxNumber": "212-736-5001"}}
    ]
    read = [(phone.number, phone.is_fax) for phone in from_json_ld(things, regions_of(""))]
    assert read == [("+12127365000", False), ("+12127365001", True)]


@pytest.mark.parametrize(
    ("ending", "written", "expected"),
    [
        ("co.uk", "General Enquiries 0736 526 6695", ["+447365266695"]),
        ("de", "02224 123 123-0", ["+4922241231230"]),
        ("fi", "Annonser: 09 125 35 58", ["+35891253558"]),
        ("de", "Montag 08.30 - 12.00 Uhr", []),
        ("de", "08.-10.11.24 Ausflug", []),
    ],
)
def test_a_number_of_the_declared_country_may_be_grouped_in_any_way(ending, written, expected):
    text = f"In India we cook.\n{'Menu ' * 20}\n{written}"
    assert numbers(text, f"https://www.example.{ending}/") == expected


def test_an_amount_is_no_number_where_the_country_is_not_sure():
    assert numbers("Visits: 231.506.740", language="pt") == []
    assert numbers("231.506.740", "https://www.example.pt/") == ["+351231506740"]


def test_a_labelled_number_is_surer_than_a_guessed_one():
    (labelled,) = find("Phone: 212-736-5000")
    (guessed,) = find("Tel: 0845 519 7209")
    assert labelled.confidence > guessed.confidence


def test_a_find_carries_its_region_and_the_words_around_it():
    (read,) = find("Our shop\nPhone: 416-967-1111\nToronto")
    assert (read.region, read.method) == ("CA", "text")
    assert read.snippet == "Our shop Phone: 416-967-1111 Toronto"


@given(st.text(alphabet="0123456789+-() ./xTelFax:\n") | st.text())
def test_reading_phones_never_raises(text):
    read = [*find(text), *from_hrefs([("tel:" + text, text)], regions_of(text))]
    for phone in read:
        assert phonenumbers.is_valid_number(phonenumbers.parse(phone.number))

"""Which digits on a page are phone numbers, and which numbers."""

import time

import pytest

from scans.engine.extractors import read_page
from scans.engine.report import Contact, ContactKind

ENDINGS = {"de": "de", "at": "de", "fr": "fr", "es": "es", "it": "it", "nl": "nl", "pt": "pt",
           "pl": "pl", "com.br": "pt", "co.uk": "en", "com": "en", "com.au": "en", "ch": "de",
           "ma": "fr"}  # fmt: skip


def contacts(body: str, ending: str = "com") -> list[Contact]:
    page = f"<html lang={ENDINGS[ending]}><body>{body}".encode()
    result = read_page(page, f"https://www.musterwerk.{ending}/", "text/html; charset=utf-8")
    return [contact for contact in result.contacts if contact.kind == ContactKind.PHONE]


def phones(body: str, ending: str = "com") -> list[str]:
    return [contact.value for contact in contacts(body, ending)]


@pytest.mark.parametrize(
    ("ending", "digits", "expected"),
    [
        ("de", "492214710123", "+492214710123"),
        ("de", "49 (0)221 4710123", "+492214710123"),
        ("de", "4915228817386", "+4915228817386"),
        ("de", "00492214710123", "+492214710123"),
        ("de", "02214710123", "+492214710123"),
        ("de", "+00492214710123", "+492214710123"),
        ("fr", "33145678901", "+33145678901"),
        ("fr", "0145678901", "+33145678901"),
        ("es", "34912347856", "+34912347856"),
        ("es", "912347856", "+34912347856"),
        ("it", "393331247856", "+393331247856"),
        ("it", "3331247856", "+393331247856"),
        ("it", "3933124785", "+393933124785"),
        ("nl", "31201247856", "+31201247856"),
        ("pt", "351212347856", "+351212347856"),
        ("pl", "48221247856", "+48221247856"),
        ("co.uk", "442079460018", "+442079460018"),
        ("com.br", "5511987654312", "+5511987654312"),
        ("com.br", "11987654312", "+5511987654312"),
        ("com.br", "5533221234", "+555533221234"),
        ("com", "492214710123", "+492214710123"),
        ("com", "12127365000", "+12127365000"),
        ("com", "2127365000", "+12127365000"),
    ],
)
def test_a_country_code_without_a_plus_is_not_put_in_front_again(ending, digits, expected):
    assert phones(f'<a href="tel:{digits}">x</a>', ending) == [expected]
    block = f'<script type="application/ld+json">{{"telephone": "{digits}"}}</script>'
    assert phones(block, ending) == [expected]


def test_a_labelled_number_may_hold_the_country_code_without_a_plus():
    assert phones("<p>Tel.: 49 221 4710123</p>", "de") == ["+492214710123"]


@pytest.mark.parametrize(
    "url",
    [
        "https://wa.me/4915228817386",
        "https://wa.me/4915228817386?text=Hallo",
        "https://wa.me/+49%201522%208817386",
        "http://www.wa.me/004915228817386/",
        "https://api.whatsapp.com/send?phone=4915228817386&text=Hallo",
        "https://api.whatsapp.com/send/?phone=%2B4915228817386",
        "https://web.whatsapp.com/send?phone=4915228817386",
        "whatsapp://send?phone=4915228817386",
        "whatsapp://send/?text=x&phone=+4915228817386",
        "viber://chat?number=%2B4915228817386",
    ],
)
@pytest.mark.parametrize("ending", ["de", "com", "fr"])
def test_a_link_that_opens_a_chat_holds_a_whole_number(url, ending):
    assert phones(f'<a href="{url}">Chat</a>', ending) == ["+4915228817386"]


@pytest.mark.parametrize(
    "url",
    [
        "https://wa.me/message/ABCDEF1234567",
        "https://wa.me/?text=Hallo",
        "https://api.whatsapp.com/send?text=12345678901",
        "https://www.whatsapp.com/channel/0029VaAbCdEfGhIjKlMn",
        "https://chat.whatsapp.com/AbC1234567890",
    ],
)
def test_other_links_of_whatsapp_hold_no_number(url):
    assert phones(f'<a href="{url}">Chat</a>', "de") == []


@pytest.mark.parametrize(
    ("ending", "written", "expected"),
    [
        ("de", "Tel.: 030 3907-45/-46", ["+4930390745", "+4930390746"]),
        ("de", "Tel.: 030 3907-45 u. -46", ["+4930390745", "+4930390746"]),
        ("de", "Tel.: 030 3907-45 / -46 / -48", ["+4930390745", "+4930390746", "+4930390748"]),
        ("de", "030 3907-45/-46/-47/-48", [f"+493039074{n}" for n in (5, 6, 7, 8)]),
        ("de", "030 3907-1/-2/-3/-4/-5/-6/-7/-8", [f"+49303907{n}" for n in range(1, 9)]),
        ("de", "Tel. 030 390745/46/47/48/49", ["+4930390745"]),
        ("de", "030 3907-45, -46", ["+4930390745", "+4930390746"]),
        ("de", "Tel. 0211 883344 / 883345", ["+49211883344", "+49211883345"]),
        ("de", "Tel. 030 39074500 / 39074501", ["+493039074500", "+493039074501"]),
        ("com", "Phone (212) 555-0123 / 555-0124", ["+12125550123", "+12125550124"]),
        ("com.br", "Tel: (11) 3333-4444 / 3333-4445", ["+551133334444", "+551133334445"]),
        ("co.uk", "Tel: 01539 724512 or 724513", ["+441539724512", "+441539724513"]),
        ("at", "Tel. 0732 / 77 05 61 od. 77 05 62", ["+43732770561", "+43732770562"]),
        ("de", "030 3907-45 und -46", ["+4930390745", "+4930390746"]),
        ("de", "Tel. 089 / 794 38 60 oder -61", ["+49897943860", "+49897943861"]),
        ("de", "Tel. 089 7943860 oder - 2 Stück", ["+49897943860"]),
        ("de", "Telefon 030/3907-120/121", ["+49303907120", "+49303907121"]),
        ("de", "Tel. +49 30 3907-0/-120", ["+493039070", "+49303907120"]),
        ("de", "Tel. 0221 33445/33446", ["+4922133445", "+4922133446"]),
        ("de", "Tel. 05732-972080/81", ["+495732972080", "+495732972081"]),
        ("fr", "Tél. 01 45 67 89 01 / 02", ["+33145678901", "+33145678902"]),
        ("ma", "Tél : +212522555070/74", ["+212522555070", "+212522555074"]),
        ("it", "Tel. 06 69881234/5", ["+390669881234", "+390669881235"]),
        ("es", "Tel. 912 347 856/57", ["+34912347856", "+34912347857"]),
        ("com", "Phone: 212-736-5000/5001", ["+12127365000", "+12127365001"]),
        ("com", "(212) 736-5000/01", ["+12127365000", "+12127365001"]),
        ("de", "Tel. 0221/4710-106", ["+492214710106"]),
        ("de", "Tel. 0221/470/5555", ["+492214705555"]),
        ("at", "Tel. +43/1/479 15 23", ["+4314791523"]),
        ("de", "Tel. 0800 4710123 24/7", ["+498004710123"]),
        ("de", "Tel. 030 226 343-0", ["+49302263430"]),
        ("com", "Call 212-736-5000 24/7", ["+12127365000"]),
    ],
)
def test_endings_that_share_a_beginning_are_numbers_of_their_own(ending, written, expected):
    assert phones(f"<p>{written}</p>", ending) == expected


@pytest.mark.parametrize(
    "written",
    [
        "Tel. 0211 8765-0, Fax -99",
        "Tel. 0211/8765-0 · Telefax: -99",
        "Tel. (0211) 8765-0<br>Fax-Nr.: - 99",
        "Phone +49 211 8765-0 | Fax -99",
    ],
)
def test_a_fax_may_be_stated_by_its_extension(written):
    read = {contact.value: contact.label for contact in contacts(f"<p>{written}</p>", "de")}
    assert read == {"+4921187650": "DE", "+49211876599": "DE fax"}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Tel. 0221 4710123, Fax -124", {"+492214710123": "DE", "+492214710124": "DE fax"}),
        ("Tel. 0221 4710123, Fax -4", {"+492214710123": "DE"}),
        ("Tel. 0221 4710 12, Fax -4711", {"+49221471012": "DE"}),
    ],
)
def test_the_extension_of_a_fax_replaces_some_of_the_last_digits(written, expected):
    read = {contact.value: contact.label for contact in contacts(f"<p>{written}</p>", "de")}
    assert read == expected


@pytest.mark.parametrize(
    ("ending", "written"),
    [
        ("fr", "Télécopie : 01 45 67 89 01"),
        ("fr", "Télécopieur : 01 45 67 89 01"),
        ("de", "Telekopie 0221 4710123"),
        ("pl", "Faks: 22 124 78 56"),
        ("pt", "Fac-símile: 21 234 78 56"),
        ("es", "Telefacsímil / fax: 91 234 78 56"),
    ],
)
def test_a_fax_is_called_so_in_other_languages(ending, written):
    (contact,) = contacts(f"<p>{written}</p>", ending)
    assert contact.label.endswith("fax")


@pytest.mark.parametrize(
    ("ending", "written", "expected"),
    [
        ("com", "Call 1-888-GARDENERS", "+18884273363"),
        ("com", "1-800-FLOWERS", "+18003569377"),
        ("com", "1-800-GOT-JUNK?", "+18004685865"),
        ("com", "1 (800) CALL-ATT", "+18002255288"),
        ("com", "Call (866) 4-CAR-PARTS", "+18664227727"),
        ("com", "Phone: 212-ROOFERS", "+12127663377"),
        ("com", "Call 877.LAW.FIRM", "+18775293476"),
        ("com", "303.333.PAUL", "+13033337285"),
        ("com", "(800) GO-FEDEX", "+18004633339"),
        ("com", "877-CASH-NOW", "+18772274669"),
        ("com.au", "Call 1300 FLOWERS", "+611300356937"),
        ("com.au", "1800 REVERSE", "+611800738377"),
        ("co.uk", "Call 0800 FLOWERS", "+448003569377"),
        ("de", "Hotline: 0800 TELEKOM", "+498008353566"),
    ],
)
def test_a_number_in_letters_is_read(ending, written, expected):
    assert phones(f"<p>{written}</p>", ending) == [expected]


@pytest.mark.parametrize(
    "href", ["tel:1-888-GARDENERS", "tel:1-888-gardeners", "tel:1-888-GARDENE"]
)
def test_a_link_may_spell_its_number(href):
    assert phones(f'<a href="{href}">x</a>') == ["+18884273363"]


@pytest.mark.parametrize(
    "text",
    ["404-NOTFOUND", "Error 404-NOT FOUND", "2026-JANUARY", "500 INTERNAL SERVER", "800 METERS",
     "212-AREACODE", "800-METER RUN", "888 DIGITAL", "866-ABCDEFGHI", "360 DEGREES",
     "SKU-800-ABCDEFG", "1-800 WORDS", "10-800-ABCDEFG"],
)  # fmt: skip
def test_letters_behind_digits_are_not_always_a_number(text):
    assert phones(f"<p>{text}</p>") == []


@pytest.mark.parametrize(
    ("ending", "body", "expected"),
    [
        ("com", "France: 0805 501 042", "+33805501042"),
        ("com", "Austria: 0800 901 042", "+43800901042"),
        ("com", "Germany 0221 4710123", "+492214710123"),
        ("com", "Tel. Italia: 06 6988 1234", "+390669881234"),
        ("com", "Spain \u2013 912 347 856", "+34912347856"),
        ("com", "UK: 0800 901 042", "+44800901042"),
        ("com", "(AT) 0800 901 042", "+43800901042"),
        ("com", "\U0001f1e6\U0001f1f9 0800 901 042", "+43800901042"),
        ("de", "Österreich: 0800 901 042", "+43800901042"),
        ("de", "Hotline Schweiz: 0800 901 042", "+41800901042"),
        ("de", "Kundenservice Österreich Tel.: 0800 901 042", "+43800901042"),
        ("de", "0800 901 042 (Österreich)", "+43800901042"),
        ("de", "0800 901 042 (aus der Schweiz)", "+41800901042"),
        ("fr", "Autriche : 0800 901 042", "+43800901042"),
        ("fr", "Numéro gratuit Suisse : 0800 901 042", "+41800901042"),
        ("es", "Alemania: 0800 901 0421", "+498009010421"),
        ("es", "Reino Unido: 0800 901 042", "+44800901042"),
        ("it", "Austria: 0800 901 042", "+43800901042"),
        ("it", "Paesi Bassi: 0800 0221", "+318000221"),
        ("nl", "Duitsland: 0221 4710123", "+492214710123"),
        ("nl", "Oostenrijk: 0800 901 042", "+43800901042"),
        ("pt", "Alemanha: 0221 4710123", "+492214710123"),
        ("pt", "Áustria: 0800 901 042", "+43800901042"),
        ("pl", "Niemcy: 0221 4710123", "+492214710123"),
        ("pl", "Wielka Brytania: 0800 901 042", "+44800901042"),
        ("com", "AUSTRIA\n0800 901 042", "+43800901042"),
    ],
)
def test_a_country_stated_beside_a_number_decides(ending, body, expected):
    assert phones(f"<p>{body}</p>", ending) == [expected]


def test_a_country_beside_the_text_of_a_link_decides_for_the_link():
    body = '<p>Österreich: <a href="tel:0800901042">0800 901 042</a></p>'
    assert phones(body, "de") == ["+43800901042"]


def test_a_number_in_json_ld_belongs_to_the_country_of_its_object():
    stores = (
        '<script type="application/ld+json">[{"@type": "Store", "telephone": "01 5124321",'
        '"address": {"addressCountry": "AT"}}, {"@type": "Store", "telephone": "030 3907450",'
        '"address": {"addressCountry": "Deutschland"}},'
        '{"contactPoint": {"telephone": "0800 901 042", "areaServed": "CH"}}]</script>'
    )
    assert phones(stores, "de") == ["+4315124321", "+49303907450", "+41800901042"]


@pytest.mark.parametrize(
    "text",
    [
        "In England we cook. Call (212) 736-5000",
        "New England: (212) 736-5000",
        "Our China store\n(212) 736-5000",
    ],
)
def test_a_country_in_a_sentence_does_not_decide(text):
    assert phones(f"<p>{text}</p>") == ["+12127365000"]


@pytest.mark.parametrize(
    ("ending", "text"),
    [
        ("com", "RequestId:a464cd3e-a01e-005c-443e-f12125550147"),
        ("com", "RequestId:a464cd3e-a01e-005c-443e-212555014712"),
        ("com", "Trace a464cd3ef2125550147"),
        ("com", "id f2125550147"),
        ("com", "e-f 2125550147aa"),
        ("com", "ec2-212-555-0147.compute.example.net"),
        ("com", "host-212-555-0147.dyn.example.net"),
        ("com", "https://cdn.example.net/t/212-555-0147/x"),
        ("com", "img_212-555-0147.jpg"),
        ("com", "?sku=212-555-0147"),
        ("com", "cache-abc21925-ABC-2125550147"),
        ("com", "build-t-2125550147"),
        ("com", "x_p2125550147"),
        ("it", "P.IVA 02655501423 - C.F. 02655501423"),
        ("it", "P. IVA e C.F.: 02655501423"),
        ("it", "C.F./P.IVA 02655501423"),
        ("it", "Cod. Fisc. e P.I. 02655501423"),
        ("es", "C.I.F. 912347856"),
        ("de", "f. 0221 4710123 gilt d.0221"),
    ],
)
def test_a_piece_of_a_token_is_no_phone_number(ending, text):
    assert [p for p in phones(f"<p>{text}</p>", ending) if not p.endswith("4710123")] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("T: 212-736-5000", False),
        ("T 212-736-5000", False),
        ("p. 212-736-5000", False),
        ("T/F: 212-736-5000", False),
        ("F: 212-736-5000", True),
        ("(f) 212-736-5000", True),
        ("| F 212-736-5000", True),
        ("F+1 212 736 5000", True),
    ],
)
def test_a_letter_by_itself_is_a_label(text, expected):
    (contact,) = contacts(f"<p>{text}</p>")
    assert contact.value == "+12127365000"
    assert contact.label.endswith("fax") is expected


NAMED = {
    "com": (
        "212-555-0147",
        "Order number: {}|Order no. {}|Customer No: {}|Tracking number {}|Tracking no.: {}|"
        "VAT No. {}|Invoice # {}|Article number: {}|ISBN {}|Part No. {}|Account number: {}|"
        "Company registration number {}|Case no. {}|Serial number: {}|Tax ID: {}|Ray ID: {}|"
        "Customer ID {}|Confirmation # {}|Docket No. {}|CA Lic. No. {}|"
        "DOT # {}|USDOT {}|MC # {}|License # {}|Docket {}|Bond # {}|PO # {}|Meeting ID: {}",
    ),
    "de": (
        "0221/4710123",
        "Artikel-Nr. {}|Kundennummer {}|Bestellnummer: {}|Sendungsnummer: {}|Steuernummer: {}|"
        "Steuer-Nr.: {}|Rechnungs-Nr. {}|USt-IdNr.: {}|Auftragsnummer\n{}|Vertragsnummer (rechts "
        "oben): {}|HRB {}|Konto {}|Best.-Nr. {}|Mitgliedsnr. {}|{} (Artikelnummer)|IBAN {}|"
        "Buchungs-Code {}|Ihre Kundennummer lautet {}|Kto. {}|Geschäftszeichen {}|Kennziffer: {}",
    ),
    "fr": (
        "01 45 67 89 01",
        "N° de commande : {}|Numéro de commande {}|N° client : {}|SIRET {}|"
        "N° TVA : {}|Numéro de suivi : {}|RCS Paris {}|Réf. client n° {}|"
        "Numéro d'article {}|Code client : {}|"
        "RCS Nanterre B {}|N° adhérent : {}|Carte professionnelle n° {}|Référence produit : {}|"
        "Immatriculée au RCS sous le numéro {}",
    ),
    "es": (
        "912 347 856",
        "Número de pedido: {}|Nº de pedido {}|N.º de cliente: {}|CIF: {}|NIF {}|"
        "Número de seguimiento: {}|Número de cuenta {}|Código de artículo: {}|Póliza {}|"
        "Nº de colegiado {}|Nº afiliación {}|Código de reserva: {}|Depósito legal {}",
    ),
    "it": (
        "06 6988 1234",
        "Partita IVA {}|P.IVA: {}|Codice fiscale {}|Numero d'ordine: {}|N. ordine {}|"
        "Codice cliente: {}|Numero di spedizione {}|Codice articolo {}|REA {}|"
        "Registro Imprese di Roma n. {}|Tessera n. {}|Cod. cliente: {}|Prot. n. {}|C/C postale {}",
    ),
    "nl": (
        "020 124 7856",
        "Klantnummer: {}|Bestelnummer {}|Ordernummer: {}|Artikelnummer {}|KvK {}|KvK-nummer: {}|"
        "BTW-nummer {}|Rekeningnummer: {}|Factuurnr. {}|Track & Trace: {}|"
        "Kamer van Koophandel {}|Ons kenmerk: {}|AGB-code: {}|Bankrekening {}",
    ),
    "pt": (
        "212 347 856",
        "Número da encomenda: {}|N.º de cliente {}|NIPC {}|NIF: {}|Contribuinte n.º {}|"
        "Código de rastreio: {}|Número do pedido {}|Código do produto: {}|Matrícula {}|"
        "Alvará n.º {}|Registo Comercial {}|Nº do bilhete {}|Licença AMI {}",
    ),
    "pl": (
        "22 124 78 56",
        "Numer zamówienia: {}|Nr zamówienia {}|Numer klienta: {}|NIP {}|NIP: {}|REGON {}|"
        "Numer przesyłki {}|Nr artykułu: {}|Numer konta {}|KRS {}|"
        "Nr ewidencyjny {}|Rachunek bankowy: {}|Nr wpisu {}|Kod pocztowy {}|Numer BDO: {}",
    ),
    "co.uk": (
        "020 7946 0123",
        "VAT no. {}|Company No. {}|Charity number {}|NHS number {}|Gas Safe number {}|FCA No. {}|"
        "Job ID: {}|Parcel number {}|A/C {}|Tracking: {}|Batch {}|Our ref: {}",
    ),
    "com.br": (
        "(11) 98765-4312",
        "CNPJ {}|CPF: {}|Número do pedido: {}|Inscrição Estadual {}",
    ),
}


@pytest.mark.parametrize("ending", NAMED)
def test_a_number_that_is_called_something_else_is_no_phone_number(ending):
    number, phrases = NAMED[ending]
    for phrase in phrases.split("|"):
        assert phones(f"<p>{phrase.format(number)}</p>", ending) == [], phrase
    assert len(phones(f"<p>Tel: {number}</p>", ending)) == 1


CALLED = {
    "de": "Telefonnummer: {}|Tel.-Nr. {}|Servicenummer: {}|Handynummer {}|Rufnummer {}|"
    "Kundenservice: {}|Hotline-Nummer {}|Mobil-Nr.: {}|Notrufnummer: {}|Unsere Nummer: {}",
    "fr": "Numéro de téléphone : {}|Téléphone : {}|Numéro vert : {}|Service client : {}|"
    "Appelez le numéro {}|Composez le {}|Numéro non surtaxé : {}|N° du standard : {}",
    "es": "Número de teléfono: {}|Atención al cliente: {}|Teléfono de pedidos: {}|"
    "Llame al número {}|Nuestro número: {}|Pedidos: {}",
    "it": "Numero di telefono: {}|Servizio clienti {}|Numero verde {}|"
    "Chiami il numero {}|Il nostro numero: {}|Ordini: {}",
    "nl": "Telefoonnummer: {}|Klantenservice: {}|Mobiel nummer {}|Noodnummer: {}|"
    "Ons nummer: {}|Reserveren: {}",
    "pt": "Número de telefone: {}|Apoio ao cliente: {}|Telemóvel {}|"
    "O nosso número: {}|Encomendas: {}",
    "pl": "Numer telefonu: {}|Nr tel.: {}|Obsługa klienta: {}|Telefon {}|"
    "Zadzwoń pod numer {}|Nasz numer: {}|Numer infolinii {}",
    "co.uk": "Call our number {}|Reception: {}|Box office: {}|Enquiries {}|Orders: {}|Surgery {}",
    "com": "Phone number: {}|Contact number {}|Customer service: {}|To order: {}|Orders {}|"
    "Phone # {}|DOT # 1234567. Call {}|MC # 123456, call {}|Call Dot {}",
}


@pytest.mark.parametrize("ending", CALLED)
def test_a_number_that_is_called_a_phone_number_is_one(ending):
    number = NAMED[ending][0]
    for phrase in CALLED[ending].split("|"):
        assert len(phones(f"<p>{phrase.format(number)}</p>", ending)) == 1, phrase


@pytest.mark.parametrize(
    ("ending", "text", "expected"),
    [
        ("com.br", "CNPJ 12.345.678/0001-95 (11) 98765-4312", ["+5511987654312"]),
        ("com.br", "CNPJ: 12.345.678/0001-95 Tel: (11) 98765-4312", ["+5511987654312"]),
        ("com", "Details: cache-abc21925-ABC 1611375768 3689550142", []),
        ("com", "Incident ID: 1611375768-3689550142", []),
        ("com", "2125550147, 2125550148, 2125550149", []),
        ("co.uk", "07400123456, 07400123457, 07400123458", []),
        ("co.uk", "07400123456\n07400123457\n07400123458\n07400123459", []),
        ("co.uk", "Mobile 07400123456", ["+447400123456"]),
        ("co.uk", "07400123456", ["+447400123456"]),
    ],
)
def test_rows_of_ids_are_no_phone_numbers(ending, text, expected):
    assert phones(f"<p>{text}</p>", ending) == expected


@pytest.mark.parametrize(
    "piece",
    [
        "1-800-A", "030 3907-45/", "-45/-46", "0221/", "/1", "Tel. ", "Nr. 1", "T/", "f1", "(11) ",
        "1300 AB ", "AT: 0", "wa.me/4", "Österreich ", "a1-", "123456 ", "0,", "12.345.678/",
        "\U0001f1e6\U0001f1f9 0", "de de de 1", "und -1 ", "x" * 50 + "1234567",
        "(800) " + "A" * 60 + " Bb ", "0211 8765-0, Fax: -", "Kundennummer ist ist ist 0",
    ],
)  # fmt: skip
def test_hostile_pages_are_read_in_linear_time(piece):
    body = f"Tel. 030 {piece * (300_000 // len(piece))}"
    started = time.process_time()
    phones(f"<p>{body}</p>", "de")
    assert time.process_time() - started < 6

"""Which addresses on a page are mailboxes, and those that only a browser shows."""

import time

import pytest

from scans.engine.extractors import read_page
from scans.engine.report import Contact, ContactKind

URL = "https://www.bakery.com/"


def contacts(body: str, url: str = URL) -> list[Contact]:
    page = read_page(f"<html><body>{body}".encode(), url, "text/html; charset=utf-8")
    return [contact for contact in page.contacts if contact.kind == ContactKind.EMAIL]


def emails(body: str, url: str = URL) -> list[str]:
    return [contact.value for contact in contacts(body, url)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<p>jörg.müller@bakery.com</p>", "jörg.müller@bakery.com"),
        ('<a href="mailto:jörg.müller@bakery.com">x</a>', "jörg.müller@bakery.com"),
        ('<a href="mailto:j%C3%B6rg@bakery.com">x</a>', "jörg@bakery.com"),
        ("<p>vertrieb_süd@bakery.com</p>", "vertrieb_süd@bakery.com"),
        ("<p>jo\u0308rg@bakery.com</p>", "jo\u0308rg@bakery.com"),
        ("<p>πωλησεις@bakery.com</p>", "πωλησεις@bakery.com"),
        ("<p>françois.nuñez@bakery.com</p>", "françois.nuñez@bakery.com"),
        ("<p>łukasz@bakery.com</p>", "łukasz@bakery.com"),
        ("<p>почта@пример.рф</p>", "почта@пример.рф"),
        ("<p>Ελένη@παράδειγμα.ελ</p>", "ελένη@παράδειγμα.ελ"),
        ("<p>संपर्क@उदाहरण.भारत</p>", "संपर्क@उदाहरण.भारत"),
        ("<p>用户@例子.中国</p>", "用户@例子.中国"),
        ("<p>邮箱info@bakery.com</p>", "info@bakery.com"),
        ("<p>メールはinfo@bakery.comまで</p>", "info@bakery.com"),
        ("<p>QQ邮箱123456@qq.com</p>", "123456@qq.com"),
        ("<p>Почта:info@bakery.com</p>", "info@bakery.com"),
    ],
)
def test_an_address_with_letters_of_any_script_is_read_whole(body, expected):
    assert emails(body) == [expected]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("info@müller.de", "info@müller.de"),
        ("info@xn--mller-kva.de", "info@xn--mller-kva.de"),
        ("POST@ПРИМЕР.РФ", "post@пример.рф"),
        ("post@пример.рфТелефон", "post@пример.рф"),
        ("info@例え.テスト", ""),
        ("info@пример.нигде", ""),
    ],
)
def test_an_internationalised_domain_counts_if_its_ending_exists(written, expected):
    assert emails(f"<p>{written}</p>") == ([expected] if expected else [])


def test_both_forms_of_a_domain_are_one_address():
    body = '<p>info@müller.de</p><a href="mailto:info@xn--mller-kva.de">x</a>'
    assert len(emails(body)) == 1


@pytest.mark.parametrize(
    "body",
    [
        r'<script>var card = "Kontakt:\ninfo@bakery.com\tTel";</script>',
        r'<script>var card = {"text": "<b>Kontakt</b>\\ninfo@bakery.com\\r\\n"};</script>',
        r'<script>var card = "\u003cinfo@bakery.com\u003e";</script>',
        r'<script>var card = "\x3cinfo@bakery.com\x3e";</script>',
        r'<script>var card = "info\u0040bakery.com";</script>',
        r'<script>var card = "info\x40bakery.com";</script>',
        r"<p>Kontakt:\ninfo@bakery.com\n</p>",
        r"<p>\u003cinfo@bakery.com\u003e</p>",
        "<p>u003einfo@bakery.com</p>",
        "<p>in&shy;fo@bak&shy;ery.com</p>",
        "<p>info@bakery&#8203;.com</p>",
        '<div data-mail="&lt;info@bakery.com&gt;"></div>',
        '<div data-mail="info&#64;bakery.com"></div>',
        '<div data-mail="info&commat;bakery.com"></div>',
        '<div data-mail="in&amp;shy;fo@bakery.com"></div>',
        '<a href="/share?to=info%40bakery.com&amp;x=1">x</a>',
        '<a href="mailto:%22Eva%20Muster%22%3Cinfo@bakery.com%3E">x</a>',
        '<a href="mailto:%22EvaMuster%22%3Cinfo@bakery.com%3E">x</a>',
        '<a href="mailto:Eva%20&lt;info@bakery.com&gt;">x</a>',
        '<a href="mailto:in&shy;fo@bakery.com">x</a>',
        '<a href="mailto:%C2%ADinfo@bakery.com">x</a>',
        '<a href="mailto:info%26%2364%3Bbakery.com">x</a>',
        "<p>%20info@bakery.com</p>",
        "<p>%3Cinfo@bakery.com%3E</p>",
        "<p>E-Mail:&amp;nbsp;info@bakery.com</p>",
        '<p>in<span style="display:none">x</span>fo@bakery.com</p>',
    ],
)
def test_escapes_around_an_address_are_no_part_of_it(body):
    assert emails(body) == ["info@bakery.com"]


@pytest.mark.parametrize(
    "text",
    [
        "git clone git@github.com:muster/foo.git",
        "git clone ssh://git@gitlab.bakery.com/muster/foo.git",
        "git@bakery.com",
        "scp a.txt deploy@bakery.com:/var/www",
        "rsync -av site/ deploy@bakery.com:releases",
        "rsync deploy@bakery.com::module",
        "deploy@bakery.com:~/site",
        "root@web1.bakery.com:~#",
        "ssh deploy@bakery.com",
        "ssh -p 2222 deploy@bakery.com",
        "$ ssh-copy-id -i key.pub deploy@bakery.com",
        "sftp://deploy@bakery.com/files",
        "https://deploy:secret@bakery.com/",
        "postgres://deploy@db.bakery.com:5432/shop",
        "deploy@bakery.com:2222",
        "@muster@fosstodon.org",
        "Folgt uns: @muster@social.bakery.com",
        "Mastodon: muster@chaos.social",
        "Fediverse: muster@social.bakery.com",
        "muster@mastodon.social",
        "acct:muster@social.bakery.com",
        "sip:4711@bakery.com",
        "xmpp:eva@bakery.com",
        "Jabber: eva@bakery.com",
        "https://lists.bakery.com/talk@bakery.com/msg1.html",
    ],
)
def test_what_leads_to_a_server_or_a_network_is_no_mailbox(text):
    assert emails(f"<pre>{text}</pre>") == []
    assert emails(f"<script>var example = `{text}`;</script>") == []


@pytest.mark.parametrize(
    "text",
    [
        "E-Mail: info@bakery.com: wir antworten",
        "Mail:info@bakery.com",
        "mailto://info@bakery.com",
        "http://mailto:info@bakery.com",
        "info@bakery.com/kontakt",
        "Write to us at info@bakery.com:",
        "Digital: info@bakery.com",
    ],
)
def test_an_address_beside_a_colon_or_a_slash_is_a_mailbox(text):
    assert emails(f"<p>{text}</p>") == ["info@bakery.com"]


SAMPLES = {
    "en": "name@company.com you@yourcompany.com your.name@example.org john.doe@gmail.com "
    "first.last@company.co.uk yourname@email.com user@domain.com email@address.com",
    "de": "name@firma.de ihre@email.de deine@mail.de ihr.name@firma.de max.mustermann@web.de "
    "vorname.nachname@firma.at mustermann@beispiel.ch ihre-mail@domain.de max@muster.de",
    "fr": "nom@exemple.fr votre@email.fr prenom.nom@entreprise.fr prénom.nom@domaine.fr "
    "votre-adresse@mail.fr jean.dupont@exemple.com vous@votreentreprise.fr",
    "es": "nombre@ejemplo.com tu@correo.es su.correo@dominio.com usuario@empresa.es "
    "nombre.apellido@tuempresa.com juan.perez@ejemplo.es tucorreo@email.com",
    "it": "nome@esempio.it tuo@email.it nome.cognome@azienda.it mario.rossi@email.it "
    "la-tua@email.it tuamail@dominio.it utente@provider.it",
    "nl": "naam@voorbeeld.nl jouw@email.nl voornaam.achternaam@bedrijf.nl uw.naam@domein.nl "
    "uwnaam@uwbedrijf.nl jan.jansen@voorbeeld.nl",
    "pt": "nome@exemplo.com.br seu@email.com seuemail@exemplo.pt nome.sobrenome@empresa.com.br "
    "o.seu.nome@dominio.pt joao.silva@exemplo.com voce@email.com.br",
    "pl": "nazwa@domena.pl twoj@email.pl imie.nazwisko@firma.pl jan.kowalski@przyklad.pl "
    "jan@przykład.pl twojadres@poczta.pl twoj.email@twojafirma.pl",
}


@pytest.mark.parametrize("language", SAMPLES)
def test_the_sample_addresses_of_a_form_are_nobody_s(language):
    for sample in SAMPLES[language].split():
        assert emails(f"<p>{sample}</p>") == [], sample
        assert emails(f'<a href="mailto:{sample}">x</a>') == [], sample


@pytest.mark.parametrize(
    "announced",
    [
        "z.B. {}", "z. B.: {}", "e.g. {}", "for example {}", "par exemple : {}", "p. ex. {}",
        "p. ej. {}", "por ejemplo, {}", "ad esempio {}", "ad es. {}", "bijv. {}",
        "bijvoorbeeld {}", "por exemplo: {}", "np. {}", "na przykład {}", "Beispiel: {}",
    ],
)  # fmt: skip
def test_an_address_announced_as_an_example_is_nobody_s(announced):
    assert emails(f"<p>{announced.format('eva.huber@pastry.net')}</p>") == []
    assert emails(f"<p>{announced.format('eva.huber@bakery.com')}</p>") == ["eva.huber@bakery.com"]


@pytest.mark.parametrize(
    "address",
    [
        "mail@pastry.net", "email@pastry.net", "firma@pastry.pl", "company@pastry.net",
        "mario.rossi@pastry.it", "jan.kowalski@pastry.pl", "john.smith@pastry.co.uk",
        "max@pastry.de", "sue@pastry.net", "ton@pastry.nl", "mia@pastry.de", "info@mail.de",
        "info@muster-werk.de", "info@meinverein.de", "info@emailhosting.de", "eva@web.de",
    ],
)  # fmt: skip
def test_an_address_that_only_resembles_a_sample_is_a_mailbox(address):
    assert emails(f"<p>{address}</p>") == [address]


ENCODED = "vasb@onxrel.pbz"  # info@bakery.com by half the alphabet


@pytest.mark.parametrize(
    ("method", "body"),
    [
        ("comments", "<p>info<!-- x -->@<!-- y -->bakery.com</p>"),
        ("comments", "<p>info<!-- > a@b.c < -->@bakery<!--y-->.com</p>"),
        ("comments", "<p>in<!-- no spam -->fo@bakery.com</p>"),
        ("comments", "<p>info@bakery.c<!-- - -- -->om</p>"),
        (
            "reversed",
            '<span style="unicode-bidi:bidi-override;direction:rtl">moc.yrekab@ofni</span>',
        ),
        ("reversed", '<bdo dir="rtl">moc.yrekab@ofni</bdo>'),
        ("reversed", '<span class="backwards">moc.yrekab@ofni</span>'),
        ("reversed", "<p>&#x202e;moc.yrekab@ofni&#x202c;</p>"),
        ("reversed", '<a data-mail="moc.yrekab@ofni">x</a>'),
        ("rot13", f'<span class="rot13">{ENCODED}</span>'),
        ("rot13", f'<a href="znvygb:{ENCODED}">x</a>'),
        ("rot13", f'<a data-rot13="{ENCODED}">x</a>'),
        ("rot13", f"<script>show('<n uers=\\'znvygb:{ENCODED}\\'>', 13)</script>"),
        (
            "script",
            '<script>document.write("<a href=\\"mailto:"+"info"+"@"+"bakery.com"+"\\">x</a>")'
            "</script>",
        ),
        (
            "script",
            "<script>var user = 'info', host = 'bakery' + '.' + 'com';\n"
            "el.innerHTML = '<a href=\"mailto:' + user + '@' + host + '\">' + user;</script>",
        ),
        (
            "script",
            "<script>var a='info'; var b='&#64;'; var c='bakery.com'; "
            "document.write(a+b+c)</script>",
        ),
        ("script", "<script>const m='mailto:'+['info','bakery.com'].join('@')</script>"),
        (
            "script",
            "<script>var a = new Array('info', 'bakery', 'com');"
            "document.write(a[0] + '@' + a[1] + '.' + a[2]);</script>",
        ),
        (
            "script",
            "<script>const u = 'info', h = 'bakery.com'; a.href = `mailto:${u}@${h}`;</script>",
        ),
        ("script", "<script>document.write(`info@${'bakery.com'}`)</script>"),
        (
            "script",
            "<script>document.write('info');document.write('@');document.write('bakery.com')"
            "</script>",
        ),
        (
            "script",
            "<script>document.write(String.fromCharCode("
            "105,110,102,111,64,98,97,107,101,114,121,46,99,111,109))</script>",
        ),
        ("script", "<script>location = 'mailto:' + atob('aW5mb0BiYWtlcnkuY29t')</script>"),
        (
            "script",
            "<script>el.href='mailto:'+'info[at]bakery.com'.replace('[at]', '@')</script>",
        ),
        (
            "script",
            "<a href=\"#\" onclick=\"location.href='mailto:'+'info'+'@'+'bakery.com'\">x</a>",
        ),
        (
            "script",
            "<a href=\"javascript:location='mailto:'+'info'+String.fromCharCode(64)"
            "+'bakery.com'\">x</a>",
        ),
        ("script", "<script>m = 'mailto:info' + '\\u0040' + 'bakery.com'</script>"),
        ("text", "<p>info<i></i>@bakery.com</p>"),
        ("text", "<p>info<span></span>@<b class='x'></b>bakery<i></i>.com</p>"),
        ("text", "<p>info<i></i><b class='x'></b>@bakery.com</p>"),
        ("obfuscated", "<p>Office</p><p>info @ bakery.com</p>"),
        ("obfuscated", '<b data-account="info" data-host="bakery" data-tld="com"></b>'),
        (
            "script",
            "<script>var m = ''; m += 'info'; m += '@'; m += 'bakery.com'; "
            "$('#m').text(m);</script>",
        ),
        (
            "obfuscated",
            '<joomla-hidden-mail first="aW5mbw==" last="YmFrZXJ5LmNvbQ==" text="x">'
            "</joomla-hidden-mail>",
        ),
    ],
)
def test_an_address_that_a_browser_puts_together_is_read_with_its_method(method, body):
    (contact,) = contacts(body)
    assert (contact.value, contact.method) == ("info@bakery.com", method)
    assert contact.confidence > 0.7
    assert contact.snippet


def test_an_address_of_another_domain_may_be_reversed_where_its_ending_is_long():
    assert emails('<a href="#" data-mail="moc.yrtsap@ofni">Write</a>') == ["info@pastry.com"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<div><a>000 000</a><a>eva@bakery.com</a></div>", "eva@bakery.com"),
        ("<div>6HT<a>eva@bakery.com</a></div>", "eva@bakery.com"),
        ("<p><b>Email</b><span>eva@pastry.net</span></p>", "eva@pastry.net"),
        ("<p>E-Maileva@bakery.com <a href='mailto:eva@bakery.com'>x</a></p>", "eva@bakery.com"),
        ("<p><b>E</b>va@bakery.com</p>", "eva@bakery.com"),
        ("<p><b>Eva</b><b>.Baker@bakery.com</b></p>", "eva.baker@bakery.com"),
        ("<p><b>Eva</b><b>Baker@bakery.com</b></p>", "evabaker@bakery.com"),
        ("<p>Write to <b>eva</b>baker@bakery.com</p>", "evabaker@bakery.com"),
    ],
)
def test_words_of_another_element_are_no_part_of_an_address(body, expected):
    assert emails(body) == [expected]


@pytest.mark.parametrize(
    "body",
    [
        "<script>var parts = mail.split('@'); if (a.indexOf('@') < 0) alert('x' + '@');</script>",
        '<script type="application/ld+json">{"@context":"https://schema.org","@type":"Thing"}</script>',
        "<style>@media print{a{b:c}} @font-face{} @import 'x.css';</style>",
        "<script>var x = 'user' + '@' + 'pastry.net';</script>",
        "<!-- <a href='mailto:old@pastry.net'>old</a> -->",
        "<p>de.refinnej@kcor</p>",
        "<p>Our team is @ bakery.com</p>",
        "<p>Lemmy: !bakery@lemmy.world</p>",
        "<p>Contact</p><p>@bakery.com</p>",
        "<p>\u0001k@L.Bi\u0002</p>",
    ],
)
def test_a_page_without_addresses_has_none(body):
    assert emails(body) == []


@pytest.mark.parametrize(
    "piece",
    [
        "a@", "@", "@a", '"@', "'+'@", "a@b.", "%40", "&#64;", "&commat;", "\\u0040", "<!--@",
        "-->@", "a@b<!--", "\\n@a.", "`${a}@${b}`", "<script>'a'+'@'", "document.write('@')",
        "String.fromCharCode(64,", "atob('aW5mb0Bi')", "@bidi-override", "znvygb:a@b.pbz",
        "ü@ü.", "用@户.", "ssh -p 1 ", "://a:", "mail: a @ b . c ", "name@firma.de ", "\u0301@",
        "<joomla-hidden-mail first='YQ==' ", "a&shy;@b&shy;.", "x@y.z:",
        "<a data-domain=", "Info@b.com ", "<i></i>@", "<i ></i>@a<b></b>", "new Array('a@b.com',",
        "<p itemprop=email>a@b.com", "<p class='vcard tel'>0221 4710123", "<a data-tld=",
        "<bdo a@b.", " -at- b -dot- ", "<a href=\"javascript:m('a',",
    ],
)  # fmt: skip
def test_hostile_pages_are_read_in_linear_time(piece):
    page = (piece * (300_000 // len(piece))).encode()
    started = time.process_time()
    read_page(page, URL, "text/html; charset=utf-8")
    assert time.process_time() - started < 4

"""How e-mail addresses are found, and what only looks like one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scans.engine.extractors.email_ciphers import from_hidden
from scans.engine.extractors.email_junk import kind_of
from scans.engine.extractors.email_links import from_hrefs
from scans.engine.extractors.email_spellings import from_obfuscated_text
from scans.engine.extractors.emails import FoundEmail, from_json_ld, from_text
from scans.engine.extractors.hints import hints_in
from scans.engine.extractors.page_emails import without_glued


def addresses(results) -> list[str]:
    return [email.address for email in results]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Write to info@bakery.co.uk.", "info@bakery.co.uk"),
        ("<INFO@Bakery.COM>", "info@bakery.com"),
        ("(anna.o'neil+web@my-bakery.museum)", "anna.o'neil+web@my-bakery.museum"),
        ("%20info@bakery.com", "info@bakery.com"),
        ("E-mail:info@bakery.comPhone 555", "info@bakery.com"),
        ("info@bakery.co.ukTel", "info@bakery.co.uk"),
        ("info@bakery.co.uk-Tel. 01539", "info@bakery.co.uk"),
        ("Write to info@bakery.com.We answer.", "info@bakery.com"),
        ("'info@bakery.com'", "info@bakery.com"),
        ("...info@bakery.com", "info@bakery.com"),
        ("info@müller.de", "info@müller.de"),
        ("22designs@bakery.com", "22designs@bakery.com"),
        ("info@shop.demo.test", "info@shop.demo.test"),
        ("email@small-town.org", "email@small-town.org"),
    ],
)
def test_an_address_in_text_is_found_without_what_surrounds_it(text, expected):
    assert addresses(from_text(text)) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "logo@2x.png",
        "image@3x.jpg.webp",
        "user@localhost",
        "a@b",
        "@handle",
        "you@example.com",
        "yourname@bakery.com",
        "info@yourdomain.com",
        "name@your-company.co.uk",
        "you@gmail.com",
        "605a7baede844d278b89dc95ae0a9123@sentry-next.wixpress.com",
        "0123456789abcdef0123456789abcdef@bakery.com",
        "https://lists.bakery.com/talk@bakery.com/msg1.html",
        "bootstrap@5.3.2",
        "jquery@3.7.1.min.js",
        "@media screen and (max-width: 600px)",
        "info@@bakery.com",
        "first..last@bakery.com",
        "info@bakery.nosuchending",
        "info@co.uk",
    ],
)
def test_what_only_looks_like_an_address_is_left_out(text):
    assert addresses(from_text(text)) == []


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        ("mailto:info@bakery.com", ["info@bakery.com"]),
        ("MAILTO:%20info@bakery.com", ["info@bakery.com"]),
        ("mailto:%69nfo%40bakery.com?subject=Hi%20a@b.com", ["info@bakery.com"]),
        ("mailto:info@bakery.com%3Fsubject=Hi", ["info@bakery.com"]),
        ("mailto:a@bakery.com,b@bakery.com", ["a@bakery.com", "b@bakery.com"]),
        ("mailto:a@bakery.com?cc=b@bakery.com&body=c@d.com", ["a@bakery.com", "b@bakery.com"]),
        ("mailto:Bakery <info@bakery.com>", ["info@bakery.com"]),
        ("mailto://info@bakery.com", ["info@bakery.com"]),
        ("mailto:info[at]bakery.com", ["info@bakery.com"]),
        ("mailto:?subject=Look", []),
        ("https://x.com/?u=info@bakery.com", []),
    ],
)
def test_a_mailto_link_names_its_receivers(href, expected):
    assert addresses(from_hrefs([(href, "Write")])) == expected


@pytest.mark.parametrize(
    ("href", "host", "expected"),
    [
        ("javascript:mailTo('info', 'bakery.com')", "", ["info@bakery.com"]),
        ('javascript:void sendMail("info","bakery","com");', "", ["info@bakery.com"]),
        ("javascript:write('info','bakery.com')", "www.bakery.com", ["info@bakery.com"]),
        ("javascript:write('info','pastry.com')", "www.bakery.com", []),
        ("javascript:open('info','menu')", "www.bakery.com", []),
        ("javascript:mailTo(user, host)", "www.bakery.com", []),
    ],
)
def test_a_link_may_hand_an_address_to_a_script(href, host, expected):
    assert [(email.address, email.method) for email in from_hrefs([(href, "Write")], host)] == [
        (address, "script") for address in expected
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Follow us on Instagraminfo@bakery.com", ["info@bakery.com"]),
        ("Write to webinfo@bakery.com", ["info@bakery.com", "webinfo@bakery.com"]),
        ("Emailinfo@pastry.com", ["info@bakery.com", "emailinfo@pastry.com"]),
    ],
)
def test_a_word_stuck_to_a_linked_address_makes_no_other_one(text, expected):
    results = [*from_hrefs([("mailto:info@bakery.com", "Write")]), *from_text(text)]
    assert addresses(without_glued(results, "")) == expected


@pytest.mark.parametrize(
    "text",
    [
        "info [at] bakery [dot] com",
        "info(at)bakery.com",
        "info (at) bakery (dot) com",
        "info{at}bakery.com",
        "info [AT] bakery [DOT] com",
        "info at bakery dot com",
        "info AT bakery DOT com",
        "info[ät]bakery[punkt]com",
        "info[[at]]bakery.com",
        "info [ad] bakery (ponto) com",
        "E-mail: info @ bakery.com",
        "Mail us: info@ bakery.com",
        "info -at- bakery -dot- com",
        "info *AT* bakery *DOT* com",
        "info[apenstaartje]bakery(punt)com",
        "info (Klammeraffe) bakery.com",
    ],
)
def test_an_address_spelt_for_people_is_read(text):
    assert set(addresses(from_obfuscated_text(text))) == {"info@bakery.com"}


@pytest.mark.parametrize("at", ["[at]", " (at) ", " [at] "])
def test_each_spelt_address_of_a_list_is_read(at):
    text = f"Shop: shop{at}bakery.com\nPress: press{at}bakery.com\nJobs: jobs{at}bakery.com"
    assert addresses(from_obfuscated_text(text)) == [
        "shop@bakery.com",
        "press@bakery.com",
        "jobs@bakery.com",
    ]


@pytest.mark.parametrize(
    "text",
    ["Look at example.com", "meet us @ bakery.com", "5 at once dot", "arrive at noon (at gate)"],
)
def test_ordinary_words_are_no_spelt_address(text):
    assert addresses(from_obfuscated_text(text)) == []


def hidden(html: str) -> list[FoundEmail]:
    return list(from_hidden(html, hints_in(html.encode())))


def cloudflare(address: str, key: int = 0x5A) -> str:
    return bytes([key, *(byte ^ key for byte in address.encode())]).hex()


@pytest.mark.parametrize(
    "markup",
    [
        '<a class="__cf_email__" data-cfemail="{}">[email protected]</a>',
        '<a href="/cdn-cgi/l/email-protection#{}">',
    ],
)
def test_an_address_that_cloudflare_protects_is_decoded(markup):
    (results,) = hidden(markup.format(cloudflare("info@bakery.com")))
    assert (results.address, results.method) == ("info@bakery.com", "cloudflare")


@pytest.mark.parametrize("code", ["zz", "5a", "5a5", "ff" * 200])
def test_a_broken_cloudflare_code_yields_nothing(code):
    assert addresses(hidden(f'<a data-cfemail="{code}">')) == []


@pytest.mark.parametrize(
    "markup",
    [
        # TYPO3 shifts by a width of the site's choice: here by +1 and by -3, and by +2 without
        # wrapping round at the end of the alphabet.
        "<a href=\"javascript:linkTo_UnCryptMailto('nbjmup+jogpAcblfsz/dpn');\">",
        '<a href="#" data-mailto-token="jxfiql7fkclXyxhbov+zlj" data-mailto-vector="-3">',
        r"<a href=\"javascript:linkTo_UnCryptMailto('nbjmup+jogpAcblfsz\/dpn');\">",
        "<a href=\"javascript:linkTo_UnCryptMailto('ocknvq&lt;kphqBdcmgt{0eqo');\">",
        "<script>var addy12 = 'i&#110;f&#111;' + '&#64;';\n"
        "addy12 = addy12 + 'b&#97;k&#101;ry' + '&#46;' + 'c&#111;m';</script>",
        '<span data-enc-email="vasb[at]onxrel.pbz">',
        '<a class="mail" data-domain="bakery.com" data-user="info"></a>',
        '<span data-name="info" data-domain="bakery" data-tld="com"></span>',
    ],
    ids=["typo3", "token", "escaped typo3", "old typo3", "joomla", "wordpress", "style", "tld"],
)
def test_an_address_that_a_script_uncovers_is_decoded(markup):
    assert addresses(hidden(markup)) == ["info@bakery.com"]


def test_the_domain_of_a_script_s_customer_is_no_address():
    assert addresses(hidden('<script data-domain="bakery.com" data-name="x"></script>')) == []


def test_an_address_in_json_ld_is_found_at_any_depth():
    page = [{"@type": "Bakery", "contactPoint": [{"email": ["mailto:info@bakery.com", None]}]}]
    assert addresses(from_json_ld(page)) == ["info@bakery.com"]


def test_a_find_carries_the_words_around_it():
    (results,) = from_text("Our bakers answer: info@bakery.com, every day")
    assert results.snippet == "Our bakers answer: info@bakery.com, every day"
    assert results.confidence > 0.9


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("anna@bakery.com", "corporate"),
        ("anna@mail.bakery.com", "corporate"),
        ("info@bakery.com", "service"),
        ("sales.europe@partner.com", "service"),
        ("anna@gmail.com", "free"),
        ("info@gmail.com", "free"),
        ("anna@partner.com", "unknown"),
    ],
)
def test_the_kind_of_an_address_tells_who_reads_it(address, kind):
    assert kind_of(address, "www.bakery.com") == kind


@given(st.text(alphabet="a@. [at]()dotDOT%-\n1") | st.text())
def test_reading_addresses_never_raises(text):
    for email in (
        *from_text(text),
        *from_obfuscated_text(text),
        *from_hrefs([("mailto:" + text, text)]),
        *hidden(f"data-cfemail='{text}' UnCryptMailto('{text}') var addy1 = '{text}';"),
    ):
        assert email.address.count("@") == 1
        assert email.address == email.address.lower()

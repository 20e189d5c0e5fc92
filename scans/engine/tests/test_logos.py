"""Which image of a page is the site's logo, and which of its files visitors see."""

import time

import pytest

from scans.engine.extractors import read_page

URL = "https://www.muster-kessel.de/"


def logo_of(body: str, url: str = URL, title: str = "") -> str:
    page = f"<html><title>{title}</title><body>{body}"
    return read_page(page.encode(), url, "text/html").logo_url


@pytest.mark.parametrize(
    "image",
    [
        '<img class="logo" src="/l.png">',
        '<img id="siteLogo" src="/l.png">',
        '<img class="header__logo-img" src="/l.png">',
        '<img class="navbarlogo" src="/l.png">',
        '<img alt="Muster Kessel Logo" src="/l.png">',
        '<img alt="Logotipo de Muster" src="/l.png">',
        '<img title="Logo: Muster" src="/l.png">',
        '<a class="SiteLogo" href="/start"><img src="/l.png"></a>',
        '<div class="logo_box"><span><img src="/l.png"></span></div>',
    ],
)
def test_an_image_that_is_named_a_logo_is_the_logo(image):
    assert logo_of(f'<img src="/first.jpg">{image}') == "https://www.muster-kessel.de/l.png"


@pytest.mark.parametrize(
    "name",
    ["logo.png", "muster-logo.svg", "logo2x.png", "LogoWeiss.png", "musterkessellogo.png"],
)
def test_a_file_that_is_named_a_logo_is_the_logo(name):
    url = logo_of(f'<img src="/first.jpg"><img src="/img/{name}">')
    assert url == f"https://www.muster-kessel.de/img/{name}"


@pytest.mark.parametrize(
    "image",
    [
        '<img src="/img/psicologo-roma.jpg" alt="Psicologo a Roma">',
        '<img src="/img/catalogo.jpg" alt="Catálogo 2026">',
        '<img src="/ginecologo.jpg">',
        '<img src="/analogon.jpg" alt="Analogon">',
        '<img alt="Cata\u0301logo" src="/x.jpg">',
        '<img alt="Dialogo con i clienti" src="/x.jpg">',
        '<img alt="Praxis für Logopädie" src="/x.jpg">',
        '<img alt="Logopeda Kraków" src="/x.jpg">',
        '<a class="logout" href="/logout"><img src="/door.png"></a>',
        '<a class="logowanie" href="/konto"><img src="/door.png"></a>',
        '<div class="monologos"><img src="/x.jpg"></div>',
        '<div class="partner-logos"><img src="/partner.png"></div>',
        '<img src="https://logo-designer.example/img/cat.jpg">',
    ],
)
def test_a_word_that_merely_holds_the_letters_names_no_logo(image):
    assert logo_of(image) == ""


def test_the_name_of_the_site_may_be_joined_to_the_word():
    image = '<img src="/psicologo.jpg"><img src="/rootslogo_color.png">'
    assert logo_of(image, title="Roots Canada").endswith("/rootslogo_color.png")
    assert logo_of(image, title="Branches") == ""


def test_a_logo_that_links_to_the_homepage_goes_before_the_others():
    award = '<img class="award-logo" src="/award.png">'
    own = '<a href="/"><img class="logo" src="/own.png"></a>'
    assert logo_of(award + own) == "https://www.muster-kessel.de/own.png"


HEADER = '<header><a href="/"><img src="/own.png" alt="Muster Kessel"></a></header>'


@pytest.mark.parametrize(
    "others",
    [
        '<section class="clients"><img src="/img/acme-logo.png"></section>',
        '<div id="unsereKunden"><p><img class="logo" src="/img/acme.png"></p></div>',
        '<img src="/partners/acme-logo.png">',
        '<img alt="Logo sponsor Acme" src="/img/acme.png">',
        '<a href="https://acme.example/"><img class="logo" src="/img/acme.png"></a>',
    ],
)
def test_the_image_of_the_header_goes_before_the_logos_of_others(others):
    assert logo_of(others + HEADER) == "https://www.muster-kessel.de/own.png"
    assert logo_of(HEADER + others) == "https://www.muster-kessel.de/own.png"


def test_a_home_icon_in_the_header_is_no_logo():
    header = '<header><a href="/"><img src="/img/home-icon.png"></a></header>'
    assert logo_of(header) == ""


def test_a_logo_in_the_header_goes_before_one_in_the_text():
    text = '<p><img src="/img/iso-logo.png"></p>'
    header = '<div class="masthead"><img class="logo" src="/own.png"></div>'
    assert logo_of(text + header) == "https://www.muster-kessel.de/own.png"


def test_a_logo_that_links_to_another_site_is_the_last_choice():
    seal = '<a href="https://seal.example/"><img class="logo" src="/seal.png"></a>'
    own = '<p><img class="logo" src="/own.png"></p>'
    assert logo_of(seal + own) == "https://www.muster-kessel.de/own.png"
    assert logo_of(seal) == "https://www.muster-kessel.de/seal.png"


STAND_INS = [
    "data:image/gif;base64,R0lGODlhAQABAAAAACw=",
    "/img/blank.gif",
    "/wp-content/placeholder-1x1.png",
    "/spacer.gif?v=2",
    "",
]


@pytest.mark.parametrize("stand_in", STAND_INS)
@pytest.mark.parametrize(
    "lazy",
    [
        'data-src="/l.png"',
        'data-lazy-src="/l.png"',
        'data-original="/l.png"',
        'data-cfsrc="/l.png"',
        'data-srcset="/small.png 320w, /l.png 640w"',
        'srcset="/l.png"',
        'srcset="/small.png 1x,/l.png 2x"',
        'srcset="/l.png 2x, /small.png 1.5x"',
    ],
)
def test_a_lazily_loaded_logo_is_the_file_that_is_loaded(stand_in, lazy):
    image = f'<a href="/"><img class="logo" src="{stand_in}" {lazy}></a>'
    assert logo_of(image) == "https://www.muster-kessel.de/l.png"


@pytest.mark.parametrize("name", ["data-lazy-src", "data-cfsrc", "data-ll-src"])
def test_an_attribute_of_a_lazy_loading_script_goes_before_any_source(name):
    image = f'<a href="/"><img class="logo" src="/ph.svg" {name}="/l.png"></a>'
    assert logo_of(image) == "https://www.muster-kessel.de/l.png"


def test_a_blurred_preview_gives_way_to_the_image_that_replaces_it():
    image = '<img class="logo lazyload" src="/l-20px.jpg" data-src="/l.png">'
    assert logo_of(image) == "https://www.muster-kessel.de/l.png"


def test_an_image_that_is_shown_at_once_is_taken_as_it_is():
    image = '<img class="logo" src="/l.png" srcset="/l2.png 2x" data-src="/sticky.png">'
    assert logo_of(image) == "https://www.muster-kessel.de/l.png"


def test_the_source_of_a_picture_stands_for_its_image():
    picture = (
        '<picture class="logo"><source data-srcset="/l.webp 1x">'
        '<img src="data:image/svg+xml,x"></picture>'
    )
    assert logo_of(picture) == "https://www.muster-kessel.de/l.webp"


def test_a_logo_outside_a_script_s_reach_is_read_from_noscript():
    image = '<noscript><img class="logo" src="/l.png"></noscript>'
    assert logo_of(image) == "https://www.muster-kessel.de/l.png"


def test_an_image_set_without_end_is_read_in_linear_time():
    started = time.process_time()
    logo_of("".join(f'<img class=logo srcset="{"," * 9_000}{"a" * 9_000},">' for _ in range(60)))
    assert time.process_time() - started < 2

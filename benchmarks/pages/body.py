"""The body of a generated page: menus, sections, a footer with contacts, inlined data."""

import json
from random import Random

from benchmarks.pages.business import Business
from benchmarks.pages.words import SECTIONS, WORDS, paragraph, sentence, words

ICON = (
    '<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="M12 2C6.48 2 2 6.48 2'
    " 12s4.48 10 10 10 10-4.48 10-10S17.52 2 12 2zm-1 17.93c-3.95-.49-7-3.85-7-7.93 0-.62.08-1.21.2"
    'L9 15v1c0 1.1.9 2 2 2v1.93z"/></svg>'
)


def _slug(random: Random, count: int) -> str:
    return "-".join(random.sample(WORDS, count))


def menu(random: Random) -> str:
    """Return a menu of two levels: 20 to 90 links."""
    items = []
    for section in random.sample(SECTIONS, random.randint(5, 9)):
        below = "".join(
            f'<li class="menu-item menu-item-type-post_type menu-item-{random.randint(10, 9999)}">'
            f'<a href="/{section}/{_slug(random, 2)}/">{words(random, 1, 3)}</a></li>'
            for _ in range(random.randint(3, 9))
        )
        items.append(
            f'<li class="menu-item menu-item-has-children"><a href="/{section}/">'
            f'{section.title()}</a><ul class="sub-menu">{below}</ul></li>'
        )
    items.append('<li class="menu-item"><a href="/contact/">Contact</a></li>')
    return f'<nav class="main-navigation" id="site-navigation"><ul>{"".join(items)}</ul></nav>'


def section(random: Random, images: str) -> str:
    """Return a section of cards, about 5 KB: much markup around few words, as by page builders.

    `images` is the folder of the site's pictures.
    """
    cards = "".join(_card(random, images) for _ in range(random.randint(2, 5)))
    return (
        f'<section class="elementor-section elementor-top-section elementor-element '
        f'elementor-element-{_id(random)} elementor-section-boxed elementor-section-height-default"'
        f' data-id="{_id(random)}" data-element_type="section" data-settings="{{&quot;background'
        f'_background&quot;:&quot;classic&quot;,&quot;stretch_section&quot;:&quot;yes&quot;}}">'
        '<div class="elementor-container elementor-column-gap-default elementor-reversed-mobile">'
        f'<h2 class="elementor-heading-title elementor-size-default">{_title(random)}</h2>'
        f"<p>{paragraph(random)}</p>{cards}</div></section>\n"
    )


def _card(random: Random, images: str) -> str:
    slug = _slug(random, 3)
    image = f"{images}/2024/{random.randint(1, 12):02d}/{slug}"
    sizes = "".join(f"{image}-{w}x{w * 2 // 3}.jpg {w}w, " for w in (300, 768))
    return (
        '<div class="elementor-column elementor-col-33 elementor-inner-column elementor-element '
        f'elementor-element-{_id(random)} animated-slow" data-id="{_id(random)}" '
        'data-element_type="column" data-e-type="column"><div class="elementor-widget-wrap '
        'elementor-element-populated"><figure class="card__media wp-block-image size-large">'
        f'<img loading="lazy" decoding="async" width="640" height="420" src="{image}-640x420.jpg" '
        f'class="attachment-large size-large wp-image-{random.randint(10, 9999)}" '
        f'alt="{words(random, 2, 4)}" srcset="{sizes}{image}.jpg 2560w" '
        f'sizes="(max-width: 640px) 100vw, 640px"></figure>{ICON if random.random() < 0.5 else ""}'
        f'<h3 class="elementor-icon-box-title"><span>{_title(random)}</span></h3>'
        f'<p class="elementor-icon-box-description">{sentence(random)}</p>'
        '<div class="elementor-button-wrapper"><a class="elementor-button elementor-button-link '
        f'elementor-size-sm" href="/{random.choice(SECTIONS)}/{slug}/">'
        '<span class="elementor-button-content-wrapper"><span class="elementor-button-text">'
        "Read more</span></span></a></div></div></div>"
    )


def _title(random: Random) -> str:
    return words(random, 2, 5).title()


def _id(random: Random) -> str:
    return f"{random.randrange(16**7):07x}"


def contact_block(business: Business) -> str:
    """Return the block of a contact page: address, telephone, fax, e-mails."""
    return f"""<section class="contact-details"><h2>How to reach us</h2>
<address>{business.name}<br>{business.street}<br>{business.postcode} {business.town}</address>
<p>Phone: {business.phone}<br>Fax: {business.fax}<br>
E-mail: <a href="mailto:{business.email}">{business.email}</a></p>
<p>Orders: {business.sales_email}. Apprenticeships: jobs [at] {business.handle} [dot] com</p>
<form class="wpcf7-form init" method="post" action="/contact/#wpcf7-f12-o1"><input name="your-name">
<input type="email" name="your-email"><textarea name="your-message"></textarea></form></section>
"""


def footer(random: Random, business: Business) -> str:
    """Return the footer: contacts, profiles on social networks, legal pages."""
    digits = "".join(character for character in business.phone if character in "+0123456789")
    email = f'<a href="mailto:{business.email}">{business.email}</a>'
    if business.has_cloudflare_email:
        email = (
            f'<a href="/cdn-cgi/l/email-protection" data-cfemail="{_cipher(business.email)}">*</a>'
        )
    links = "".join(
        f'<li><a href="/{random.choice(SECTIONS)}/{_slug(random, 2)}/">'
        f"{words(random, 1, 3)}</a></li>"
        for _ in range(random.randint(8, 25))
    )
    return f"""<footer class="site-footer" id="colophon"><div class="footer-widgets">
<p>{business.name}, {business.street}, {business.postcode} {business.town}</p>
<p><a href="tel:{digits}">{business.phone}</a> {email}</p><ul class="footer-menu">{links}</ul>
<a href="https://www.facebook.com/{business.handle}" rel="noopener">Facebook</a>
<a href="https://www.instagram.com/{business.handle.replace("-", "_")}/">Instagram</a>
<a href="https://www.linkedin.com/company/{business.handle}">LinkedIn</a>
<a href="https://www.facebook.com/sharer/sharer.php?u=x">Share</a>
<p>&copy; 2024 {business.name}. <a href="/privacy-policy/">Privacy</a>
<a href="/imprint/">Imprint</a></p></div></footer>"""


def _cipher(email: str) -> str:
    return "5a" + "".join(f"{byte ^ 0x5A:02x}" for byte in email.encode())


def scripts(random: Random) -> str:
    """Return the data that themes embed for their scripts, 1 to 12 KB."""
    settings = {
        f"{word}_{n}": {"id": random.randrange(10**6), "label": words(random, 2, 6), "on": True}
        for n, word in enumerate(random.choices(WORDS, k=random.randint(12, 140)))
    }
    return (
        f'<script id="theme-js-extra">var themeSettings = {json.dumps(settings)};</script>\n'
        '<script src="/assets/js/theme.min.js?ver=4.8.4" id="theme-js"></script>'
    )

"""The head of a generated page: metadata, styles and scripts of common technologies."""

import json
from random import Random

from benchmarks.pages.business import Business
from benchmarks.pages.words import WORDS, sentence

WORDPRESS = """
<link rel="stylesheet" href="/wp-includes/css/dist/block-library/style.min.css?ver=6.7.1">
<link rel="stylesheet" href="/wp-content/themes/astra/assets/css/minified/main.min.css?ver=4.8">
<link rel="stylesheet" href="/wp-content/plugins/contact-form-7/includes/css/styles.css?ver=6.0">
<link rel="stylesheet" href="/wp-content/plugins/elementor/assets/css/frontend.min.css?ver=3.25">
<script src="/wp-includes/js/jquery/jquery.min.js?ver=3.7.1" id="jquery-core-js"></script>
<!-- This site is optimized with the Yoast SEO plugin v23.9 - https://yoast.com/wordpress/ -->
<link rel="https://api.w.org/" href="/wp-json/"><link rel="EditURI" href="/xmlrpc.php?rsd">"""
PLAIN = """
<link rel="stylesheet" href="https://cdn.jsdelivr.net/npm/bootstrap@5.3.3/dist/css/bootstrap.min.css">
<script src="https://code.jquery.com/jquery-3.7.1.min.js"></script>
<script src="/assets/js/main.bundle.js?v=184" defer></script>"""
ANALYTICS = """
<script async src="https://www.googletagmanager.com/gtag/js?id=G-{id}"></script>
<script>window.dataLayer=window.dataLayer||[];function gtag(){{dataLayer.push(arguments)}}
gtag('js',new Date());gtag('config','G-{id}');</script>"""
TAG_MANAGER = """
<script>(function(w,d,s,l,i){{w[l]=w[l]||[];w[l].push({{'gtm.start':new Date().getTime(),
event:'gtm.js'}});var f=d.getElementsByTagName(s)[0],j=d.createElement(s);j.async=true;
j.src='https://www.googletagmanager.com/gtm.js?id='+i;f.parentNode.insertBefore(j,f);
}})(window,document,'script','dataLayer','GTM-{id}');</script>"""
CONSENT = """
<script id="Cookiebot" src="https://consent.cookiebot.com/uc.js" data-cbid="{id}"></script>"""
FONTS = """
<link rel="preconnect" href="https://fonts.gstatic.com" crossorigin>
<link rel="stylesheet" href="https://fonts.googleapis.com/css2?family=Inter:wght@400;600">"""


def head(random: Random, business: Business, title: str) -> str:
    """Return the <head> of a page."""
    description = sentence(random)
    generator = f'<meta name="generator" content="{business.generator}">'
    return f"""<head>
<meta charset="UTF-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} | {business.name}</title>
<meta name="description" content="{description}">
<meta name="robots" content="index, follow, max-image-preview:large">
<meta property="og:title" content="{title}"><meta property="og:description" content="{description}">
<meta property="og:type" content="website"><meta property="og:site_name" content="{business.name}">
<meta property="og:image" content="/images/share.jpg"><meta name="twitter:card" content="summary">
<link rel="icon" href="/favicon.ico" sizes="32x32"><link rel="canonical" href="/">
<link rel="alternate" type="application/rss+xml" title="{business.name}" href="/feed/">
{generator if business.generator else ""}{_technologies(random, business)}
<style>{_styles(random)}</style>
{_json_ld(business) if business.has_json_ld else ""}</head>"""


def _technologies(random: Random, business: Business) -> str:
    parts = [WORDPRESS if business.is_wordpress else PLAIN]
    for script, share in ((ANALYTICS, 0.7), (TAG_MANAGER, 0.5), (CONSENT, 0.3), (FONTS, 0.6)):
        if random.random() < share:
            parts.append(script.format(id=f"{random.randrange(16**8):08X}"))
    return "".join(parts)


def _styles(random: Random) -> str:
    """Return inlined styles of 2 to 16 KB, as optimising plugins write them."""
    rules = (
        f".wp-block-{word}-{n}{{margin:0 auto {n % 40}px;padding:{n % 24}px;color:#{n * 7919:06x}}}"
        for n, word in enumerate(random.choices(WORDS, k=random.randint(25, 200)))
    )
    return "".join(rules)


def _json_ld(business: Business) -> str:
    organisation = {
        "@type": "LocalBusiness",
        "name": business.name,
        "telephone": business.phone,
        "email": business.email,
        "address": {
            "@type": "PostalAddress",
            "streetAddress": business.street,
            "addressLocality": business.town,
            "postalCode": business.postcode,
            "addressCountry": business.country,
        },
        "sameAs": [f"https://www.facebook.com/{business.handle}"],
    }
    site = {"@type": "WebSite", "name": business.name, "potentialAction": {"@type": "SearchAction"}}
    graph = {"@context": "https://schema.org", "@graph": [organisation, site]}
    return f'<script type="application/ld+json">{json.dumps(graph)}</script>'

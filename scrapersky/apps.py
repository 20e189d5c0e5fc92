"""The app config of Django's admin, with the console's own site."""

from django.contrib.admin import apps


class ConsoleAdminConfig(apps.SimpleAdminConfig):
    """Make `ConsoleAdminSite` the default admin site.

    Only `scrapersky.admin_urls` loads the admin classes, so that commands and workers start faster.
    """

    default = False  # it configures django.contrib.admin, not this package
    default_site = "scrapersky.admin_site.ConsoleAdminSite"

"""The application of Django's admin, with the console's own index."""

from django.contrib.admin import apps


class ConsoleAdminConfig(apps.SimpleAdminConfig):
    """Use `ConsoleAdminSite` wherever code says `admin.site`.

    Only `scrapersky.urls` loads the admin's classes: commands and workers start without them.
    """

    default = False  # it configures django.contrib.admin, not this package
    default_site = "scrapersky.admin_site.ConsoleAdminSite"

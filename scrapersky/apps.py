"""The application of Django's admin, with the console's own index."""

from django.contrib.admin import apps


class ConsoleAdminConfig(apps.AdminConfig):
    """Use `ConsoleAdminSite` wherever code says `admin.site`."""

    default = False  # it configures django.contrib.admin, not this package
    default_site = "scrapersky.admin_site.ConsoleAdminSite"

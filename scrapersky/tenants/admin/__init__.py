"""The admin of accounts, groups, tenants, memberships, API tokens and login delays."""

from django.contrib import admin

from scrapersky.tenants.admin import accounts, groups, login_delays, tenants, tokens

__all__ = ["accounts", "groups", "login_delays", "tenants", "tokens"]

admin.site.site_header = "ScraperSky"
admin.site.site_title = "ScraperSky admin"
admin.site.index_title = "Everything that is stored"
admin.site.empty_value_display = "-"

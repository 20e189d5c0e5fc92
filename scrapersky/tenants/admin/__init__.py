"""The admin of accounts, groups, tenants, memberships, sessions, API tokens and login delays."""

from django.contrib import admin

from scrapersky.tenants.admin import (
    access_rows,
    accounts,
    groups,
    login_delays,
    preferences,
    tenants,
)

__all__ = ["access_rows", "accounts", "groups", "login_delays", "preferences", "tenants"]

admin.site.site_header = "ScraperSky"
admin.site.site_title = "ScraperSky admin"
admin.site.index_title = "Administration"
admin.site.empty_value_display = "-"

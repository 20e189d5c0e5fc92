from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "scrapersky.tenants"
    label = "tenants"
    verbose_name = "Accounts"

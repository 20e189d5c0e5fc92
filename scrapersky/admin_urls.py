"""Addresses of the admin; importing this loads the admin's classes."""

from django.contrib import admin

admin.autodiscover()
urlpatterns = admin.site.get_urls()

"""Addresses of what was found."""

from django.urls import path

from scans.views import domains, sitemaps

urlpatterns = [
    path("domains/", domains.domain_list, name="domain_list"),
    path("domains/sitemaps/", sitemaps.domain_sitemaps_chosen, name="domain_sitemaps_chosen"),
    path("domains/<uuid:pk>/", domains.domain_detail, name="domain_detail"),
    path("domains/<uuid:pk>/sitemaps/", sitemaps.domain_sitemaps, name="domain_sitemaps"),
]

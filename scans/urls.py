"""Addresses of what was found."""

from django.urls import path

from scans.views import domains

urlpatterns = [
    path("domains/", domains.domain_list, name="domain_list"),
    path("domains/<uuid:pk>/", domains.domain_detail, name="domain_detail"),
]

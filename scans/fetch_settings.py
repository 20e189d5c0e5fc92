"""Fetch settings from Django's settings."""

from django.conf import settings

from scans.engine.limits import FetchSettings


def fetch_settings() -> FetchSettings:
    """Return the settings shared by every fetch of this installation."""
    return FetchSettings(
        user_agent=settings.USER_AGENT,
        allowed_networks=settings.SCAN_ALLOWED_NETWORKS,
        mapped_networks=settings.SCAN_MAPPED_NETWORKS,
        host_map=settings.SCAN_HOST_MAP,
        dns_servers=settings.SCAN_DNS_SERVERS,
        allow_any_port=settings.SCAN_ALLOW_ANY_PORT,
        ca_file=settings.SCAN_CA_FILE,
    )

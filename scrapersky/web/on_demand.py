"""Addresses whose module is imported when one of them is first needed.

Django's `include` imports it at once. The admin and the API take as long to load as all pages
together, and the login page needs neither.
"""

from django.urls import URLResolver
from django.urls.resolvers import RoutePattern


class OnDemand(URLResolver):
    """Include the addresses of a module under a route, in a namespace."""

    def __init__(self, route: str, module: str, *, app_name: str, namespace: str) -> None:
        pattern = RoutePattern(route, is_endpoint=False)
        super().__init__(pattern, module, app_name=app_name, namespace=namespace)

    def _populate(self) -> None:
        """Collect no names: Django does so before the first link, and looks these up elsewhere.

        A link into a namespace is made by a resolver of its own, from `url_patterns`.
        """

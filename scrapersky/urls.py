"""All URLs of the console."""

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LogoutView
from django.urls import include, path
from django.views.generic import RedirectView

from scrapersky.health import healthz
from scrapersky.tenants.views.login import ConsoleLoginView
from scrapersky.web.lists import saved_views
from scrapersky.web.lists.views import list_columns
from scrapersky.web.on_demand import OnDemand

handler500 = "scrapersky.web.database_errors.error_page"

urlpatterns = [
    path("login/", ConsoleLoginView.as_view(), name="login"),
    path("logout/", login_not_required(LogoutView.as_view()), name="logout"),
    path("healthz", login_not_required(healthz), name="healthz"),
    # The admin uses the console's login and logout, where attempts are limited and sessions end.
    path("admin/login/", ConsoleLoginView.as_view()),
    path("admin/logout/", login_not_required(LogoutView.as_view())),
    path("admin/password_change/", RedirectView.as_view(pattern_name="account")),
    OnDemand("admin/", "scrapersky.admin_urls", app_name="admin", namespace="admin"),
    path("account/", include("scrapersky.tenants.urls")),
    OnDemand("api/v3/", "scrapersky.api", app_name="ninja", namespace="api"),
    path("columns/<slug:name>/", list_columns, name="list_columns"),
    path("views/", saved_views.view_list, name="view_list"),
    path("views/save/<slug:name>/", saved_views.view_create, name="view_create"),
    path("views/<uuid:pk>/", saved_views.view_open, name="view_open"),
    path("views/<uuid:pk>/update/", saved_views.view_update, name="view_update"),
    path("views/<uuid:pk>/delete/", saved_views.view_delete, name="view_delete"),
    path("views/<uuid:pk>/first/", saved_views.view_first, name="view_first"),
    path("", include("batches.urls")),
    path("", include("scans.urls")),
]

"""URLs of the account page."""

from django.urls import path

from scrapersky.tenants.views import account

urlpatterns = [
    path("", account.account, name="account"),
    path("profile/", account.profile, name="account_profile"),
    path("regional/", account.regional, name="account_regional"),
    path("shortcuts/", account.shortcuts, name="account_shortcuts"),
    path("password/", account.password, name="account_password"),
    path("sessions/<uuid:pk>/end/", account.session_end, name="account_session_end"),
    path("sessions/end-others/", account.sessions_end_others, name="account_sessions_end_others"),
    path("tokens/new/", account.token_create, name="account_token_create"),
    path("tokens/<uuid:pk>/revoke/", account.token_revoke, name="account_token_revoke"),
]

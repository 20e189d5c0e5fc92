"""The account page: profile, password, sessions and API tokens of the logged-in user."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe

from scrapersky.tenants.account_forms import (
    PasswordForm,
    ProfileForm,
    RegionalForm,
    TokenForm,
)
from scrapersky.tenants.login_delays import attempt_succeeded, begin_attempt
from scrapersky.tenants.models import ApiToken, Membership, User, UserSession
from scrapersky.tenants.services import end_access_elsewhere
from scrapersky.tenants.sessions import end_other_sessions, end_sessions, open_sessions
from scrapersky.web.access import own_account
from scrapersky.web.client_address import client_address
from scrapersky.web.http import ConsoleRequest, control_of
from scrapersky.web.regional import browser_time_zone

YEAR = 365 * 24 * 3600


@own_account
@require_safe
def account(request: ConsoleRequest) -> HttpResponse:
    """Show the account."""
    return _page(request)


@own_account
@control_of("account")
def profile(request: ConsoleRequest) -> HttpResponse:
    """Change name and e-mail address."""
    # A copy, so that the page shows the stored name while the form shows the input.
    form = ProfileForm(request.POST, instance=User.objects.get(pk=request.user.pk))
    if not form.is_valid():
        return _page(request, profile_form=form)
    form.save()
    messages.success(request, "Your profile is saved.")
    return redirect("account")


@own_account
@control_of("account")
def regional(request: ConsoleRequest) -> HttpResponse:
    """Change the time zone and the number format."""
    form = RegionalForm(request.POST, instance=User.objects.get(pk=request.user.pk))
    if not form.is_valid():
        return _page(request, regional_form=form)
    form.save()
    messages.success(request, "Your time zone and number format are saved.")
    return redirect("account")


@own_account
@control_of("account")
def shortcuts(request: ConsoleRequest) -> HttpResponse:
    """Switch the keyboard shortcuts on or off in this browser."""
    state = "off" if request.POST.get("shortcuts") == "off" else "on"
    response = redirect(reverse("account") + "#keyboard")
    response.set_cookie("shortcuts", state, max_age=YEAR, samesite="Lax")
    messages.success(request, f"Keyboard shortcuts are {state} in this browser.")
    return response


@own_account
@control_of("account")
@sensitive_post_parameters()
def password(request: ConsoleRequest) -> HttpResponse:
    """Change the password, log out everywhere else, and revoke API tokens on request.

    Guessing the old password is delayed as at the login.
    """
    name, address = request.user.get_username(), client_address(request)
    if wait := begin_attempt(name, address):
        messages.error(request, f"Too many wrong passwords. Try again in {wait} s.")
        return redirect("account")
    form = PasswordForm(request.user, request.POST)
    is_valid = form.is_valid()
    if "old_password" not in form.errors:
        attempt_succeeded(name, address)
    if not is_valid:
        return _page(request, password_form=form)
    user = form.save()
    update_session_auth_hash(request, user)
    ended = end_access_elsewhere(
        user, keep=request.session.session_key, revoke_tokens=form.cleaned_data["revoke_tokens"]
    )
    messages.success(request, f"Your password is changed. {ended}")
    return redirect("account")


@own_account
@control_of("account")
def session_end(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """End one session of the user."""
    row = get_object_or_404(UserSession, user=request.user, pk=pk)
    if row.session_id == request.session.session_key:
        logout(request)
        return redirect("login")
    end_sessions(UserSession.objects.filter(pk=row.pk))
    messages.success(request, "The session is ended.")
    return redirect("account")


@own_account
@control_of("account")
def sessions_end_others(request: ConsoleRequest) -> HttpResponse:
    """End all sessions of the user except this one."""
    count = end_other_sessions(request.user, keep=request.session.session_key)
    messages.success(request, f"{count} other session{'' if count == 1 else 's'} ended.")
    return redirect("account")


@own_account
@control_of("account")
def token_create(request: ConsoleRequest) -> HttpResponse:
    """Create an API token and show its text once."""
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _page(request, token_form=form)
    token, text = ApiToken.create(
        user=request.user, name=form.cleaned_data["name"], expires_at=form.expires_at()
    )
    return _page(request, fresh_token=token, fresh_token_text=text)


@own_account
@control_of("account")
def token_revoke(request: ConsoleRequest, pk: UUID) -> HttpResponse:
    """Revoke an API token of the user permanently."""
    token = get_object_or_404(ApiToken, user=request.user, pk=pk)
    ApiToken.objects.filter(pk=token.pk).revoke()
    messages.success(request, f"The token {token.name or 'without a name'} is revoked.")
    return redirect("account")


def _page(request: ConsoleRequest, **changes: Any) -> HttpResponse:
    """Return the page; invalid forms replace the empty ones."""
    context = {
        "profile_form": ProfileForm(instance=request.user),
        "regional_form": RegionalForm(
            instance=request.user, browser_zone=browser_time_zone(request)
        ),
        "password_form": PasswordForm(request.user),
        "token_form": TokenForm(),
        "sessions": open_sessions(request.user),
        "this_session": request.session.session_key,
        "tokens": ApiToken.objects.filter(user=request.user),
        "memberships": Membership.objects.filter(user=request.user).select_related("tenant"),
        "now": timezone.now(),
    }
    return render(request, "account/account.html", context | changes)

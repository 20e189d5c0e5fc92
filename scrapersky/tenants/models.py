"""Users, the tenants that own every row, and API tokens."""

import hashlib
import math
import secrets
import uuid
from datetime import datetime, timedelta

from django.contrib.auth.models import AbstractUser
from django.contrib.sessions.models import Session
from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.functional import cached_property
from uuid_utils.compat import uuid7

from scrapersky.tenants import user_agents

DEFAULT_TENANT_ID = uuid.UUID(int=0)


class NumberFormat(models.TextChoices):
    """Number formats; the labels are examples."""

    COMMA = "comma", "1,234.5"
    POINT = "point", "1.234,5"
    SPACE = "space", "1 234,5"
    APOSTROPHE = "apostrophe", "1'234.5"


class User(AbstractUser):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # Empty: as in the browser.
    time_zone = models.CharField(max_length=64, blank=True)
    number_format = models.CharField(max_length=16, choices=NumberFormat, blank=True)

    @cached_property
    def roles(self) -> dict[uuid.UUID, str]:
        """The role in each tenant, in order of joining; loaded once per request."""
        return dict(self.memberships.order_by("id").values_list("tenant_id", "role"))

    @property
    def has_read_roles(self) -> bool:
        return "roles" in self.__dict__


class Tenant(models.Model):
    """An organisation: the owner of its batches, domains and results."""

    TENANT_PATH = "pk"
    # Only superusers may change them; `batches.tenant_limits` enforces them.
    LIMITS = ("max_batches", "max_sites", "max_domains_per_day")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=200)
    auto_submit_sitemaps = models.BooleanField(
        default=False, help_text="Queue a domain for sitemap submission after each completed scan."
    )
    max_batches = models.PositiveIntegerField(
        "batches at once",
        null=True,
        blank=True,
        help_text="The most batches that have not ended. Empty: no limit.",
    )
    max_sites = models.PositiveIntegerField(
        "sites at once",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="The most sites that its batches scan at the same time. Empty: no limit.",
    )
    max_domains_per_day = models.PositiveIntegerField(
        "domains a day",
        null=True,
        blank=True,
        help_text="The most domains that it submits in a day (UTC). Empty: no limit.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    members = models.ManyToManyField(User, through="Membership", related_name="tenants")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    class Role(models.TextChoices):
        ADMIN = "admin", "Admin"
        MEMBER = "member", "Member"
        VIEWER = "viewer", "Viewer"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role, default=Role.MEMBER)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "tenant"], name="membership_once"),
            models.CheckConstraint(
                condition=models.Q(role__in=["admin", "member", "viewer"]), name="membership_role"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.tenant} ({self.role})"


class ApiTokenQuerySet(models.QuerySet):
    def usable(self, now: datetime) -> "ApiTokenQuerySet":
        """Return valid tokens: neither revoked nor expired, of active accounts."""
        unexpired = models.Q(expires_at=None) | models.Q(expires_at__gt=now)
        return self.filter(unexpired, revoked_at=None, user__is_active=True)

    def revoke(self) -> int:
        """Revoke the tokens permanently; return how many were not yet revoked."""
        return self.filter(revoked_at=None).update(revoked_at=timezone.now())


class ApiToken(models.Model):
    """A bearer token for a program; only its hash is stored."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100, blank=True)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = "API token"
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name or 'token'} of {self.user}"

    @classmethod
    def create(
        cls, *, user: User, name: str = "", expires_at: datetime | None = None, text: str = ""
    ) -> tuple["ApiToken", str]:
        """Create a token; return it and its text, which is shown once and never stored.

        `text` is a token given by an operator (see `tokens.check_chosen`); by default it is random.
        """
        text = text or f"ssky_{secrets.token_urlsafe(32)}"
        token = cls(user=user, name=name, token_hash=cls.hash(text), expires_at=expires_at)
        token.save(force_insert=True)
        return token, text

    @property
    def state(self) -> str:
        """Return the token's state: `active`, `expired` or `revoked`."""
        if self.revoked_at is not None:
            return "revoked"
        is_over = self.expires_at is not None and self.expires_at <= timezone.now()
        return "expired" if is_over else "active"

    @staticmethod
    def hash(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()


class UserSession(models.Model):
    """A logged-in session as listed on the account page; deleted with the session."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    session = models.OneToOneField(Session, models.CASCADE, related_name="listing")
    user = models.ForeignKey(User, models.CASCADE, related_name="sessions")
    user_agent = models.CharField(max_length=300, blank=True)
    address = models.CharField(max_length=45, blank=True)
    created_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        ordering = ["-last_seen_at"]
        verbose_name = "session"

    def __str__(self) -> str:
        return f"{self.user} at {self.address or 'an unknown address'}"

    @property
    def device(self) -> str:
        return user_agents.describe(self.user_agent)


class LoginDelay(models.Model):
    """Failures of an address, or of an account at an address, and the resulting delay."""

    class Kind(models.TextChoices):
        ACCOUNT = "account", "One account from one address"
        ADDRESS = "address", "Any account from one address"
        TOKEN = "token", "API tokens from one address"

    # Free failures without a delay, and the time after which one failure is forgotten.
    ALLOWANCE = {
        Kind.ACCOUNT: (5, timedelta(minutes=15)),
        Kind.ADDRESS: (20, timedelta(minutes=3)),
        Kind.TOKEN: (50, timedelta(minutes=1)),
    }
    # Seconds; each further failure doubles the delay, from the first to the longest.
    FIRST_WAIT = 5
    LONGEST_WAIT = 900
    # Further failures only prolong the time until they are forgotten.
    MOST_COUNTED = 9

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=16, choices=Kind)
    account = models.CharField(max_length=150, blank=True)
    address = models.CharField(max_length=64, help_text="An IPv4 address or an IPv6 /64 network.")
    failures = models.PositiveIntegerField(default=0)
    last_failed_at = models.DateTimeField(default=timezone.now, db_index=True)
    delayed_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-last_failed_at"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "address", "account"], name="login_delay_once"),
            models.CheckConstraint(
                condition=models.Q(kind__in=["account", "address", "token"]),
                name="login_delay_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} at {self.address}" if self.account else self.address

    def seconds_left(self, now: datetime) -> int:
        """Return the seconds until the next attempt, rounded up."""
        if self.delayed_until is None:
            return 0
        return max(0, math.ceil((self.delayed_until - now).total_seconds()))

    def count_failure(self, now: datetime) -> None:
        """Add a failure to those not yet forgotten, and set the new delay."""
        free, forget_after = self.ALLOWANCE[self.Kind(self.kind)]
        forgotten = max(0, (now - self.last_failed_at) // forget_after)
        failures = min(max(0, self.failures - forgotten) + 1, free + self.MOST_COUNTED)
        self._write(failures=failures, last_failed_at=now, delayed_until=self._end(failures, now))

    def uncount_failure(self) -> None:
        """Undo the last failure and its delay because the attempt succeeded."""
        self._write(failures=max(0, self.failures - 1), delayed_until=None)

    def _end(self, failures: int, now: datetime) -> datetime | None:
        excess = failures - self.ALLOWANCE[self.Kind(self.kind)][0]
        if excess <= 0:
            return None
        wait = min(self.FIRST_WAIT * 2 ** (excess - 1), self.LONGEST_WAIT)
        return now + timedelta(seconds=wait)

    def _write(self, **values: object) -> None:
        LoginDelay.objects.filter(pk=self.pk).update(**values)

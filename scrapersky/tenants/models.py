"""Who works here: users, the tenants that own every row, and the keys of their programs."""

import hashlib
import secrets
import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7

DEFAULT_TENANT_ID = uuid.UUID(int=0)


class User(AbstractUser):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)


class Tenant(models.Model):
    """An organisation: the owner of its batches, domains and results."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=200)
    auto_submit_sitemaps = models.BooleanField(
        default=False, help_text="Queue a domain for sitemap submission after each completed scan."
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


class ApiToken(models.Model):
    """A bearer token of a program; only its hash is kept."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100, blank=True)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name or 'token'} of {self.user}"

    @classmethod
    def create(cls, *, user: User, name: str = "") -> tuple["ApiToken", str]:
        """Make a token; return it and its text, which is shown once and stored nowhere."""
        text = f"ssky_{secrets.token_urlsafe(32)}"
        return cls.objects.create(user=user, name=name, token_hash=cls.hash(text)), text

    @staticmethod
    def hash(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()

"""Create an account that may create batches, and print its API token."""

from benchmarks import workloads

workloads.setup_django()

from django.contrib.auth import get_user_model  # noqa: E402  (models need the settings)

from scrapersky.tenants.models import DEFAULT_TENANT_ID, ApiToken, Membership  # noqa: E402


def main() -> None:
    started = workloads.now()
    user = get_user_model().objects.create_user("bench", "bench@example.com", "bench")
    Membership.objects.create(user=user, tenant_id=DEFAULT_TENANT_ID, role=Membership.Role.MEMBER)
    _, token = ApiToken.create(user=user)
    workloads.print_figures(started, workloads.now(), token=token)


if __name__ == "__main__":
    main()

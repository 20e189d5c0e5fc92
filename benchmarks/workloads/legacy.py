"""Convert the legacy rows in the default database, or verify the conversion."""

from io import StringIO

from benchmarks import workloads

workloads.setup_django()

from django.core.management import call_command  # noqa: E402  (models need the settings)


def main() -> None:
    arguments = workloads.spec()["arguments"]
    printed = StringIO()
    started = workloads.now()
    call_command("convert_legacy_batch_ids", *arguments, stdout=printed)
    workloads.print_figures(started, workloads.now(), printed=printed.getvalue())


if __name__ == "__main__":
    main()

"""Set up Django with the test settings, then run the named scenarios, or all."""

import os
import sys

import django


def start(chosen: list[str]) -> int:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    from tests.chaos.run import main

    return main(chosen)


if __name__ == "__main__":
    sys.exit(start(sys.argv[1:]))

"""Settings of every property test of the engine."""

from datetime import timedelta

from hypothesis import settings

# An example that takes seconds is a hang in the making; less would measure the machine.
settings.register_profile("engine", deadline=timedelta(seconds=5))
settings.load_profile("engine")

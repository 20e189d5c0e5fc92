"""Settings of every property test of the engine."""

from datetime import timedelta

from hypothesis import settings

# An example that takes seconds indicates a hang; a shorter limit would measure the machine.
settings.register_profile("engine", deadline=timedelta(seconds=5))
settings.load_profile("engine")

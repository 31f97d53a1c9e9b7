"""What holds for all tests.

Rule: none depends on how fast the machine is, so no example of Hypothesis has a deadline, and none takes too long to
make.
"""

from hypothesis import HealthCheck, settings

settings.register_profile("untimed", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

"""What holds for all tests.

Rule: none depends on how fast the machine is, so no example of Hypothesis has a deadline.
"""

from hypothesis import settings

settings.register_profile("untimed", settings(), deadline=None)
settings.load_profile("untimed")

"""What all tests share: random cases are the same in every run, so that a red run is one that can be looked into.

New cases are drawn by `make soak`, which prints its seeds.
"""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("same-every-time", derandomize=True, deadline=None)
settings.load_profile("same-every-time")

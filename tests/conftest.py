"""Settings of every test. `HYPOTHESIS_PROFILE=thorough` tries many more random cases, other ones each time."""

from __future__ import annotations

import os
from contextlib import suppress

with suppress(ImportError):  # stories with virtual machines run without it
    from hypothesis import settings

    settings.register_profile("fast", derandomize=True, database=None, deadline=None, max_examples=40)
    settings.register_profile("thorough", database=None, deadline=None, max_examples=2000)
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))

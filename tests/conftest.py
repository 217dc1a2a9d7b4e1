"""For all tests: no property is refuted by how busy the machine is."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("patient", settings.default, deadline=None)
settings.load_profile("patient")

"""Settings of all tests: what is drawn is judged, never how long it took."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("torchlint", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("torchlint")

"""The small town of the places' own tests."""

from thanglong.core.places.tests.conftest import town

__all__ = ["town"]

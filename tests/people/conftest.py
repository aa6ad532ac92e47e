"""The small city of the people's own tests."""

from thanglong.core.people.tests.conftest import city

__all__ = ["city"]

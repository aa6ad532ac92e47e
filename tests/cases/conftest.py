"""The scene of the cases' own tests."""

from thanglong.core.cases.tests.conftest import city, frozen

__all__ = ["city", "frozen"]

"""Django's door to our accounts: it only loads the account of a session; passwords are checked by ``service``."""

from typing import Any
from uuid import UUID

from django.contrib.auth.backends import BaseBackend

from thanglong.core.people.models import Account


class AccountBackend(BaseBackend):
    """Loads open accounts. ``authenticate`` answers nothing: sign-in goes through ``people.service.authenticate``."""

    def authenticate(self, request: Any, **credentials: Any) -> None:
        return None

    def get_user(self, user_id: UUID | str) -> Account | None:
        """The account of a session, or None when it is closed or gone."""
        return Account.objects.filter(pk=user_id, is_active=True).first()

"""Passkeys in a real browser, with Chromium's virtual authenticator: set one up, sign in with it, a key that is none."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.conftest import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.slow]


class Key:
    """A virtual authenticator in a page: like a phone that knows its owner's finger."""

    def __init__(self, context: Any, page: Any) -> None:
        self.tool = context.new_cdp_session(page)
        self.tool.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
            "isUserVerified": True, "automaticPresenceSimulation": True,
        }  # fmt: skip
        self.id = self.tool.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]

    def credentials(self) -> list[dict[str, Any]]:
        return list(self.tool.send("WebAuthn.getCredentials", {"authenticatorId": self.id})["credentials"])

    def remove(self) -> None:
        self.tool.send("WebAuthn.clearCredentials", {"authenticatorId": self.id})

    def add(self, credential: dict[str, Any]) -> None:
        self.tool.send("WebAuthn.addCredential", {"authenticatorId": self.id, "credential": credential})

    def finger(self, known: bool) -> None:
        self.tool.send("WebAuthn.setUserVerified", {"authenticatorId": self.id, "isUserVerified": known})


@pytest.fixture
def here(visitor: Callable[..., Any], city: Any) -> Iterator[Any]:
    """A browser at ``localhost``: a passkey is bound to a name, never to a number."""
    found = visitor(language="en")
    found.address = city.address.replace("127.0.0.1", "localhost")
    found.context.add_cookies([{"name": "thanglong_language", "value": "en", "url": found.address}])
    yield found


def sign_in(visit: Any, username: str) -> None:
    page = visit.open("/signin/").page
    page.fill("[name=username]", username)
    page.fill("[name=password]", PASSWORD)
    page.locator("form:has([name=password]) button").click()
    page.wait_for_url(re.compile(r"/(desk|centre|me)/"))


def sign_out(visit: Any) -> None:
    page = visit.open("/me/").page
    page.locator("form[action='/signout/'] button").first.click()
    page.wait_for_url(f"{visit.address}/")


def tries(visit: Any) -> Any:
    page = visit.open("/signin/").page
    page.locator("[data-island=passkey] button").click()
    return page


def test_a_passkey_is_set_up_signs_in_and_another_does_not(here: Any, city: Any) -> None:
    user = "canbo"
    key = Key(here.context, here.page)
    sign_in(here, user)
    page = here.open("/me/security/").page
    page.fill("#passkey-name", "Test phone")
    page.locator("[data-island=passkey][data-kind=create] button").click()
    page.get_by_text("Test phone").wait_for()
    codes = page.locator(".banner.ok code").count()
    assert codes == 10, "recovery codes come with the first one"
    (made,) = key.credentials()
    assert made["isResidentCredential"]
    try:
        sign_out(here)
        tries(here).wait_for_url(re.compile(r"/(desk|centre|me)/"))  # no name, no password
        assert here.open("/me/").page.get_by_text(user).first.is_visible()
        sign_out(here)

        key.finger(known=False)  # somebody else's finger
        page = tries(here)
        page.get_by_text("The passkey was not used").wait_for()
        assert page.url.endswith("/signin/")
        key.finger(known=True)

        key.remove()  # another key that pretends to be ours: same name, other secret
        forged = made | {"privateKey": other_key(), "signCount": made["signCount"] + 5}
        key.add(forged)
        page = tries(here)
        page.get_by_text("The passkey did not count").wait_for()
        assert not here.complaints or all("401" in line for line in here.complaints)
        key.remove()
        key.add(made | {"signCount": 0})  # a copy that was left behind: its counter goes backwards
        page = tries(here)
        page.get_by_text("The passkey did not count").wait_for()
    finally:
        city.manage_script(
            "from thanglong.core.people import repository, service\n"
            f"row = repository.by_username({user!r})\n"
            "from thanglong.kit.ports import SYSTEM\n"
            "service.reset_factors(SYSTEM, row.id)\n"
        )


def other_key() -> str:
    """A fresh P-256 key as the authenticator takes it."""
    import base64

    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    raw = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return base64.b64encode(raw).decode()

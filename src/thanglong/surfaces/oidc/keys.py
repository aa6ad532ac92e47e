"""The key that signs ID tokens: a P-256 key in the data folder, mode 0600, made on first use."""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from thanglong.kit import ports
from thanglong.stores.keys import read_or_make


@lru_cache(maxsize=4)
def _key(path: Path) -> ec.EllipticCurvePrivateKey:
    return cast(
        ec.EllipticCurvePrivateKey, serialization.load_pem_private_key(read_or_make(path, _make), password=None)
    )


def _make() -> bytes:
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _path() -> Path:
    return ports.plugged.data / "keys" / "oidc.pem"


def public() -> dict[str, Any]:
    """The public half as a JSON Web Key."""
    key = _key(_path()).public_key()
    found: dict[str, Any] = ECAlgorithm.to_jwk(key, as_dict=True)
    raw = key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    return found | {"use": "sig", "alg": "ES256", "kid": hashlib.sha256(raw).hexdigest()[:16]}


def sign(claims: dict[str, Any]) -> str:
    """A signed JSON Web Token."""
    return jwt.encode(claims, _key(_path()), algorithm="ES256", headers={"kid": public()["kid"]})

"""Time stamps (RFC 3161) from an authority over HTTP."""

import hashlib
import urllib.request
from datetime import datetime
from pathlib import Path

import rfc3161_client
from cryptography import x509

from thanglong.kit.errors import N_, Unavailable

TIMEOUT = 15.0
LARGEST = 1 << 20
REFUSED = N_("The time-stamping authority gave no valid stamp: %(reason)s")


class HttpStamper:
    """``kit.ports.Stamper`` over HTTP POST, as RFC 3161 section 3.4 says.

    With a root certificate every stamp is checked before it is taken: signature, chain, digest and nonce.
    """

    def __init__(self, authority: str, roots: Path | None = None) -> None:
        if not authority.startswith(("http://", "https://")):
            raise ValueError(f"THANGLONG_TSA is no http or https address: {authority}")
        self.authority = authority
        self._roots = roots

    def stamp(self, text: bytes) -> bytes:
        request = (
            rfc3161_client.TimestampRequestBuilder()
            .data(text)
            .hash_algorithm(rfc3161_client.HashAlgorithm.SHA256)
            .nonce(nonce=True)
            .cert_request(cert_request=True)
            .build()
        )
        sent = urllib.request.Request(  # noqa: S310 - the scheme is checked above
            self.authority, request.as_bytes(), {"Content-Type": "application/timestamp-query"}
        )
        try:
            with urllib.request.urlopen(sent, timeout=TIMEOUT) as answer:  # noqa: S310
                token: bytes = answer.read(LARGEST)
        except OSError as error:
            raise Unavailable(REFUSED, reason=str(error)) from None
        try:
            response = rfc3161_client.decode_timestamp_response(token)
        except ValueError as error:
            raise Unavailable(REFUSED, reason=str(error)) from None
        if response.tst_info.message_imprint.message != hashlib.sha256(text).digest():
            raise Unavailable(REFUSED, reason="it is over another text")
        if response.tst_info.nonce != request.nonce:
            raise Unavailable(REFUSED, reason="it answers another request")
        if self._roots is not None:
            moment(token, text, self._roots.read_bytes())
        return token


def moment(token: bytes, text: bytes, roots: bytes | None = None) -> datetime:
    """When ``text`` was stamped, as the response says; Unavailable when it does not hold.

    ``roots`` (PEM) are the authority's root certificates; without them only the digest is compared.
    """
    try:
        response = rfc3161_client.decode_timestamp_response(token)
        if roots is None:
            if response.tst_info.message_imprint.message != hashlib.sha256(text).digest():
                raise ValueError("it is over another text")
        else:
            builder = rfc3161_client.VerifierBuilder()
            for certificate in x509.load_pem_x509_certificates(roots):
                builder = builder.add_root_certificate(certificate)
            builder.build().verify_message(response, text)
    except (ValueError, rfc3161_client.VerificationError) as error:
        raise Unavailable(REFUSED, reason=str(error)) from None
    found: datetime = response.tst_info.gen_time
    return found

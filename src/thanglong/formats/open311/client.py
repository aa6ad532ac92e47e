"""A client of any GeoReport v2 server. The transport is given, so it opens no connection of its own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import quote, urlencode

from thanglong.formats.open311.wire import form_of, from_json, from_xml, w3c_parse

Send = Callable[[str, str, bytes | None], tuple[int, str, bytes]]
"""``send(method, url, body)`` gives status, content type and bytes; a body is a form."""

_NUMBERS = ("lat", "long")
_MOMENTS = ("requested_datetime", "updated_datetime", "expected_datetime")
_FLAGS = ("metadata", "variable", "required")


class Open311Error(Exception):
    """The server's refusal: HTTP status and its list of (code, description)."""

    def __init__(self, status: int, errors: Sequence[tuple[str, str]]) -> None:
        self.status = status
        self.errors = tuple(errors)
        super().__init__("; ".join(f"{code}: {text}" for code, text in errors) or f"HTTP {status}")


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to a new request: an id, or a token to ask for it later."""

    service_request_id: str | None
    token: str | None
    service_notice: str | None = None
    account_id: str | None = None


def _typed(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row with numbers, moments and flags as such, whatever the format gave."""
    out: dict[str, Any] = {}
    for key, value in row.items():
        if key in _NUMBERS and value is not None:
            out[key] = float(value)
        elif key in _MOMENTS and isinstance(value, str):
            out[key] = w3c_parse(value)
        elif key in _FLAGS:
            out[key] = value in (True, "true")
        elif key == "order" and value is not None:
            out[key] = int(value)
        elif key in ("attributes", "values") and isinstance(value, list):
            out[key] = [_typed(item) for item in value]
        else:
            out[key] = None if value is None else value if isinstance(value, list | dict) else str(value)
    return out


class Client:
    """Talks to the server at ``url`` (without trailing slash) in ``format``."""

    def __init__(
        self,
        url: str,
        send: Send,
        *,
        format: Literal["xml", "json"] = "xml",
        jurisdiction_id: str = "",
        api_key: str = "",
    ) -> None:
        self._url = url
        self._send = send
        self._format = format
        self._fixed = {"jurisdiction_id": jurisdiction_id}
        self._key = api_key

    def _call(self, method: str, path: str, pairs: Sequence[tuple[str, str]]) -> Any:
        pairs = [*form_of(self._fixed), *pairs]
        url = f"{self._url}/{path}.{self._format}"
        if method == "GET" and pairs:
            url += "?" + urlencode(pairs)
        body = urlencode(pairs).encode() if method == "POST" else None
        status, _, content = self._send(method, url, body)
        try:
            data = from_json(content) if self._format == "json" else from_xml(content)[1]
        except ValueError as error:
            raise Open311Error(status, [(str(status), "the answer cannot be read")]) from error
        if status >= 400:
            rows = data if isinstance(data, list) else []
            raise Open311Error(status, [(str(row["code"]), str(row["description"])) for row in rows])
        return data

    def discovery(self) -> dict[str, Any]:
        """What the server offers and where."""
        return dict(self._call("GET", "discovery", ()))

    def services(self) -> list[dict[str, Any]]:
        """The kinds of requests."""
        return [_typed(row) for row in self._call("GET", "services", ())]

    def definition(self, service_code: str) -> dict[str, Any]:
        """A service's attributes."""
        data = self._call("GET", f"services/{quote(service_code, safe='')}", ())
        return _typed({**data, "attributes": data.get("attributes") or []})

    def open(
        self, service_code: str, *, attributes: Mapping[str, str | Sequence[str]] | None = None, **fields: Any
    ) -> Receipt:
        """Send a new request; ``fields`` are those of the standard (lat, long, address_string, description …)."""
        pairs = form_of({"api_key": self._key, "service_code": service_code, **fields}, attributes)
        row = _typed(self._call("POST", "requests", pairs)[0])
        return Receipt(
            row.get("service_request_id"), row.get("token"), row.get("service_notice"), row.get("account_id")
        )

    def request_id(self, token: str) -> str | None:
        """The id behind a token, or None when there is none yet."""
        row = self._call("GET", f"tokens/{quote(token, safe='')}", ())[0]
        value = row.get("service_request_id")
        return None if value is None else str(value)

    def requests(
        self,
        *,
        ids: Sequence[str] = (),
        service_codes: Sequence[str] = (),
        start: datetime | None = None,
        end: datetime | None = None,
        status: Sequence[str] = (),
        page: int | None = None,
        page_size: int | None = None,
        extensions: bool = False,
    ) -> list[dict[str, Any]]:
        """Requests by the standard's filters, and by page where the server knows the extension."""
        pairs = form_of(
            {
                "service_request_id": ",".join(ids),
                "service_code": ",".join(service_codes),
                "start_date": start,
                "end_date": end,
                "status": ",".join(status),
                "page": page,
                "page_size": page_size,
                "extensions": "true" if extensions else None,
            }
        )
        return [_typed(row) for row in self._call("GET", "requests", pairs)]

    def request(self, service_request_id: str) -> dict[str, Any]:
        """One request."""
        return _typed(self._call("GET", f"requests/{quote(service_request_id, safe='')}", ())[0])

    def updates(self, start: datetime | None = None, end: datetime | None = None) -> list[dict[str, Any]]:
        """Public updates of requests between two moments (the updates extension)."""
        rows = self._call("GET", "servicerequestupdates", form_of({"start_date": start, "end_date": end}))
        return [_typed(row) for row in rows]

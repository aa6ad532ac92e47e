"""The interface described as OpenAPI 3.1, with this installation's own categories."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Schema = Mapping[str, Any]
TEXT: Schema = {"type": ["string", "null"]}
WORD: Schema = {"type": "string"}
MOMENT: Schema = {"type": "string", "format": "date-time"}


def _object(needed: Sequence[str], /, **properties: Schema) -> Schema:
    return {"type": "object", "required": list(needed), "properties": properties}


def _schemas() -> Mapping[str, Schema]:
    value = _object(["key", "name"], key=WORD, name=WORD)
    attribute = _object(
        ["variable", "code", "datatype", "required", "order", "description"],
        variable={"type": "boolean"}, code=WORD, required={"type": "boolean"}, order={"type": "integer"},
        datatype={"enum": ["string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"]},
        datatype_description=TEXT, description=WORD, values={"type": "array", "items": value},
    )  # fmt: skip
    return {
        "Error": _object(["code", "description"], code=WORD, description=WORD),
        "Service": _object(
            ["service_code", "service_name", "metadata", "type"],
            service_code=WORD, service_name=WORD, description=TEXT, metadata={"type": "boolean"},
            type={"enum": ["realtime", "batch", "blackbox"]}, keywords=TEXT, group=TEXT,
        ),
        "ServiceDefinition": _object(
            ["service_code", "attributes"], service_code=WORD, attributes={"type": "array", "items": attribute}
        ),
        "Request": _object(
            ["service_request_id", "status", "service_code", "requested_datetime"],
            service_request_id=WORD, status={"enum": ["open", "closed"]}, status_notes=TEXT, service_name=TEXT,
            service_code=WORD, description=TEXT, agency_responsible=TEXT, service_notice=TEXT,
            requested_datetime=MOMENT, updated_datetime={"type": ["string", "null"]},
            expected_datetime={"type": ["string", "null"]}, address=TEXT, address_id=TEXT, zipcode=TEXT,
            lat={"type": ["number", "null"]}, long={"type": ["number", "null"]}, media_url=TEXT,
        ),
        "Sent": _object([], service_request_id=WORD, token=WORD, service_notice=TEXT, account_id=TEXT),
        "Update": _object(["update_id"], update_id=WORD, service_request_id=WORD, status=WORD,
                          updated_datetime=WORD, description=TEXT, media_url=TEXT),
    }  # fmt: skip


def _answers(schema: Schema, good: str, *refused: str) -> Mapping[str, Any]:
    errors = {"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/Error"}}
    told = {"400": "What is wrong, all of it", "403": "The key is missing or may not", "404": "There is no such thing",
            "429": "Too many; try again later"}  # fmt: skip
    content = {"application/json": {"schema": schema}}
    return {good: {"description": "Done", "content": content}} | {
        code: {"description": told[code], "content": {"application/json": {"schema": errors}}} for code in refused
    }


def _many(name: str) -> Schema:
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}


def _query(name: str, schema: Schema, description: str) -> Schema:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}


def _in_path(name: str, description: str) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1},
            "description": description}  # fmt: skip


def _form(required: Sequence[str], **fields: Schema) -> Mapping[str, Any]:
    schema = _object(required, **fields)
    return {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": schema}}}


JURISDICTION = _query("jurisdiction_id", WORD, "May be left out")
WINDOW = [
    _query("start_date", MOMENT, "Opened not before; W3C date with zone"),
    _query("end_date", MOMENT, "Opened not after; at most 90 days later"),
]


def _requests(codes: Sequence[str]) -> Mapping[str, Any]:
    whole = {"type": "integer", "minimum": 1}
    return {
        "get": {
            "operationId": "listRequests", "summary": "Reports, newest first, at most 1,000",
            "parameters": [
                JURISDICTION, *WINDOW,
                _query("service_request_id", WORD, "Numbers, comma separated; overrides the rest"),
                _query("service_code", WORD, "Categories, comma separated"),
                _query("status", {"enum": ["open", "closed", "open,closed"]}, "States, comma separated"),
                _query("page", whole, "Page, from 1"),
                _query("page_size", {**whole, "maximum": 1000}, "Reports on a page"),
                _query("extensions", {"enum": ["true", "false"]}, "Add figures and links beyond the standard"),
            ],
            "responses": _answers(_many("Request"), "200", "400", "404"),
        },
        "post": {
            "operationId": "sendRequest", "summary": "Send a report",
            "description": "A place is needed: lat and long, or address_string, or address_id. Questions of the "
            "category are answered as attribute[CODE].",
            "parameters": [{"name": "Idempotency-Key", "in": "header", "required": False, "schema": WORD,
                            "description": "Repeats with the same key are one report"}],
            "requestBody": _form(
                ["service_code"], service_code={"enum": list(codes)}, lat={"type": "number"}, long={"type": "number"},
                address_string=WORD, address_id=WORD, description=WORD, email=WORD, first_name=WORD, last_name=WORD,
                phone=WORD, media_url=WORD, api_key=WORD, response={"enum": ["id", "token"]},
            ),
            "responses": _answers(_many("Sent"), "200", "400", "403", "404", "429"),
        },
    }  # fmt: skip


def _updates() -> Mapping[str, Any]:
    return {
        "get": {
            "operationId": "listUpdates", "summary": "What happened to reports",
            "parameters": [JURISDICTION, *WINDOW], "responses": _answers(_many("Update"), "200", "400", "404"),
        },
        "post": {
            "operationId": "sendUpdate", "summary": "A body's word on a report",
            "requestBody": _form(
                ["service_request_id"], service_request_id=WORD, description=WORD, status=WORD, api_key=WORD
            ),
            "responses": _answers(_many("Update"), "201", "400", "403", "404"),
        },
    }  # fmt: skip


def openapi(server: str, title: str, codes: Iterable[str]) -> Mapping[str, Any]:
    """The description: ``server`` the endpoint's address, ``codes`` the categories that may be sent."""

    def get(name: str, summary: str, schema: Schema, *parameters: Schema, refused: Sequence[str] = ("404",)) -> Any:
        asked = {"operationId": name, "summary": summary, "parameters": [*parameters, JURISDICTION]}
        return {"get": asked | {"responses": _answers(schema, "200", *refused)}}

    definition = {"$ref": "#/components/schemas/ServiceDefinition"}
    token = _object(["service_request_id", "token"], service_request_id=WORD, token=WORD)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "2.1", "description": "Open311 GeoReport v2; each address also as .xml"},
        "servers": [{"url": server}],
        "paths": {
            "/discovery.json": {"get": {
                "operationId": "discovery", "summary": "Endpoints, formats, contact",
                "responses": _answers({"type": "object"}, "200"),
            }},
            "/services.json": get("listServices", "The categories of reports", _many("Service")),
            "/services/{code}.json": get(
                "getService", "A category's questions", definition, _in_path("code", "A service_code")
            ),
            "/requests.json": _requests(list(codes)),
            "/requests/{number}.json": get(
                "getRequest", "One report", _many("Request"), _in_path("number", "A report's number")
            ),
            "/tokens/{token}.json": get(
                "getToken", "The report behind a token", {"type": "array", "items": token}, _in_path("token", "A token")
            ),
            "/servicerequestupdates.json": _updates(),
        },
        "components": {"schemas": _schemas()},
    }  # fmt: skip

"""What is wrong with an input: all faults at once, each with its field and in words that can be translated."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from thanglong.core.cases.types import Action, Document, DocumentNeed, Field
from thanglong.kit.errors import N_, Fault

_TEXTS = {
    "required": N_("Please fill this in."),
    "type": N_("This is not the kind of value expected here (%(expected)s)."),
    "enum": N_("Please choose one of the given answers."),
    "const": N_("Please choose the given answer."),
    "minLength": N_("Please write at least %(limit)s characters."),
    "maxLength": N_("Please write at most %(limit)s characters."),
    "minimum": N_("The number must be at least %(limit)s."),
    "maximum": N_("The number must be at most %(limit)s."),
    "pattern": N_("This does not have the expected form."),
    "format": N_("This does not have the expected form."),
    "minItems": N_("Please choose at least %(limit)s."),
    "maxItems": N_("Please choose at most %(limit)s."),
    "uniqueItems": N_("Each answer may be given once only."),
    "additionalProperties": N_("The form has no field “%(name)s”."),
}
# making a validator costs more than using it; the schema is kept beside it, so its id cannot be used again
_validators: dict[int, tuple[Mapping[str, Any], Draft202012Validator]] = {}
_OTHER = N_("This entry does not fit the form.")


def _expand(error: ValidationError) -> Iterable[ValidationError]:
    """A conditional or combined rule's own causes, where it has any; else the error itself."""
    if error.context and error.validator in ("allOf", "if", "then", "else", "oneOf", "anyOf"):
        branches: dict[Any, list[ValidationError]] = {}
        for child in error.context:
            branches.setdefault(child.schema_path[0] if child.schema_path else 0, []).append(child)
        for child in min(branches.values(), key=len):
            yield from _expand(child)
    else:
        yield error


def _faults(error: ValidationError) -> Iterable[Fault]:
    where = ".".join(str(part) for part in error.absolute_path)
    kind = str(error.validator)
    if kind == "required":
        present = error.instance if isinstance(error.instance, Mapping) else {}
        # the library reports each missing name as an error of its own; the name stands only in the message
        wanted = error.validator_value if isinstance(error.validator_value, list) else []
        name = next(name for name in wanted if name not in present and repr(name) in error.message)
        yield Fault(f"{where}.{name}".lstrip("."), _TEXTS["required"])
    elif kind == "additionalProperties" and isinstance(error.instance, Mapping):
        known = set(error.schema.get("properties", {})) if isinstance(error.schema, Mapping) else set()
        for name in sorted(set(error.instance) - known):
            yield Fault(f"{where}.{name}".lstrip("."), _TEXTS[kind], {"name": name})
    elif kind == "minLength" and error.instance == "":
        yield Fault(where, _TEXTS["required"])
    elif kind == "type":
        yield Fault(where, _TEXTS["type"], {"expected": str(error.validator_value)})
    else:
        yield Fault(where, _TEXTS.get(kind, _OTHER), {"limit": error.validator_value} if kind in _TEXTS else {})


def form_faults(schema: Mapping[str, Any], data: Mapping[str, Any]) -> list[Fault]:
    """All faults of ``data`` against a JSON Schema (2020-12), in the order of their fields."""
    known = _validators.get(id(schema))
    if known is None or known[0] is not schema:
        known = schema, Draft202012Validator(schema, format_checker=FormatChecker())
        _validators[id(schema)] = known
    found = [fault for error in known[1].iter_errors(data) for leaf in _expand(error) for fault in _faults(leaf)]
    unique = {(fault.field, fault.text): fault for fault in found}
    return sorted(unique.values(), key=lambda fault: fault.field)


def fields_of(action: Action) -> tuple[Field, ...]:
    """The fields of an action, with ``reason`` first where it has a template and with ``rating`` where it rates."""
    fields = action.fields
    keys = {field.key for field in fields}
    if action.reason and "reason" not in keys:
        fields = (Field("reason", N_("What the citizen will read"), "longtext"), *fields)
    if "rate" in action.effects and "rating" not in keys:
        fields = (*fields, Field("rating", N_("How satisfied are you?"), "rating"))
    return fields


def _parse(field: Field, raw: Any) -> Any:
    """The typed value of a raw entry; ValueError when it is none."""
    if field.kind == "bool":
        return raw in (True, "true", "on", "1", 1)
    if field.kind in ("number", "rating"):
        if isinstance(raw, bool):
            raise ValueError
        number = float(str(raw).replace(",", "."))
        return int(number) if number == int(number) else number
    if field.kind == "date":
        return date.fromisoformat(str(raw)).isoformat()
    return str(raw).strip()


def _field_fault(field: Field, value: Any) -> Fault | None:
    if field.kind == "rating" and value not in (1, 2, 3, 4, 5):
        return Fault(field.key, N_("Please choose from 1 to 5."))
    if field.kind == "choice" and value not in dict(field.choices):
        return Fault(field.key, _TEXTS["enum"])
    if isinstance(value, str) and len(value) > field.max_length:
        return Fault(field.key, _TEXTS["maxLength"], {"limit": field.max_length})
    return None


def clean(action: Action, raw: Mapping[str, Any]) -> tuple[dict[str, Any], list[Fault]]:
    """The typed entries of an action, and all faults. Unknown entries are faults too."""
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    fields = {field.key: field for field in fields_of(action)}
    for key, field in fields.items():
        given = raw.get(key)
        if given is None or (isinstance(given, str) and not given.strip()):
            if field.required and field.kind != "bool":
                faults.append(Fault(key, _TEXTS["required"]))
            elif field.kind == "bool":
                values[key] = False
            continue
        try:
            values[key] = _parse(field, given)
        except (ValueError, OverflowError):
            faults.append(Fault(key, _TEXTS["type"], {"expected": field.kind}))
            continue
        fault = _field_fault(field, values[key])
        if fault:
            faults.append(fault)
    faults += [Fault(key, _TEXTS["additionalProperties"], {"name": key}) for key in raw if key not in fields]
    return values, faults


def _fits(document: Document, need: DocumentNeed) -> bool:
    return document.kind == need.kind and document.media_type.startswith(need.media)


def document_faults(action: Action, documents: Sequence[Document]) -> list[Fault]:
    """One fault for each kind of document of which too few are given."""
    return [
        Fault(
            need.kind,
            N_("%(title)s is missing: please add at least %(least)s."),
            {"title": need.title, "least": need.least},
        )
        for need in action.documents
        if sum(_fits(document, need) for document in documents) < need.least
    ]

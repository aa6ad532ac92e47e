"""Forms made from an action's definition."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy

from thanglong.core.cases.rules.forms import fields_of
from thanglong.core.cases.service.wording import fill, translated
from thanglong.core.cases.types import Action, Case, Field
from thanglong.kit.errors import Fault

RATINGS = [
    ("5", gettext_lazy("5: very satisfied")),
    ("4", "4"),
    ("3", "3"),
    ("2", "2"),
    ("1", gettext_lazy("1: not satisfied")),
]


def _field(field: Field, initial: str) -> forms.Field:
    common: dict[str, Any] = {
        "label": translated(field.title),
        "help_text": translated(field.help),
        "required": False,
        "initial": initial,
    }
    if field.kind == "longtext":
        rows = 6 if field.key == "reason" else 4
        return forms.CharField(widget=forms.Textarea(attrs={"rows": rows, "maxlength": field.max_length}), **common)
    if field.kind == "bool":
        return forms.BooleanField(**common)
    if field.kind == "date":
        return forms.CharField(widget=forms.DateInput(attrs={"type": "date"}), **common)
    if field.kind == "number":
        return forms.CharField(widget=forms.TextInput(attrs={"inputmode": "decimal"}), **common)
    if field.kind == "rating":
        return forms.ChoiceField(choices=RATINGS, widget=forms.RadioSelect, **common)
    if field.kind == "choice":
        choices = [(value, translated(title)) for value, title in field.choices]
        if len(choices) > 6:
            return forms.ChoiceField(choices=[("", "…"), *choices], **common)
        return forms.ChoiceField(choices=choices, widget=forms.RadioSelect, **common)
    return forms.CharField(widget=forms.TextInput(attrs={"maxlength": field.max_length}), **common)


class ActionForm(forms.Form):
    """The fields of an action; what is wrong comes from the service, not from here."""

    def __init__(self, action: Action, case: Case, unit: str, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, auto_id="act_%s")
        template = {"unit": unit, "number": case.number, "subject": case.subject, "address": case.address}
        for field in fields_of(action):
            initial = fill(action.reason, template) if field.key == "reason" and action.reason else ""
            self.fields[field.key] = _field(field, initial)
            self.fields[field.key].required = field.required and field.kind != "bool"
        self.use_required_attribute = True

    def entries(self) -> dict[str, Any]:
        """What was entered, as text."""
        return {name: self.data.get(name, "") for name in self.fields}

    def show(self, faults: Sequence[Fault]) -> list[str]:
        """Put each fault to its field; those without a field are returned."""
        self._errors = forms.utils.ErrorDict()
        rest = []
        for fault in faults:
            text = fill(fault.text, fault.params) if fault.params else gettext(fault.text)
            if fault.field in self.fields:
                self._errors.setdefault(fault.field, self.error_class()).append(text)
            else:
                rest.append(text)
        return rest

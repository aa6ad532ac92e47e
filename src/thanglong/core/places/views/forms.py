"""The forms of the desk: found, change and close a unit, each with its day and its legal basis."""

from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext, gettext_lazy

from thanglong.core.places import service
from thanglong.core.places.types import NewAct, Unit, UnitKind
from thanglong.core.places.views.asking import KIND_WORDS
from thanglong.kit.errors import Invalid


def day_field(label: Any, help_text: Any = "", *, required: bool = True) -> forms.DateField:
    """A day, entered with the browser's calendar."""
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, help_text=help_text, required=required, widget=widget)


class BasisForm(forms.Form):
    """The legal basis every change rests on."""

    title = forms.CharField(
        label=gettext_lazy("Legal basis"), max_length=500, help_text=gettext_lazy("What the act is called.")
    )
    number = forms.CharField(
        label=gettext_lazy("Number"),
        max_length=100,
        required=False,
        help_text=gettext_lazy("Such as 1656/NQ-UBTVQH15."),
    )
    issuer = forms.CharField(label=gettext_lazy("Issued by"), max_length=200, required=False)
    signed_on = day_field(gettext_lazy("Signed on"), required=False)

    def act(self, effective: date) -> NewAct:
        """The act as entered."""
        data = self.cleaned_data
        return NewAct(data["title"], effective, data["number"], data["issuer"], data["signed_on"])

    def take(self, error: Invalid) -> None:
        """Show the faults a service found beside their fields."""
        for fault in error.faults:
            text = gettext(fault.text) % dict(fault.params)
            self.add_error(fault.field if fault.field in self.fields else None, text)


class UnitForm(BasisForm):
    """A new unit, or how a unit is from a day on."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind"))
    name = forms.CharField(
        label=gettext_lazy("Official name"), max_length=200, help_text=gettext_lazy("With its kind: Phường Cửa Nam.")
    )
    name_en = forms.CharField(label=gettext_lazy("English name"), max_length=200, required=False)
    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=40,
        help_text=gettext_lazy("A code may be used again after a unit has closed."),
    )
    parent = forms.ChoiceField(label=gettext_lazy("Stands under"), required=False)
    lon = forms.FloatField(label=gettext_lazy("Longitude of its seat"), required=False, min_value=-180, max_value=180)
    lat = forms.FloatField(label=gettext_lazy("Latitude of its seat"), required=False, min_value=-90, max_value=90)
    area_km2 = forms.FloatField(label=gettext_lazy("Area in km²"), required=False, min_value=0)
    population = forms.IntegerField(label=gettext_lazy("Residents"), required=False, min_value=0)
    effective = day_field(gettext_lazy("From which day"), gettext_lazy("It holds from the beginning of this day."))
    field_order = ["name", "kind", "code", "name_en", "parent", "effective", "title", "number", "issuer", "signed_on",
                   "lon", "lat", "area_km2", "population"]  # fmt: skip

    def __init__(self, *args: Any, unit: Unit | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = self.fields["kind"]
        assert isinstance(kinds, forms.ChoiceField)
        kinds.choices = [(kind.value, gettext(KIND_WORDS[kind])) for kind in UnitKind]
        above = [item for item in service.units() if unit is None or item.id != unit.id]
        parents = self.fields["parent"]
        assert isinstance(parents, forms.ChoiceField)
        parents.choices = [("", gettext("Nothing: it is the city")), *((str(item.id), item.name) for item in above)]

    def values(self) -> dict[str, Any]:
        """The fields of a state as entered."""
        data = self.cleaned_data
        return {
            "kind": UnitKind(data["kind"]),
            "name": data["name"].strip(),
            "name_en": data["name_en"].strip(),
            "code": data["code"].strip(),
            "parent": UUID(data["parent"]) if data["parent"] else None,
            **{name: data[name] for name in ("lon", "lat", "area_km2", "population")},
        }


def state_of(unit: Unit) -> dict[str, Any]:
    """A form's first values from a unit."""
    return {
        "kind": unit.kind.value,
        "parent": str(unit.parent or ""),
        **{name: getattr(unit, name) for name in ("name", "name_en", "code", "lon", "lat", "area_km2", "population")},
    }


class CloseForm(BasisForm):
    """The end of a unit."""

    last_day = day_field(gettext_lazy("Last day"), gettext_lazy("The unit still exists on this day."))
    successors = forms.MultipleChoiceField(
        label=gettext_lazy("Who takes over"),
        required=False,
        help_text=gettext_lazy("Everything that was its business will be found from them."),
        widget=forms.SelectMultiple(attrs={"size": 8}),
    )
    field_order = ["last_day", "successors", "title", "number", "issuer", "signed_on"]

    def __init__(self, *args: Any, unit: Unit, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = [item for item in service.units() if item.id != unit.id]
        field = self.fields["successors"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(str(item.id), item.name) for item in others]

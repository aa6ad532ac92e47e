"""Forms of people's pages."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from thanglong.core.people.types import ACTIONS, KIND_NAMES, SCOPE_NAMES


def day_field(label: Any, help_text: Any = "", *, required: bool = True) -> forms.DateField:
    """A day, as browsers send it."""
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    return forms.DateField(
        label=label, help_text=help_text, required=required, input_formats=["%Y-%m-%d"], widget=widget
    )


_PLAIN = {"autocomplete": "off"}


class SignIn(forms.Form):
    """Name and password."""

    username = forms.CharField(
        label=_("User name"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )
    password = forms.CharField(
        label=_("Password"), max_length=400, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )


class Code(forms.Form):
    """A code of an app, or a recovery code."""

    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "inputmode": "text",
                "autocapitalize": "none",
                "spellcheck": "false",
            }
        ),
    )


class Again(forms.Form):
    """The password once more."""

    password = forms.CharField(
        label=_("Your current password"),
        max_length=400,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class FirstPassword(forms.Form):
    """A password chosen through a one-time link."""

    password = forms.CharField(
        label=_("New password"),
        help_text=_("At least 10 characters; a sentence you can remember is best."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class Leave(forms.Form):
    """Leave, and who stands in."""

    first_day = day_field(_("First day"))
    last_day = day_field(_("Last day"))
    deputy = forms.ChoiceField(
        label=_("Who stands in"),
        required=False,
        help_text=_("They see and do this person's work meanwhile, without the right to give roles."),
    )

    def __init__(self, *args: Any, people: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        deputy: Any = self.fields["deputy"]
        deputy.choices = [("", gettext("nobody")), *people]


class EditRole(forms.Form):
    """What a role may do."""

    name_vi = forms.CharField(label=_("Name in Vietnamese"), max_length=120)
    name_en = forms.CharField(label=_("Name in English"), max_length=120)
    actions = forms.MultipleChoiceField(label=_("What may it do?"), required=False, widget=forms.CheckboxSelectMultiple)
    second_factor = forms.BooleanField(
        label=_("Needs a second factor"),
        required=False,
        help_text=_("Whoever holds the role must set one up at the next sign-in."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        actions: Any = self.fields["actions"]
        actions.choices = [(key, f"{gettext(text)} ({key})") for key, text in ACTIONS.items()]


class NewRole(EditRole):
    """A role that is not there yet."""

    key = forms.CharField(label=_("Key"), max_length=40, help_text=_("Small letters, digits and underscores"))
    field_order = ("key", "name_vi", "name_en", "actions", "second_factor")


class EditClient(forms.Form):
    """What another system may do."""

    name = forms.CharField(label=_("Name of the system"), max_length=80)
    redirects = forms.CharField(
        label=_("Return addresses"),
        required=False,
        help_text=_("One per line; empty for a machine that signs nobody in."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    scopes = forms.MultipleChoiceField(label=_("What may it do?"), required=False, widget=forms.CheckboxSelectMultiple)
    unit = forms.ChoiceField(label=_("Only in this unit and below"), required=False)
    types = forms.CharField(
        label=_("Only these types of things"), required=False, help_text=_("Separated by blanks; empty: all")
    )

    def __init__(self, *args: Any, units: Sequence[tuple[str, str]], kept: Iterable[str] = (), **kwargs: Any) -> None:
        """``kept``: single actions that the system holds already besides the usual scopes."""
        super().__init__(*args, **kwargs)
        names = {**SCOPE_NAMES, **{key: ACTIONS[key] for key in sorted(kept) if key in ACTIONS}}
        fields: Any = self.fields
        fields["scopes"].choices = [(key, f"{gettext(text)} ({key})") for key, text in names.items()]
        fields["unit"].choices = [("", gettext("the whole city")), *units]

    def given(self) -> dict[str, Any]:
        """What was filled in, as the service takes it."""
        data = self.cleaned_data
        return {
            "name": data["name"],
            "scopes": data["scopes"],
            "redirects": data["redirects"].split(),
            "unit": UUID(data["unit"]) if data["unit"] else None,
            "types": data["types"].split(),
        }


class NewClient(EditClient):
    """Another system that is not connected yet."""

    public = forms.BooleanField(label=_("It can keep no secret (an app on people's devices)"), required=False)


class StaffList(forms.Form):
    """A staff list to be read."""

    file = forms.FileField(label=_("Staff list (CSV)"), required=False)


class NewPassword(forms.Form):
    """The present password and the next one."""

    current = forms.CharField(
        label=_("Your current password"), widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )
    password = forms.CharField(
        label=_("New password"),
        help_text=_("At least 10 characters; a sentence you can remember is best."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class NewToken(forms.Form):
    """An access key for a program."""

    name = forms.CharField(
        label=_("What is the key for?"), max_length=80, help_text=_("Such as: lamp report of the ward")
    )
    scopes = forms.MultipleChoiceField(label=_("What may it do?"), widget=forms.CheckboxSelectMultiple)
    expires = day_field(_("Valid until"), _("Empty: until you withdraw it"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scopes: Any = self.fields["scopes"]
        scopes.choices = [(key, f"{gettext(text)} ({key})") for key, text in SCOPE_NAMES.items()]


class Grant(forms.Form):
    """A role for a person in a unit."""

    account = forms.CharField(label=_("User name of the person"), max_length=80)
    role = forms.ChoiceField(label=_("Role"))
    unit = forms.ChoiceField(label=_("Unit"))
    valid_from = day_field(_("First day"))
    valid_to = day_field(_("Last day"), _("Empty: no end"), required=False)
    kind = forms.ChoiceField(label=_("As"))
    releases = forms.BooleanField(
        label=_("Full-time: the regular posts rest meanwhile"), required=False, help_text=_("Only for a secondment")
    )

    def __init__(
        self, *args: Any, roles: Sequence[tuple[str, str]], units: Sequence[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["role"].choices = roles
        fields["unit"].choices = units
        fields["kind"].choices = [(str(key), gettext(text)) for key, text in KIND_NAMES.items()]


class NewPerson(forms.Form):
    """An account for somebody new."""

    display_name = forms.CharField(label=_("Full name"), max_length=120, widget=forms.TextInput(attrs=_PLAIN))
    username = forms.CharField(
        label=_("User name"),
        max_length=80,
        help_text=_("Letters, digits, dots and hyphens"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    email = forms.EmailField(label=_("E-mail"), required=False, widget=forms.EmailInput(attrs=_PLAIN))
    phone = forms.CharField(label=_("Telephone"), max_length=20, required=False, widget=forms.TextInput(attrs=_PLAIN))

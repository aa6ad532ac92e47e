"""Forms of people's pages."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from thanglong.core.people.types import KIND_NAMES, SCOPE_NAMES


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

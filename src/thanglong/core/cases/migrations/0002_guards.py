from django.db import migrations

from thanglong.stores import guards


def install(apps, schema_editor):
    guards.install(schema_editor.connection)


class Migration(migrations.Migration):
    """Events are only ever added: the guard of ``cases_event`` goes up as soon as the table is there."""

    dependencies = [("cases", "0001_initial"), ("ledger", "0002_guards")]
    operations = [migrations.RunPython(install, migrations.RunPython.noop)]

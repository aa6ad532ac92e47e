"""No two states of a unit share a day: held by the database, too."""

from typing import Any

from django.db import migrations

from thanglong.stores import periods

TABLE = "places_unitstate"


def put_up(apps: Any, schema_editor: Any) -> None:
    periods.install(schema_editor.connection, TABLE, key="unit_id", first="valid_from", last="valid_to")


def take_down(apps: Any, schema_editor: Any) -> None:
    periods.remove(schema_editor.connection, TABLE)


class Migration(migrations.Migration):
    dependencies = [("places", "0001_initial")]
    operations = [migrations.RunPython(put_up, take_down)]

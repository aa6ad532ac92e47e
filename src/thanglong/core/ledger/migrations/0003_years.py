"""One tree a year: what stands becomes the tree of the year of its newest head and keeps the name it was signed under."""

from django.db import migrations, models

from thanglong.kit import clock
from thanglong.stores import guards

FIRST_ORIGIN = "thanglong.ledger/1"


def lower(apps, schema_editor):
    guards.remove(schema_editor.connection)


def install(apps, schema_editor):
    guards.install(schema_editor.connection)


def name_the_first(apps, schema_editor):
    newest = apps.get_model("ledger", "Head").objects.order_by("-size").first()
    if newest is not None:
        year = clock.day_of(newest.at).year
        apps.get_model("ledger", "Tree").objects.create(year=year, origin=FIRST_ORIGIN, start=0)
        for name in ("Head", "Node"):
            apps.get_model("ledger", name).objects.update(tree=year)


def only_one(apps, schema_editor):
    if apps.get_model("ledger", "Tree").objects.count() > 1:
        raise RuntimeError("the ledger has trees of several years: it cannot go back to a single one")


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_guards")]
    operations = [
        migrations.RunPython(lower, install),
        migrations.CreateModel(
            name="Tree",
            fields=[
                ("year", models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
                ("origin", models.CharField(max_length=80, unique=True)),
                ("start", models.BigIntegerField(unique=True)),
            ],
        ),
        migrations.RemoveConstraint(model_name="node", name="ledger_node_place"),
        migrations.AddField("head", "tree", models.PositiveSmallIntegerField(default=0), preserve_default=False),
        migrations.AddField("node", "tree", models.PositiveSmallIntegerField(default=0), preserve_default=False),
        migrations.AlterField("head", "size", models.BigIntegerField()),
        migrations.AddConstraint(
            "node", models.UniqueConstraint(fields=["tree", "level", "index"], name="ledger_node_spot")
        ),
        migrations.AddConstraint("head", models.UniqueConstraint(fields=["tree", "size"], name="ledger_head_size")),
        migrations.RunPython(name_the_first, only_one),
        migrations.RunPython(install, lower),
    ]

from django.db import connections, migrations
from django.db.models import Min, OuterRef, Subquery

from thanglong.stores import words


def number(apps, schema_editor):
    """The opening of each case: the ledger entry of its first event."""
    case, event = apps.get_model("cases", "Case"), apps.get_model("cases", "Event")
    first = event.objects.filter(case_id=OuterRef("pk"), verb="opened").order_by().values("case_id")
    case.objects.filter(opening__isnull=True).update(opening=Subquery(first.annotate(n=Min("ledger_entry")).values("n")))


def install(apps, schema_editor):
    words.install(connections[schema_editor.connection.alias])


def remove(apps, schema_editor):
    words.remove(connections[schema_editor.connection.alias])


class Migration(migrations.Migration):
    dependencies = [("cases", "0004_decisions")]
    # PostgreSQL will not build an index while changed rows wait for their deferred checks
    atomic = False
    operations = [
        migrations.RunPython(number, migrations.RunPython.noop),
        migrations.RunPython(install, remove),
    ]

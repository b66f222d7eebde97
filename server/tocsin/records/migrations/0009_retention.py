"""What retention has forgotten: a recipient without a citizen, a communication without persons."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("tocsin", "0008_search")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Communication",
            name="forgotten_at",
            field=fields.DatetimeField(
                null=True,
                description="When retention had removed the last person from it.",
                auto_now=False,
                auto_now_add=False,
            ),
        ),
        ops.AlterField(
            model_name="Recipient",
            name="citizen",
            field=fields.ForeignKeyField(
                "tocsin.Citizen",
                source_field="citizen_id",
                null=True,
                description="Nobody any more once retention has forgotten who it was.",
                db_constraint=True,
                to_field="id",
                on_delete=OnDelete.CASCADE,
            ),
        ),
    ]

"""When a wave has settled, and that at most one recontact of a communication is running."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

DEFAULTS = {
    "wave": {"checked_version": "-1"},
    "recipient": {"reachable": "true"},
    "delivery": {"dead": "false", "asks": "0", "fence": "0", "expired": "false"},
    "tally": {"eligible": "0"},
}
"""Statements that make many rows at once leave these out."""


def alter(change: str) -> list[str]:
    return [
        f"ALTER TABLE {table} ALTER {column} {change.format(value=value)}"
        for table, columns in DEFAULTS.items()
        for column, value in columns.items()
    ]


class Migration(migrations.Migration):
    dependencies = [("tocsin", "0004_lanes")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Wave",
            name="settled_at",
            field=fields.DatetimeField(
                null=True, description="When nothing of it was open any more.", auto_now=False, auto_now_add=False
            ),
        ),
        ops.AddField(
            model_name="Wave",
            name="checked_version",
            field=fields.IntField(default=-1, description="The tally's version at which that was last looked at."),
        ),
        ops.AddField(
            model_name="Citizen",
            name="first_name_key",
            field=fields.CharField(max_length=200, description="Folded for case and accents, to sort and search by."),
        ),
        ops.AddField(model_name="Citizen", name="last_name_key", field=fields.CharField(max_length=200)),
        ops.RunSQL(
            'ALTER TABLE citizen ALTER first_name_key TYPE varchar(200) COLLATE "C",'
            ' ALTER last_name_key TYPE varchar(200) COLLATE "C"',
            reverse_sql="ALTER TABLE citizen ALTER first_name_key TYPE varchar(200) COLLATE pg_catalog.default,"
            " ALTER last_name_key TYPE varchar(200) COLLATE pg_catalog.default",
        ),
        ops.RunSQL(
            "CREATE UNIQUE INDEX wave_running_recontact ON wave (communication_id)"
            " WHERE kind = 'RECONTACT' AND settled_at IS NULL",
            reverse_sql="DROP INDEX wave_running_recontact",
        ),
        ops.RunSQL(
            "CREATE INDEX wave_unsettled ON wave (communication_id) WHERE settled_at IS NULL",
            reverse_sql="DROP INDEX wave_unsettled",
        ),
        ops.RunSQL(
            "CREATE INDEX delivery_held ON delivery (wave_id) WHERE handling IN (1, 2)",
            reverse_sql="DROP INDEX delivery_held",
        ),
        *[
            ops.RunSQL(forward, reverse_sql=backward)
            for forward, backward in zip(alter("SET DEFAULT {value}"), alter("DROP DEFAULT"), strict=True)
        ],
    ]

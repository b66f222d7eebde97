"""Lanes whole: what outlives a shift, what waits in a lane, open calls by number, and a fence that never comes twice."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

# The key is an expression so that no other index can tempt the planner into walking what was handed over long ago.
PLANNED = """
CREATE INDEX delivery_planned ON delivery
  (account, channel, (coalesce(wave_id, '00000000-0000-0000-0000-000000000000'::uuid)), id) WHERE handling = 1"""

OPEN_CALL = """
CREATE INDEX delivery_open_call ON delivery (address)
  WHERE channel = 1 AND handling IN (2, 3, 4) AND ended_at IS NULL AND NOT expired
    AND (status IS NULL OR status IN (110, 120, 130, 140, 170, 171, 180))"""


class Migration(migrations.Migration):
    dependencies = [("tocsin", "0003_channels")]

    initial = False

    operations = [
        ops.RemoveIndex(model_name="Delivery", name="delivery_planned"),
        ops.RunSQL(PLANNED, reverse_sql="DROP INDEX delivery_planned"),
        ops.RunSQL(OPEN_CALL, reverse_sql="DROP INDEX delivery_open_call"),
        ops.RunSQL("CREATE SEQUENCE due_fence AS bigint", reverse_sql="DROP SEQUENCE due_fence"),
        ops.AlterModelOptions(
            name="Lane",
            options={
                "table": "lane",
                "app": "tocsin",
                "unique_together": (("account", "channel"),),
                "pk_attr": "id",
                "table_description": "The way out for one account and channel: "
                "whether it is paused or rests, and how much it was slowed.",
            },
        ),
        ops.RemoveField(model_name="Lane", name="leased_until"),
        # In steps, here and below, since a lane may be there already, on the way forward as on the way back.
        ops.AlterField(model_name="Lane", name="fence", field=fields.BigIntField(null=True)),
        ops.RunSQL("SELECT 1", reverse_sql="UPDATE lane SET fence = 0"),
        ops.RemoveField(model_name="Lane", name="fence"),
        ops.AlterField(
            model_name="Lane",
            name="paused_at",
            field=fields.DatetimeField(null=True, description="Since when the account is refused."),
        ),
        ops.AddField(
            model_name="Lane",
            name="next_at",
            field=fields.DatetimeField(null=True, description="Nothing is handed over before."),
        ),
        ops.AddField(model_name="Lane", name="refusals", field=fields.SmallIntField(null=True)),
        ops.RunSQL("UPDATE lane SET refusals = 0", reverse_sql="SELECT 1"),
        ops.AlterField(
            model_name="Lane",
            name="refusals",
            field=fields.SmallIntField(
                default=0, description="How often in a row the carrier asked to try again later."
            ),
        ),
        ops.AddField(model_name="Lane", name="slowed_at", field=fields.DatetimeField(null=True)),
        ops.AddField(
            model_name="Lane",
            name="slowed_to",
            field=fields.FloatField(
                null=True, description="The rate a second at that instant, from where it recovers."
            ),
        ),
    ]

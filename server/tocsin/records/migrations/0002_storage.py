"""What the record classes cannot say: room for updates in place, and byte order for the keys that the grid sorts by."""

from tortoise import migrations
from tortoise.migrations import operations as ops

HOT_TABLES = ("recipient", "delivery", "tally")
FORWARD = [f"ALTER TABLE {table} SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05)" for table in HOT_TABLES]
BACKWARD = [f"ALTER TABLE {table} RESET (fillfactor, autovacuum_vacuum_scale_factor)" for table in HOT_TABLES]


class Migration(migrations.Migration):
    dependencies = [("tocsin", "0001_initial")]

    initial = False

    operations = [
        ops.RunSQL(
            "ALTER TABLE tally ADD CONSTRAINT tally_communication FOREIGN KEY (communication_id)"
            " REFERENCES communication (id) ON DELETE CASCADE",
            reverse_sql="ALTER TABLE tally DROP CONSTRAINT tally_communication",
        ),
        *[ops.RunSQL(forward, reverse_sql=backward) for forward, backward in zip(FORWARD, BACKWARD, strict=True)],
        ops.RunSQL(
            'ALTER TABLE recipient ALTER first_name_key TYPE varchar(200) COLLATE "C",'
            ' ALTER last_name_key TYPE varchar(200) COLLATE "C"',
            reverse_sql="ALTER TABLE recipient ALTER first_name_key TYPE varchar(200) COLLATE pg_catalog.default,"
            " ALTER last_name_key TYPE varchar(200) COLLATE pg_catalog.default",
        ),
    ]

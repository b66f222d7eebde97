"""Words by which citizens and recipients are found, and indexes that hold every order of the grid."""

from tortoise import fields, migrations
from tortoise.contrib.postgres.fields import TSVectorField
from tortoise.contrib.postgres.indexes import GinIndex
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from tocsin.citizens import FILL as FILL_CITIZENS
from tocsin.search import fold_address, keep_words

WORDS = keep_words("communication_id", "first_name_key", "last_name_key", fold_address("email"), fold_address("phone"))
FILL_RECIPIENTS = f"INSERT INTO recipient_search (recipient_id, words) SELECT id, {WORDS} FROM recipient"

OLD = {
    "recipient_by_version": ["communication_id", "version"],
    "recipient_by_last_name": ["communication_id", "last_name_key", "first_name_key", "id"],
    "recipient_by_first_name": ["communication_id", "first_name_key", "last_name_key", "id"],
}
NEW = {
    "recipient_by_version": ["communication_id", "version", "id"],
    "recipient_by_last_name": ["communication_id", "outcome", "last_name_key", "first_name_key", "id"],
    "recipient_by_first_name": ["communication_id", "outcome", "first_name_key", "last_name_key", "id"],
}


def make_search(owner: str, description: str) -> list[ops.Operation]:
    """A table of words beside its owner's: gone with the row that it belongs to, and with nothing pending in its index.

    Rows are written once, in short transactions, and a list of pending entries would be emptied within one of them.
    """
    table, key = f"{owner.lower()}_search", f"{owner.lower()}_id"
    made = ops.CreateModel(
        name=f"{owner}Search",
        fields=[
            (key, fields.UUIDField(primary_key=True, unique=True, db_index=True)),
            ("words", TSVectorField(source_fields=(), stored=False)),
        ],
        options={
            "table": table,
            "app": "tocsin",
            "indexes": [GinIndex(fields=["words"], name=f"{table}_words")],
            "pk_attr": key,
            "table_description": description,
        },
        bases=["Model"],
    )
    bound = ops.RunSQL(
        f"ALTER TABLE {table} ADD CONSTRAINT {table}_owner FOREIGN KEY ({key})"
        f" REFERENCES {owner.lower()} (id) ON DELETE CASCADE",
        reverse_sql=f"ALTER TABLE {table} DROP CONSTRAINT {table}_owner",
    )
    return [made, bound, ops.RunSQL(f"ALTER INDEX {table}_words SET (fastupdate = off)", reverse_sql=ops.RunSQL.noop)]


class Migration(migrations.Migration):
    dependencies = [("tocsin", "0007_exports")]

    initial = False

    operations = [
        ops.AddIndex(
            model_name="Citizen",
            index=Index(
                fields=["municipality_id", "last_name_key", "first_name_key", "id"], name="citizen_by_last_name"
            ),
        ),
        *[ops.RemoveIndex(model_name="Recipient", name=name, fields=OLD[name]) for name in OLD],
        *[ops.AddIndex(model_name="Recipient", index=Index(fields=NEW[name], name=name)) for name in NEW],
        *make_search(
            "Citizen", "What a citizen is found by (see tocsin.search); `tocsin.citizens` keeps it up to date."
        ),
        *make_search(
            "Recipient",
            "What a row of the grid is found by (see tocsin.search): beside the row, which changes with every report,"
            " and this never.",
        ),
        ops.RunSQL(FILL_CITIZENS, reverse_sql=ops.RunSQL.noop),
        ops.RunSQL(FILL_RECIPIENTS, reverse_sql=ops.RunSQL.noop),
    ]

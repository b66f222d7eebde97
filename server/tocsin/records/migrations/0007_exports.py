"""Workbooks, and room for names of 500 characters."""

from typing import Any

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from tocsin.identifiers import make_id
from tocsin.words import ExportKind, ExportState, Locale

NAMED = (("Citizen", "first_name"), ("Citizen", "last_name"), ("Recipient", "first_name"), ("Recipient", "last_name"))


def relate(table: str, column: str, **more: Any) -> Any:
    return fields.ForeignKeyField(
        f"tocsin.{table}", source_field=column, db_constraint=True, to_field="id", on_delete=OnDelete.CASCADE, **more
    )


class Migration(migrations.Migration):
    dependencies = [("tocsin", "0006_delivery_of_point")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Export",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=make_id, unique=True, db_index=True)),
                ("municipality", relate("Municipality", "municipality_id")),
                ("principal", relate("Principal", "principal_id")),
                ("communication", relate("Communication", "communication_id", null=True)),
                ("kind", fields.CharEnumField(enum_type=ExportKind, max_length=10)),
                ("selection", fields.JSONField(default=dict)),
                ("locale", fields.CharEnumField(enum_type=Locale, max_length=2)),
                ("file_name", fields.CharField(max_length=100)),
                ("state", fields.CharEnumField(default=ExportState.QUEUED, enum_type=ExportState, max_length=7)),
                ("rows_written", fields.IntField(default=0)),
                ("rows_total", fields.IntField(null=True)),
                ("size", fields.IntField(null=True, description="Bytes of the finished file.")),
                ("version", fields.IntField(default=0, description="Grows with every change.")),
                ("fence", fields.BigIntField(default=0, description="Of the lease under which it is being written.")),
                ("attempts", fields.SmallIntField(default=0)),
                ("requested_at", fields.DatetimeField()),
                ("finished_at", fields.DatetimeField(null=True)),
            ],
            options={
                "table": "export",
                "app": "tocsin",
                "indexes": [
                    Index(fields=["principal_id", "requested_at"], name="export_of_principal"),
                    Index(fields=["finished_at"], name="export_by_end"),
                ],
                "pk_attr": "id",
                "table_description": "A workbook that a principal has asked for. `selection` is the log's filter with its period resolved.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ExportPiece",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=make_id, unique=True, db_index=True)),
                ("export", relate("Export", "export_id")),
                ("number", fields.IntField()),
                ("data", fields.BinaryField()),
            ],
            options={
                "table": "export_piece",
                "app": "tocsin",
                "unique_together": (("export", "number"),),
                "pk_attr": "id",
                "table_description": "A piece of a finished file; they follow each other by number, from 0.",
            },
            bases=["Model"],
        ),
        # A workbook is compressed already.
        ops.RunSQL(
            "ALTER TABLE export_piece ALTER data SET STORAGE EXTERNAL",
            reverse_sql="ALTER TABLE export_piece ALTER data SET STORAGE EXTENDED",
        ),
        *[ops.AlterField(model_name=model, name=name, field=fields.CharField(max_length=500)) for model, name in NAMED],
    ]

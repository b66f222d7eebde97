"""Records of workbooks: what is asked for, how far it is, and the finished file in pieces. Imports words and the other records."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from tocsin.identifiers import make_id
from tocsin.records.communications import Communication
from tocsin.records.people import Municipality, Principal
from tocsin.words import ExportKind, ExportState, Locale


class Export(Model):
    """A workbook that a principal has asked for. `selection` is the log's filter with its period resolved."""

    id = fields.UUIDField(primary_key=True, default=make_id)
    municipality: fields.ForeignKeyRelation[Municipality] = fields.ForeignKeyField("tocsin.Municipality")
    principal: fields.ForeignKeyRelation[Principal] = fields.ForeignKeyField("tocsin.Principal")
    communication: fields.ForeignKeyNullableRelation[Communication] = fields.ForeignKeyField(
        "tocsin.Communication", null=True
    )
    kind = fields.CharEnumField(ExportKind, max_length=10)
    selection: fields.Field[dict[str, Any]] = fields.JSONField(default=dict)
    locale = fields.CharEnumField(Locale, max_length=2)
    file_name = fields.CharField(max_length=100)
    state = fields.CharEnumField(ExportState, max_length=7, default=ExportState.QUEUED)
    rows_written = fields.IntField(default=0)
    rows_total = fields.IntField(null=True)
    size = fields.IntField(null=True, description="Bytes of the finished file.")
    version = fields.IntField(default=0, description="Grows with every change.")
    fence = fields.BigIntField(default=0, description="Of the lease under which it is being written.")
    attempts = fields.SmallIntField(default=0)
    requested_at = fields.DatetimeField()
    finished_at = fields.DatetimeField(null=True)

    class Meta:
        table = "export"
        indexes = (
            Index(fields=("principal_id", "requested_at"), name="export_of_principal"),
            Index(fields=("finished_at",), name="export_by_end"),
        )


class ExportPiece(Model):
    """A piece of a finished file; they follow each other by number, from 0."""

    id = fields.UUIDField(primary_key=True, default=make_id)
    export: fields.ForeignKeyRelation[Export] = fields.ForeignKeyField("tocsin.Export")
    number = fields.IntField()
    data = fields.BinaryField()

    class Meta:
        table = "export_piece"
        unique_together = (("export", "number"),)

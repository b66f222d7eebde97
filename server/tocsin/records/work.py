"""Records of what was reported and of what is still to do. Imports words, identifiers and the other records."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from tocsin.identifiers import make_id
from tocsin.records.communications import Delivery
from tocsin.records.people import Municipality
from tocsin.statuses import DeliveryStatus
from tocsin.words import Channel


class DeliveryEvent(Model):
    """One report about a delivery; only ever appended, once for each event key."""

    event_key = fields.CharField(max_length=200, primary_key=True)
    delivery: fields.ForeignKeyRelation[Delivery] = fields.ForeignKeyField("tocsin.Delivery", related_name="events")
    provider = fields.CharField(max_length=32)
    provider_word = fields.CharField(max_length=64)
    status = fields.IntEnumField(DeliveryStatus, null=True)
    occurred_at = fields.DatetimeField(null=True)
    received_at = fields.DatetimeField()
    error_code = fields.CharField(max_length=64, null=True)
    carrier_id = fields.CharField(max_length=128, null=True)

    class Meta:
        table = "delivery_event"
        indexes = (Index(fields=("delivery_id",), name="delivery_event_delivery"),)


class ParkedEvent(Model):
    """A report that matches no delivery (yet): kept, tried again and shown."""

    event_key = fields.CharField(max_length=200, primary_key=True)
    account = fields.CharField(max_length=64)
    provider = fields.CharField(max_length=32)
    event: fields.Field[dict[str, Any]] = fields.JSONField(description="The event as parsed; no personal data.")
    received_at = fields.DatetimeField()
    next_try_at = fields.DatetimeField()
    tries = fields.IntField(default=0)

    class Meta:
        table = "parked_event"
        indexes = (Index(fields=("next_try_at",), name="parked_event_next"),)


class Due(Model):
    """Work that has to be done at or after an instant. The row is the truth; a message only says that it may begin."""

    id = fields.UUIDField(primary_key=True, default=make_id)
    kind = fields.CharField(max_length=32)
    subject_id = fields.UUIDField()
    due_at = fields.DatetimeField()
    announced_until = fields.DatetimeField(null=True, description="A message is on its way until then.")
    leased_until = fields.DatetimeField(null=True)
    fence = fields.BigIntField(default=0)
    attempts = fields.IntField(default=0)
    error = fields.CharField(max_length=200, null=True)
    dead_at = fields.DatetimeField(null=True)

    class Meta:
        table = "due"
        unique_together = (("kind", "subject_id"),)
        indexes = (Index(fields=("due_at",), name="due_by_time"),)


class Lane(Model):
    """The way out for one account and channel: whether it is paused or rests, and how much it was slowed.

    Who holds it stands in its due row. What is here outlives a shift, and nothing breaks where a crash loses the last of it.
    """

    id = fields.UUIDField(primary_key=True, default=make_id)
    account = fields.CharField(max_length=64)
    channel = fields.IntEnumField(Channel)
    paused_at = fields.DatetimeField(null=True, description="Since when the account is refused.")
    reason = fields.CharField(max_length=200, null=True)
    next_at = fields.DatetimeField(null=True, description="Nothing is handed over before.")
    refusals = fields.SmallIntField(default=0, description="How often in a row the carrier asked to try again later.")
    slowed_at = fields.DatetimeField(null=True)
    slowed_to = fields.FloatField(null=True, description="The rate a second at that instant, from where it recovers.")

    class Meta:
        table = "lane"
        unique_together = (("account", "channel"),)


class IdempotencyKey(Model):
    """The first answer to a mutation's key, kept as long as its subject."""

    id = fields.UUIDField(primary_key=True, default=make_id)
    municipality: fields.ForeignKeyRelation[Municipality] = fields.ForeignKeyField("tocsin.Municipality")
    mutation = fields.CharField(max_length=64)
    key = fields.CharField(max_length=200)
    arguments = fields.CharField(max_length=64, description="A digest of the arguments.")
    subject_id = fields.UUIDField()

    class Meta:
        table = "idempotency_key"
        unique_together = (("municipality", "mutation", "key"),)

"""Records of what is sent and to whom, and the tally. Imports words, statuses, identifiers and people."""

from typing import Any

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField, TSVectorField
from tortoise.contrib.postgres.indexes import GinIndex
from tortoise.indexes import Index, PartialIndex
from tortoise.models import Model

from tocsin.identifiers import make_id
from tocsin.records.people import Category, Citizen, ContactPoint, Group, Municipality, Verification
from tocsin.statuses import DeliveryStatus
from tocsin.words import (
    Channel,
    CommunicationKind,
    CommunicationState,
    Handling,
    Locale,
    Outcome,
    OutcomeReason,
    ReminderFate,
    SkipReason,
    WaveKind,
)


class Communication(Model):
    """An alert, or the campaign that holds several. The category's switches are copied at sending."""

    id = fields.UUIDField(primary_key=True, default=make_id)
    municipality: fields.ForeignKeyRelation[Municipality] = fields.ForeignKeyField("tocsin.Municipality")
    campaign: fields.ForeignKeyNullableRelation["Communication"] = fields.ForeignKeyField(
        "tocsin.Communication", null=True
    )
    category: fields.ForeignKeyRelation[Category] = fields.ForeignKeyField("tocsin.Category", on_delete=fields.RESTRICT)
    kind = fields.CharEnumField(CommunicationKind, max_length=8)
    state = fields.CharEnumField(CommunicationState, max_length=11)
    title = fields.CharField(max_length=200)
    channels: fields.Field[list[int]] = ArrayField(element_type="smallint")
    confirmation_required = fields.BooleanField(default=False)
    voicemail_counts = fields.BooleanField(default=True)
    created_at = fields.DatetimeField()
    modified_at = fields.DatetimeField()
    scheduled_for = fields.DatetimeField(null=True)
    sent_at = fields.DatetimeField(null=True)
    completed_at = fields.DatetimeField(null=True)
    forgotten_at = fields.DatetimeField(null=True, description="When retention had removed the last person from it.")
    list_version = fields.BigIntField(
        default=0, description="The municipality's version at the last change that lists show."
    )

    class Meta:
        table = "communication"
        indexes = (
            Index(fields=("municipality_id", "modified_at", "id"), name="communication_by_modification"),
            Index(fields=("municipality_id", "sent_at", "id"), name="communication_by_sending"),
            Index(fields=("municipality_id", "list_version"), name="communication_by_list_version"),
            Index(fields=("campaign_id",), name="communication_campaign"),
        )


class CommunicationContent(Model):
    """What a citizen of one language receives."""

    id = fields.UUIDField(primary_key=True, default=make_id)
    communication: fields.ForeignKeyRelation[Communication] = fields.ForeignKeyField(
        "tocsin.Communication", related_name="contents"
    )
    locale = fields.CharEnumField(Locale, max_length=2)
    call_text = fields.TextField(null=True)
    sms_text = fields.TextField(null=True)
    email_subject = fields.TextField(null=True)
    email_text = fields.TextField(null=True)

    class Meta:
        table = "communication_content"
        unique_together = (("communication", "locale"),)


class CommunicationGroup(Model):
    """A group to which a communication is addressed; none: the category's subscribers."""

    id = fields.UUIDField(primary_key=True, default=make_id)
    communication: fields.ForeignKeyRelation[Communication] = fields.ForeignKeyField("tocsin.Communication")
    group: fields.ForeignKeyRelation[Group] = fields.ForeignKeyField("tocsin.Group", on_delete=fields.RESTRICT)

    class Meta:
        table = "communication_group"
        unique_together = (("communication", "group"),)


class Wave(Model):
    """One round of attempts; `ordinal` counts the waves of a communication from 1."""

    id = fields.UUIDField(primary_key=True, default=make_id)
    communication: fields.ForeignKeyRelation[Communication] = fields.ForeignKeyField("tocsin.Communication")
    kind = fields.CharEnumField(WaveKind, max_length=13)
    number = fields.SmallIntField(description="Within its kind: reminder 1 and 2, recontact n.")
    ordinal = fields.SmallIntField()
    started_at = fields.DatetimeField()
    started_by = fields.CharField(max_length=200, null=True)
    targets = fields.IntField(default=0)
    planned_until = fields.UUIDField(null=True, description="The last citizen whose deliveries are planned.")
    planned_at = fields.DatetimeField(null=True, description="When planning ended.")
    settled_at = fields.DatetimeField(null=True, description="When nothing of it was open any more.")
    checked_version = fields.IntField(default=-1, description="The tally's version at which that was last looked at.")

    class Meta:
        table = "wave"
        unique_together = (("communication", "ordinal"), ("communication", "kind", "number"))


class Reminder(Model):
    """An automatic reminder of a communication: when it is due, and what became of it."""

    id = fields.UUIDField(primary_key=True, default=make_id)
    communication: fields.ForeignKeyRelation[Communication] = fields.ForeignKeyField("tocsin.Communication")
    number = fields.SmallIntField()
    due_at = fields.DatetimeField()
    fate = fields.CharEnumField(ReminderFate, max_length=9, default=ReminderFate.PENDING)

    class Meta:
        table = "reminder"
        unique_together = (("communication", "number"),)


class Recipient(Model):
    """A row of the grid. `call_best` and its like are cells (see tocsin.outcome); `outcome` is empty until first assessed."""

    id = fields.UUIDField(primary_key=True, default=make_id)
    communication: fields.ForeignKeyRelation[Communication] = fields.ForeignKeyField("tocsin.Communication")
    citizen: fields.ForeignKeyNullableRelation[Citizen] = fields.ForeignKeyField(
        "tocsin.Citizen", null=True, description="Nobody any more once retention has forgotten who it was."
    )
    first_name = fields.CharField(max_length=500)
    last_name = fields.CharField(max_length=500)
    email = fields.CharField(max_length=320, null=True)
    phone = fields.CharField(max_length=320, null=True)
    locale = fields.CharEnumField(Locale, max_length=2)
    first_name_key = fields.CharField(max_length=200, description="Folded for case and accents, to sort by.")
    last_name_key = fields.CharField(max_length=200)
    outcome = fields.IntEnumField(Outcome, null=True)
    reason = fields.IntEnumField(OutcomeReason, null=True)
    unconfirmed = fields.BooleanField(default=False)
    uncertain = fields.SmallIntField(default=0, description="Deliveries whose carrier's answer was lost.")
    pending = fields.SmallIntField(default=0, description="Deliveries still pending and not expired.")
    reachable = fields.BooleanField(default=True, description="Whether he has a point that a new attempt could use.")
    contacted_at = fields.DatetimeField(null=True)
    contacted_via = fields.IntEnumField(Channel, null=True)
    call_best = fields.SmallIntField(null=True)
    sms_best = fields.SmallIntField(null=True)
    email_best = fields.SmallIntField(null=True)
    version = fields.IntField(default=0)

    class Meta:
        table = "recipient"
        unique_together = (("communication", "citizen"),)
        indexes = (
            Index(fields=("communication_id", "version", "id"), name="recipient_by_version"),
            Index(
                fields=("communication_id", "outcome", "last_name_key", "first_name_key", "id"),
                name="recipient_by_last_name",
            ),
            Index(
                fields=("communication_id", "outcome", "first_name_key", "last_name_key", "id"),
                name="recipient_by_first_name",
            ),
        )


class RecipientSearch(Model):
    """What a row of the grid is found by (see tocsin.search): beside the row, which changes with every report, and this never."""

    recipient_id = fields.UUIDField(primary_key=True)
    words = TSVectorField()

    class Meta:
        table = "recipient_search"
        indexes = (GinIndex(fields=("words",), name="recipient_search_words"),)


class Delivery(Model):
    """One attempt: of a wave, or of a verification. Facts beside the status are each a min or max over its events."""

    id = fields.UUIDField(primary_key=True, default=make_id)
    communication: fields.ForeignKeyNullableRelation[Communication] = fields.ForeignKeyField(
        "tocsin.Communication", null=True
    )
    wave: fields.ForeignKeyNullableRelation[Wave] = fields.ForeignKeyField("tocsin.Wave", null=True)
    recipient: fields.ForeignKeyNullableRelation[Recipient] = fields.ForeignKeyField(
        "tocsin.Recipient", related_name="deliveries", null=True
    )
    verification: fields.ForeignKeyNullableRelation[Verification] = fields.ForeignKeyField(
        "tocsin.Verification", null=True
    )
    contact_point: fields.ForeignKeyNullableRelation[ContactPoint] = fields.ForeignKeyField(
        "tocsin.ContactPoint", null=True, on_delete=fields.SET_NULL
    )
    channel = fields.IntEnumField(Channel)
    account = fields.CharField(max_length=64, description="The carrier's account that sends it and may sign for it.")
    address = fields.CharField(max_length=320)
    handling = fields.IntEnumField(Handling, default=Handling.PLANNED)
    skip_reason = fields.IntEnumField(SkipReason, null=True)
    fence = fields.BigIntField(default=0, description="The lane's fence under which it was last handed over.")
    handed_at = fields.DatetimeField(null=True)
    status = fields.IntEnumField(DeliveryStatus, null=True)
    status_at = fields.DatetimeField(null=True)
    status_key = fields.CharField(max_length=200, null=True, description="Smallest event key that reported the status.")
    error_code = fields.CharField(max_length=64, null=True)
    reached_at = fields.DatetimeField(null=True)
    ended_at = fields.DatetimeField(null=True)
    confirmed_at = fields.DatetimeField(null=True)
    answered_by = fields.SmallIntField(null=True)
    duration = fields.IntField(null=True, description="Seconds.")
    carrier_id = fields.CharField(max_length=128, null=True)
    second_carrier_id = fields.CharField(max_length=128, null=True)
    expires_at = fields.DatetimeField(null=True)
    expired = fields.BooleanField(default=False)
    dead = fields.BooleanField(default=False, description="The carrier says that the address can never be reached.")
    lost_at = fields.DatetimeField(null=True, description="Since when the carrier's answer is known to be lost.")
    asked_at = fields.DatetimeField(null=True, description="When the carrier was last asked about it.")
    asks = fields.SmallIntField(default=0)
    restarted_at = fields.DatetimeField(null=True, description="When the message was begun again after the beep.")

    class Meta:
        # Two more, which can't be said here, are in the migration 0004_lanes: what is planned, and open calls by number.
        table = "delivery"
        unique_together = (("wave", "recipient", "contact_point", "channel"),)
        indexes = (
            Index(fields=("recipient_id",), name="delivery_recipient"),
            Index(fields=("contact_point_id", "channel", "id"), name="delivery_of_point"),
            PartialIndex(
                fields=("account", "channel", "handed_at"), name="delivery_sending", condition={"handling": 2}
            ),
            PartialIndex(fields=("expires_at",), name="delivery_expiring", condition={"expired": False}),
        )


class Tally(Model):
    """The one row that counts a communication. `counts` maps a cell to a number of recipients."""

    communication_id = fields.UUIDField(primary_key=True, default=make_id)
    version = fields.IntField(default=0)
    total = fields.IntField(default=0)
    contacted = fields.IntField(default=0)
    in_progress = fields.IntField(default=0)
    not_contacted = fields.IntField(default=0)
    unconfirmed = fields.IntField(default=0)
    uncertain = fields.IntField(default=0)
    pending = fields.IntField(default=0)
    eligible = fields.IntField(default=0, description="Not contacted, and reachable.")
    counts: fields.Field[dict[str, Any]] = fields.JSONField(default=dict)
    changed_at = fields.DatetimeField()

    class Meta:
        table = "tally"

"""Records of those who send and those who are to be reached. Imports words and identifiers."""

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField, TSVectorField
from tortoise.contrib.postgres.indexes import GinIndex
from tortoise.indexes import Index
from tortoise.models import Model

from tocsin.identifiers import make_id
from tocsin.words import Channel, Locale, Role, WeekStart


class Municipality(Model):
    """The tenant: owns everything below."""

    id = fields.UUIDField(primary_key=True, default=make_id)
    slug = fields.CharField(max_length=63, unique=True)
    name = fields.CharField(max_length=200)
    time_zone = fields.CharField(max_length=64, default="America/Toronto")
    locale = fields.CharEnumField(Locale, max_length=2, default=Locale.FR)
    week_start = fields.IntEnumField(WeekStart, default=WeekStart.SUNDAY)
    version = fields.BigIntField(default=0, description="Grows when a communication of its list changes.")

    class Meta:
        table = "municipality"


class Principal(Model):
    """Who acts. A token issued before `valid_from` is revoked."""

    id = fields.UUIDField(primary_key=True, default=make_id)
    municipality: fields.ForeignKeyRelation[Municipality] = fields.ForeignKeyField("tocsin.Municipality")
    subject = fields.CharField(max_length=255)
    name = fields.CharField(max_length=200)
    role = fields.CharEnumField(Role, max_length=8)
    epoch = fields.DatetimeField(null=True)

    class Meta:
        table = "principal"
        unique_together = (("municipality", "subject"),)


class Category(Model):
    """A theme that citizens subscribe to."""

    id = fields.UUIDField(primary_key=True, default=make_id)
    municipality: fields.ForeignKeyRelation[Municipality] = fields.ForeignKeyField("tocsin.Municipality")
    name = fields.CharField(max_length=200)
    description = fields.TextField(null=True)
    confirmation_required = fields.BooleanField(default=False)
    voicemail_counts = fields.BooleanField(default=True)
    channels: fields.Field[list[int]] = ArrayField(element_type="smallint")

    class Meta:
        table = "category"
        unique_together = (("municipality", "name"),)


class Group(Model):
    """A named set of citizens."""

    id = fields.UUIDField(primary_key=True, default=make_id)
    municipality: fields.ForeignKeyRelation[Municipality] = fields.ForeignKeyField("tocsin.Municipality")
    name = fields.CharField(max_length=200)

    class Meta:
        table = "citizen_group"
        unique_together = (("municipality", "name"),)


class Citizen(Model):
    """A person of a municipality."""

    id = fields.UUIDField(primary_key=True, default=make_id)
    municipality: fields.ForeignKeyRelation[Municipality] = fields.ForeignKeyField("tocsin.Municipality")
    reference = fields.CharField(max_length=100, null=True)
    first_name = fields.CharField(max_length=500)
    last_name = fields.CharField(max_length=500)
    first_name_key = fields.CharField(max_length=200, description="Folded for case and accents, to sort and search by.")
    last_name_key = fields.CharField(max_length=200)
    locale = fields.CharEnumField(Locale, max_length=2)
    modified_at = fields.DatetimeField()

    class Meta:
        table = "citizen"
        unique_together = (("municipality", "reference"),)
        indexes = (
            Index(fields=("municipality_id", "id"), name="citizen_of_municipality"),
            Index(fields=("municipality_id", "last_name_key", "first_name_key", "id"), name="citizen_by_last_name"),
        )


class CitizenSearch(Model):
    """What a citizen is found by (see tocsin.search); `tocsin.citizens` keeps it up to date."""

    citizen_id = fields.UUIDField(primary_key=True)
    words = TSVectorField()

    class Meta:
        table = "citizen_search"
        indexes = (GinIndex(fields=("words",), name="citizen_search_words"),)


class ContactPoint(Model):
    """A telephone number or an e-mail address of a citizen, usable on its channels."""

    id = fields.UUIDField(primary_key=True, default=make_id)
    citizen: fields.ForeignKeyRelation[Citizen] = fields.ForeignKeyField(
        "tocsin.Citizen", related_name="contact_points"
    )
    address = fields.CharField(max_length=320)
    channels: fields.Field[list[int]] = ArrayField(element_type="smallint")
    verified_at = fields.DatetimeField(null=True)
    suppressed_channels: fields.Field[list[int]] = ArrayField(element_type="smallint", default=[])
    dead_channels: fields.Field[list[int]] = ArrayField(element_type="smallint", default=[])

    class Meta:
        table = "contact_point"
        unique_together = (("citizen", "address"),)
        indexes = (Index(fields=("address",), name="contact_point_address"),)


class Suppression(Model):
    """A sender that an address has refused, whoever lives there. `suppressed_channels` of its points follow from it."""

    id = fields.UUIDField(primary_key=True, default=make_id)
    channel = fields.IntEnumField(Channel)
    sender = fields.CharField(max_length=320)
    address = fields.CharField(max_length=320)
    since = fields.DatetimeField()

    class Meta:
        table = "suppression"
        unique_together = (("address", "channel", "sender"),)


class ConsentEvent(Model):
    """One STOP or START, kept once for each key that its carrier gave it."""

    event_key = fields.CharField(max_length=200, primary_key=True)
    channel = fields.IntEnumField(Channel)
    sender = fields.CharField(max_length=320)
    address = fields.CharField(max_length=320)
    stopped = fields.BooleanField()
    received_at = fields.DatetimeField()

    class Meta:
        table = "consent_event"


class Verification(Model):
    """One attempt to find out whether an address is the citizen's; `address` is the one that was tried.

    Its code and its link are derived from its key, so that no table holds them.
    """

    id = fields.UUIDField(primary_key=True, default=make_id)
    contact_point: fields.ForeignKeyRelation[ContactPoint] = fields.ForeignKeyField("tocsin.ContactPoint")
    address = fields.CharField(max_length=320)
    channel = fields.IntEnumField(Channel)
    requested_at = fields.DatetimeField()
    requested_by = fields.CharField(max_length=200)
    expires_at = fields.DatetimeField(null=True, description="Set when it is handed over.")
    wrong_tries = fields.SmallIntField(default=0)
    ended_at = fields.DatetimeField(null=True, description="Confirmed, or void.")

    class Meta:
        table = "verification"
        indexes = (Index(fields=("contact_point_id", "requested_at"), name="verification_of_point"),)


class AuditEntry(Model):
    """Who did what; `subject_id` is the id that clients see, `detail` holds no name, number or address."""

    id = fields.UUIDField(primary_key=True, default=make_id)
    municipality: fields.ForeignKeyRelation[Municipality] = fields.ForeignKeyField("tocsin.Municipality")
    at = fields.DatetimeField()
    by = fields.CharField(max_length=200)
    action = fields.CharField(max_length=40)
    subject_id = fields.CharField(max_length=80)
    count = fields.IntField(null=True)
    detail = fields.CharField(max_length=500, null=True)

    class Meta:
        table = "audit_entry"
        indexes = (Index(fields=("municipality_id", "at", "id"), name="audit_entry_by_time"),)


class Membership(Model):
    """A citizen in a group."""

    id = fields.UUIDField(primary_key=True, default=make_id)
    group: fields.ForeignKeyRelation[Group] = fields.ForeignKeyField("tocsin.Group")
    citizen: fields.ForeignKeyRelation[Citizen] = fields.ForeignKeyField("tocsin.Citizen", related_name="memberships")

    class Meta:
        table = "membership"
        unique_together = (("group", "citizen"),)
        indexes = (Index(fields=("citizen_id",), name="membership_citizen"),)


class Subscription(Model):
    """A citizen's choice of a category; a citizen without any is subscribed to every one."""

    id = fields.UUIDField(primary_key=True, default=make_id)
    category: fields.ForeignKeyRelation[Category] = fields.ForeignKeyField("tocsin.Category")
    citizen: fields.ForeignKeyRelation[Citizen] = fields.ForeignKeyField("tocsin.Citizen", related_name="subscriptions")

    class Meta:
        table = "subscription"
        unique_together = (("citizen", "category"),)
        indexes = (Index(fields=("category_id",), name="subscription_category"),)

"""Calls and e-mails: reminders, consent, verification, the trail, and what is known of answers that were lost."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tocsin.identifiers import make_id
from tocsin.words import Channel, ReminderFate
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index, PartialIndex

class Migration(migrations.Migration):
    dependencies = [('tocsin', '0002_storage')]

    initial = False

    operations = [
        ops.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=make_id, unique=True, db_index=True)),
                ('municipality', fields.ForeignKeyField('tocsin.Municipality', source_field='municipality_id', db_constraint=True, to_field='id', on_delete=OnDelete.CASCADE)),
                ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('by', fields.CharField(max_length=200)),
                ('action', fields.CharField(max_length=40)),
                ('subject_id', fields.CharField(max_length=80)),
                ('count', fields.IntField(null=True)),
                ('detail', fields.CharField(null=True, max_length=500)),
            ],
            options={'table': 'audit_entry', 'app': 'tocsin', 'indexes': [Index(fields=['municipality_id', 'at', 'id'], name='audit_entry_by_time')], 'pk_attr': 'id', 'table_description': 'Who did what; `subject_id` is the id that clients see, `detail` holds no name, number or address.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ConsentEvent',
            fields=[
                ('event_key', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=200)),
                ('channel', fields.IntEnumField(description='CALL: 1\nSMS: 2\nEMAIL: 3', enum_type=Channel, generated=False)),
                ('sender', fields.CharField(max_length=320)),
                ('address', fields.CharField(max_length=320)),
                ('stopped', fields.BooleanField()),
                ('received_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'consent_event', 'app': 'tocsin', 'pk_attr': 'event_key', 'table_description': 'One STOP or START, kept once for each key that its carrier gave it.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Reminder',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=make_id, unique=True, db_index=True)),
                ('communication', fields.ForeignKeyField('tocsin.Communication', source_field='communication_id', db_constraint=True, to_field='id', on_delete=OnDelete.CASCADE)),
                ('number', fields.SmallIntField()),
                ('due_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('fate', fields.CharEnumField(default=ReminderFate.PENDING, description='PENDING: PENDING\nSENT: SENT\nCOALESCED: COALESCED\nDROPPED: DROPPED', enum_type=ReminderFate, max_length=9)),
            ],
            options={'table': 'reminder', 'app': 'tocsin', 'unique_together': (('communication', 'number'),), 'pk_attr': 'id', 'table_description': 'An automatic reminder of a communication: when it is due, and what became of it.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Suppression',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=make_id, unique=True, db_index=True)),
                ('channel', fields.IntEnumField(description='CALL: 1\nSMS: 2\nEMAIL: 3', enum_type=Channel, generated=False)),
                ('sender', fields.CharField(max_length=320)),
                ('address', fields.CharField(max_length=320)),
                ('since', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'suppression', 'app': 'tocsin', 'unique_together': (('address', 'channel', 'sender'),), 'pk_attr': 'id', 'table_description': 'A sender that an address has refused, whoever lives there. `suppressed_channels` of its points follow from it.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Verification',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=make_id, unique=True, db_index=True)),
                ('contact_point', fields.ForeignKeyField('tocsin.ContactPoint', source_field='contact_point_id', db_constraint=True, to_field='id', on_delete=OnDelete.CASCADE)),
                ('address', fields.CharField(max_length=320)),
                ('channel', fields.IntEnumField(description='CALL: 1\nSMS: 2\nEMAIL: 3', enum_type=Channel, generated=False)),
                ('requested_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('requested_by', fields.CharField(max_length=200)),
                ('expires_at', fields.DatetimeField(null=True, description='Set when it is handed over.', auto_now=False, auto_now_add=False)),
                ('wrong_tries', fields.SmallIntField(default=0)),
                ('ended_at', fields.DatetimeField(null=True, description='Confirmed, or void.', auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'verification', 'app': 'tocsin', 'indexes': [Index(fields=['contact_point_id', 'requested_at'], name='verification_of_point')], 'pk_attr': 'id', 'table_description': "One attempt to find out whether an address is the citizen's; `address` is the one that was tried."},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='ContactPoint',
            name='suppressed_channels',
            field=ArrayField(default=[], element_type='SMALLINT'),
        ),
        ops.RemoveField(model_name='ContactPoint', name='suppressed_at'),
        ops.AlterModelOptions(
            name='Delivery',
            options={'table': 'delivery', 'app': 'tocsin', 'unique_together': (('wave', 'recipient', 'contact_point', 'channel'),), 'indexes': [Index(fields=['recipient_id'], name='delivery_recipient'), PartialIndex(fields=['account', 'channel', 'id'], name='delivery_planned', condition={'handling': 1}), PartialIndex(fields=['account', 'channel', 'handed_at'], name='delivery_sending', condition={'handling': 2}), PartialIndex(fields=['expires_at'], name='delivery_expiring', condition={'expired': False})], 'pk_attr': 'id', 'table_description': 'One attempt: of a wave, or of a verification. Facts beside the status are each a min or max over its events.'},
        ),
        ops.AlterField(
            model_name='Delivery',
            name='communication',
            field=fields.ForeignKeyField('tocsin.Communication', source_field='communication_id', null=True, db_constraint=True, to_field='id', on_delete=OnDelete.CASCADE),
        ),
        ops.AlterField(
            model_name='Delivery',
            name='recipient',
            field=fields.ForeignKeyField('tocsin.Recipient', source_field='recipient_id', null=True, db_constraint=True, to_field='id', related_name='deliveries', on_delete=OnDelete.CASCADE),
        ),
        ops.AlterField(
            model_name='Delivery',
            name='wave',
            field=fields.ForeignKeyField('tocsin.Wave', source_field='wave_id', null=True, db_constraint=True, to_field='id', on_delete=OnDelete.CASCADE),
        ),
        ops.AddField(
            model_name='Delivery',
            name='asked_at',
            field=fields.DatetimeField(null=True, description='When the carrier was last asked about it.', auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='Delivery',
            name='asks',
            field=fields.SmallIntField(default=0),
        ),
        ops.AddField(
            model_name='Delivery',
            name='dead',
            field=fields.BooleanField(default=False, description='The carrier says that the address can never be reached.'),
        ),
        ops.AddField(
            model_name='Delivery',
            name='lost_at',
            field=fields.DatetimeField(null=True, description="Since when the carrier's answer is known to be lost.", auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='Delivery',
            name='restarted_at',
            field=fields.DatetimeField(null=True, description='When the message was begun again after the beep.', auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='Delivery',
            name='verification',
            field=fields.ForeignKeyField('tocsin.Verification', source_field='verification_id', null=True, db_constraint=True, to_field='id', on_delete=OnDelete.CASCADE),
        ),
        ops.AddField(
            model_name='Recipient',
            name='reachable',
            field=fields.BooleanField(default=True, description='Whether he has a point that a new attempt could use.'),
        ),
        ops.AddField(
            model_name='Tally',
            name='eligible',
            field=fields.IntField(default=0, description='Not contacted, and reachable.'),
        ),
    ]


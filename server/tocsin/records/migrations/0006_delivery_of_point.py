"""The attempts of a contact point, newest last: whether an address is dead is read from them."""

from tortoise import migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("tocsin", "0005_waves")]

    initial = False

    operations = [
        ops.AddIndex(
            model_name="Delivery",
            index=Index(fields=("contact_point_id", "channel", "id"), name="delivery_of_point"),
        ),
    ]

"""What operators see of a delivery that its carrier has under two ids: the citizen may have been contacted twice."""

from typing import Any

from schema.council import Council, create, send, settle
from structlog.testing import capture_logs

from tocsin.events import Event
from tocsin.expiry import measure_expiries
from tocsin.identifiers import resolve
from tocsin.ledger import apply_events
from tocsin.records.communications import Delivery, Tally
from tocsin.settings import read_settings
from tocsin.statuses import DeliveryStatus

DELIVERIES = """query ($id: ID!) { communication(id: $id) { recipients { edges { node { version
  deliveries { id status handedTwice } } } } } }"""
LASTS = measure_expiries(read_settings())


async def read_deliveries(council: Council, communication: str) -> list[dict[str, Any]]:
    answer = await council.get(DELIVERIES, {"id": communication})
    [edge] = answer["communication"]["recipients"]["edges"]
    deliveries: list[dict[str, Any]] = edge["node"]["deliveries"]
    return deliveries


async def report(delivery: Delivery, sid: str, status: DeliveryStatus) -> None:
    word = status.name
    await apply_events(
        [Event(f"{sid}:{word}", "twilio_messaging", delivery.account, delivery.id, word, status, carrier_id=sid)], LASTS
    )


async def test_a_second_id_is_shown_told_once_and_moves_the_row(sainte_rive: Council) -> None:
    await settle(sainte_rive, "Aline", "Tremblay", phone="+14185550142")
    communication = await create(sainte_rive, channels=["SMS"])
    await send(sainte_rive, communication)
    [shown] = await read_deliveries(sainte_rive, communication)
    delivery = await Delivery.get(id=resolve("delivery", shown["id"]))
    with capture_logs() as logs:
        await report(delivery, "SM1", DeliveryStatus.SMS_SENT)
        assert [each["handedTwice"] for each in await read_deliveries(sainte_rive, communication)] == [False]
        before = await Tally.get()
        await report(delivery, "SM2", DeliveryStatus.SMS_QUEUED)
        await report(delivery, "SM2", DeliveryStatus.SMS_RECEIVED)
        await report(delivery, "SM1", DeliveryStatus.SMS_RECEIVED)
    assert [line["delivery"] for line in logs if line["event"] == "handed over twice"] == [shown["id"]]
    assert (await Tally.get()).version > before.version
    [shown] = await read_deliveries(sainte_rive, communication)
    assert (shown["handedTwice"], shown["status"]) == (True, "SMS_RECEIVED")

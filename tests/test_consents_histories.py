"""The promise that whatever is said and reported, in any order, who is eligible equals a recount."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stage.consenting import ALINE, BRUNO, keep, say, stage_alert
from stage.office import Office

from tocsin.assessment import Moved
from tocsin.database import get_database
from tocsin.expiry import measure_expiries
from tocsin.ledger import apply_events
from tocsin.records.communications import Tally
from tocsin.settings import read_settings
from tocsin.statuses import DeliveryStatus
from tocsin.words import Handling

LASTS = measure_expiries(read_settings())

pytestmark = pytest.mark.usefixtures("database")


# Written for this test from the points alone: no statement of the server is used.
RECOUNT = """
SELECT count(*) FILTER (WHERE r.outcome = 3 AND EXISTS (SELECT FROM contact_point p WHERE p.citizen_id = r.citizen_id
    AND p.channels && c.channels AND NOT EXISTS (SELECT FROM suppression s WHERE s.address = p.address AND s.channel = 2)
  )) AS eligible, count(*) FILTER (WHERE r.outcome = 3) AS not_contacted, count(*) AS total
FROM recipient r JOIN communication c ON c.id = r.communication_id WHERE r.communication_id = $1"""

PEOPLE = 5
words = st.tuples(st.just("say"), st.integers(0, PEOPLE - 1), st.booleans())
reports = st.tuples(
    st.just("report"),
    st.integers(0, PEOPLE - 1),
    st.sampled_from([DeliveryStatus.SMS_FAILED, DeliveryStatus.SMS_RECEIVED]),
)
histories = st.lists(st.one_of(words, words, reports), max_size=14)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=histories, shared=st.booleans(), handling=st.sampled_from([Handling.PLANNED, Handling.SENDING]))
async def test_whatever_is_said_and_reported_who_is_eligible_equals_a_recount(
    history: list[tuple[str, int, Any]], shared: bool, handling: Handling
) -> None:
    alerts = [await stage_alert(PEOPLE, f"town-{uuid4().hex[:10]}", handling=handling) for _ in range(2)]
    if shared:
        await get_database().execute_query("UPDATE contact_point SET address = $1 WHERE address = $2", [ALINE, BRUNO])
    versions = {alert.id: (await Tally.get(communication_id=alert.id)).version for alert in alerts}
    for kind, person, what in history:
        if kind == "say":
            moved = await keep(say(what, f"+1418555{person:04}"))
        else:
            moved = await report(alerts[person % 2].deliveries[person].id, what)
        for key, version in moved.versions.items():
            assert version == versions[key] + 1
            versions[key] = version
    for alert in alerts:
        [truth] = await get_database().execute_query_dict(RECOUNT, [alert.id])
        tally = await Tally.get(communication_id=alert.id)
        assert truth == {name: getattr(tally, name) for name in truth}
    for table in ("communication", "suppression", "contact_point"):
        await get_database().execute_query(f"DELETE FROM {table}")


async def report(key: UUID, status: DeliveryStatus) -> Moved:
    event = Office().report(key, f"SM{key.hex}", status)
    return (await apply_events([event], LASTS)).moved

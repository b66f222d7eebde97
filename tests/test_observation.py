"""Promises of watching: every step of both walks is counted, the dashboard names what exists, and no person is in it."""

import json
import re
from datetime import timedelta
from pathlib import Path

import httpx2
from conftest import find_persons
from stage.cast import draft, found_town, send_now, settle_citizens
from stage.house import make_form, open_house, sign
from stage.polling import until
from stage.simulator import open_carriers
from stage.valkey import find_port

from tocsin.identifiers import expose, make_id
from tocsin.measures import Measures
from tocsin.records.communications import Delivery, Tally
from tocsin.times import tell_time

TOKEN = "a token for the scraper alone"
DASHBOARD = Path(__file__).parent.parent / "deploy" / "grafana.json"


def list_dashboard_names() -> set[str]:
    expressions = [
        target["expr"] for panel in json.loads(DASHBOARD.read_text())["panels"] for target in panel["targets"]
    ]
    return set(re.findall(r"tocsin_\w+", " ".join(expressions)))


async def scrape(url: str, token: str | None = TOKEN) -> httpx2.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with httpx2.AsyncClient(trust_env=False, timeout=30) as client:
        return await client.get(url, headers=headers)


def read_samples(text: str) -> dict[str, float]:
    """Return every sample by its name with labels."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


async def test_both_walks_are_counted_and_the_dashboard_shows_all_of_it_and_nothing_else(database_url: str) -> None:
    port = find_port()
    async with open_carriers() as carriers:
        wanted = {"metrics_token": TOKEN, "metrics_port": port, "twilio_base_url": carriers.url}
        async with open_house(database_url, working=True, **wanted) as settings:
            town = await found_town()
            await settle_citizens(town, 5)
            alert = await draft(town)
            await send_now(alert)
            await until(lambda: over(alert.id))

            async def observed() -> bool:
                return "tocsin_lane_rate{" in (await scrape(f"{settings.public_url}/metrics")).text

            await until(observed)
            shown = await scrape(f"{settings.public_url}/metrics")
            alone = await scrape(f"http://127.0.0.1:{port}/metrics", None)
    samples = read_samples(shown.text)
    assert samples['tocsin_events_total{provider="twilio_messaging",result="kept"}'] >= 10
    assert samples['tocsin_handed_over_total{provider="twilio_messaging",result="ANSWERED"}'] == 5
    assert samples['tocsin_work_total{kind="PLAN",result="done"}'] == 1
    assert samples["tocsin_database_up"] == 1
    assert samples["tocsin_commit_seconds_count"] > 0
    families = set(re.findall(r"^# TYPE (tocsin_\w+)", shown.text, re.MULTILINE))
    told_when = {name for name in families if name.endswith("_created")}  # the library's own, of each counter
    assert {name.removesuffix("_bucket") for name in list_dashboard_names()} == families - told_when
    assert set(read_samples(alone.text)) == set(samples)
    assert find_persons(shown.text) == []


def test_the_lag_of_a_carrier_is_counted_and_a_clock_ahead_of_ours_is_none() -> None:
    measures, now = Measures(), tell_time()
    for seconds in (3, -3):
        measures.note_kept("twilio_voice", now - timedelta(seconds=seconds), now)
    measures.note_kept("twilio_voice", None, now)
    told = {"provider": "twilio_voice"}
    assert measures.registry.get_sample_value("tocsin_carrier_lag_seconds_sum", told) == 3
    assert measures.registry.get_sample_value("tocsin_carrier_lag_seconds_count", told) == 2
    assert measures.registry.get_sample_value("tocsin_events_total", {**told, "result": "kept"}) == 3


async def over(communication_id: object) -> bool:
    tally = await Tally.get_or_none(communication_id=communication_id)
    return tally is not None and tally.total == 5 and tally.pending == 0


async def test_without_its_token_nobody_is_shown_anything(database_url: str) -> None:
    async with open_house(database_url, metrics_token=TOKEN) as settings:
        for token in (None, "another token", TOKEN + "x"):
            answered = await scrape(f"{settings.public_url}/metrics", token)
            assert (answered.status_code, "tocsin_" in answered.text) == (401, False)


async def test_refused_and_unknown_reports_are_counted_by_their_answer(database_url: str) -> None:
    async with open_house(database_url, metrics_token=TOKEN) as settings:
        query = f"delivery={expose('delivery', make_id())}"
        url, body, headers = sign(settings, query, make_form("delivered"))
        async with httpx2.AsyncClient(trust_env=False, timeout=30) as client:
            await client.post(url, content=body, headers=headers)
            await client.post(url, content=body, headers={**headers, "X-Twilio-Signature": "wrong"})
        samples = read_samples((await scrape(f"{settings.public_url}/metrics")).text)
        path = 'path="/webhooks/twilio/messaging"'
        assert samples[f'tocsin_webhooks_total{{{path},status="204"}}'] == 1
        assert samples[f'tocsin_webhooks_total{{{path},status="403"}}'] == 1
        assert await Delivery.all().count() == 0

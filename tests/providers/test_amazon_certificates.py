"""How a certificate is fetched, how long it is believed, and what happens while it can't be had."""

import asyncio
import gzip
from collections.abc import Callable
from datetime import timedelta

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from providers.amazon_events_told import tell
from providers.amazon_stand_in import (
    CERTIFICATE_URL,
    NOW,
    ORIGIN,
    PEM,
    Amazon,
    Stage,
    compose,
    enclose,
    make_certificate,
    make_key,
    open_stage,
    recorded_connections,
    seal,
)
from stage.polling import PATIENCE

from tocsin_providers import amazon_certificates
from tocsin_providers.amazon_certificates import LARGEST, MOST
from tocsin_providers.webhook import ForgedWebhook, UnreadableWebhook

SEALED = seal(enclose(tell("Send")))
GET = f"GET {PEM}"


def serve(answer: bytes | None) -> Amazon:
    return Amazon({GET: answer})


async def put_off(stage: Stage) -> None:
    with pytest.raises(UnreadableWebhook) as refused:
        await stage.read(SEALED)
    assert refused.value.status == 503


async def test_a_certificate_is_fetched_once_and_kept_for_a_day() -> None:
    pem = make_certificate(ends=NOW + timedelta(days=30))
    async with open_stage(serve(compose(200, pem))) as stage:
        for hours in (0, 1, 23):
            stage.clock[0] = NOW + timedelta(hours=hours)
            sealed = seal(enclose(tell("Send"), when=stage.clock[0]))
            assert (await stage.read(sealed)).events
        assert len(stage.detour.asked) == 1
        stage.clock[0] = NOW + timedelta(hours=25)
        await stage.read(seal(enclose(tell("Send"), when=stage.clock[0])))
        assert len(stage.detour.asked) == 2


async def test_many_at_once_fetch_it_once() -> None:
    async with open_stage() as stage:
        reports = await asyncio.gather(*(stage.read(SEALED) for _ in range(50)))
    assert [len(report.events) for report in reports] == [1] * 50
    assert stage.detour.asked == [CERTIFICATE_URL]


async def test_whoever_leaves_while_it_is_fetched_takes_nothing_from_the_others() -> None:
    async with open_stage(serve(None)) as stage:
        leaving = asyncio.create_task(stage.read(SEALED))
        async with asyncio.timeout(PATIENCE):
            while not stage.amazon.requests:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        waiting = asyncio.create_task(stage.read(SEALED))
        stage.amazon.answers[GET] = compose(200, make_certificate())
        leaving.cancel()
        assert (await waiting).events


BROKEN: dict[str, Callable[[], bytes]] = {
    "missing": lambda: compose(404),
    "forbidden": lambda: compose(403),
    "an error": lambda: compose(500),
    "no content": lambda: compose(204),
    "empty": lambda: compose(200),
    "a page": lambda: compose(200, b"<html>"),
    "half a certificate": lambda: compose(200, make_certificate()[:300]),
    "a broken certificate": lambda: compose(200, make_certificate().replace(b"MII", b"NII")),
    "too long": lambda: compose(200, make_certificate() + b" " * LARGEST),
    "compressed": lambda: compose(200, gzip.compress(make_certificate()), Content_Encoding="gzip"),
    "an elliptic key": lambda: compose(200, make_certificate(ec.generate_private_key(ec.SECP256R1()))),
    "a short key": lambda: compose(200, make_certificate(rsa.generate_private_key(65537, 1024))),
    "hung up": lambda: b"",
    "cut off": lambda: compose(200, make_certificate())[:-100],
    "no HTTP": lambda: b"SSH-2.0\r\n\r\n",
    "moved, with it": lambda: compose(301, make_certificate(), Location=f"https://evil.test{PEM}"),
    "moved": lambda: compose(302, Location="http://169.254.169.254/latest/meta-data"),
    "moved within": lambda: compose(307, Location=f"{ORIGIN}/SimpleNotificationService-bb.pem"),
}


@pytest.mark.parametrize("broken", BROKEN)
async def test_a_certificate_that_cannot_be_had_makes_amazon_come_back(broken: str) -> None:
    async with open_stage(serve(BROKEN[broken]())) as stage:
        with recorded_connections() as connections:
            await put_off(stage)
    assert stage.detour.asked == [CERTIFICATE_URL]
    assert set(connections) <= {"127.0.0.1", ("127.0.0.1", stage.amazon.port)}


async def test_a_body_without_end_is_left_after_64_kib() -> None:
    endless = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + (b"4000\r\n" + b"A" * 0x4000 + b"\r\n") * 64
    async with open_stage(serve(endless)) as stage:
        await put_off(stage)


async def test_no_answer_in_time_makes_amazon_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(amazon_certificates, "TIMEOUT", httpx2.Timeout(0.1))
    async with open_stage(serve(None)) as stage:
        await put_off(stage)


async def test_an_answer_that_drips_without_end_makes_amazon_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(amazon_certificates, "DEADLINE", 0.1)
    async with open_stage(serve(None)) as stage:
        await put_off(stage)


async def test_waiting_for_others_certificates_ends_before_amazon_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(amazon_certificates, "PATIENCE", 0.1)
    async with open_stage(serve(None)) as stage:
        await put_off(stage)
        stage.amazon.answers[GET] = compose(200, make_certificate())
        monkeypatch.setattr(amazon_certificates, "PATIENCE", 8.0)
        assert (await stage.read(SEALED)).events, "it was not the certificate's fault"


def test_all_patience_together_stays_below_the_fifteen_seconds_that_amazon_waits() -> None:
    assert amazon_certificates.TIMEOUT.read is not None
    assert amazon_certificates.TIMEOUT.read < amazon_certificates.DEADLINE < amazon_certificates.PATIENCE < 10


async def test_nobody_listening_makes_amazon_come_back() -> None:
    async with open_stage() as stage:
        stage.detour._amazon = Amazon(port=1)  # the port of nobody
        await put_off(stage)


async def test_a_failure_is_believed_for_a_minute_and_then_asked_about_again() -> None:
    async with open_stage(serve(compose(404))) as stage:
        for seconds in (0, 1, 59):
            stage.clock[0] = NOW + timedelta(seconds=seconds)
            await put_off(stage)
        assert len(stage.detour.asked) == 1
        stage.amazon.answers[GET] = compose(200, make_certificate())
        stage.clock[0] = NOW + timedelta(seconds=61)
        assert (await stage.read(SEALED)).events


async def test_a_clock_that_is_set_back_does_not_prolong_a_failure() -> None:
    async with open_stage(serve(compose(404))) as stage:
        await put_off(stage)
        stage.amazon.answers[GET] = compose(200, make_certificate())
        stage.clock[0] = NOW - timedelta(minutes=10)
        assert (await stage.read(SEALED)).events


async def test_many_at_once_fail_together_after_one_request() -> None:
    async with open_stage(serve(compose(404))) as stage:
        ended = await asyncio.gather(*(stage.read(SEALED) for _ in range(50)), return_exceptions=True)
    assert {type(each) for each in ended} == {UnreadableWebhook}
    assert len(stage.detour.asked) == 1


@pytest.mark.parametrize(
    ("begins", "ends"), [(timedelta(days=-2), timedelta(seconds=-1)), (timedelta(seconds=1), timedelta(days=2))]
)
async def test_a_certificate_out_of_its_time_signs_nothing(begins: timedelta, ends: timedelta) -> None:
    pem = make_certificate(begins=NOW + begins, ends=NOW + ends)
    async with open_stage(serve(compose(200, pem))) as stage:
        with pytest.raises(ForgedWebhook):
            await stage.read(SEALED)


async def test_a_certificate_that_is_kept_ends_when_it_says() -> None:
    pem = make_certificate(ends=NOW + timedelta(minutes=5))
    async with open_stage(serve(compose(200, pem))) as stage:
        assert (await stage.read(SEALED)).events
        stage.clock[0] = NOW + timedelta(minutes=6)
        with pytest.raises(ForgedWebhook):
            await stage.read(SEALED)


async def test_names_that_strangers_invent_neither_grow_the_memory_nor_displace_the_certificate() -> None:
    async with open_stage() as stage:
        await stage.read(SEALED)
        for number in range(5 * MOST):
            with pytest.raises(UnreadableWebhook):
                await stage.read({**SEALED, "SigningCertURL": f"{ORIGIN}/SimpleNotificationService-{number:x}.pem"})
        asked = len(stage.detour.asked)
        assert (await stage.read(SEALED)).events
        assert len(stage.detour.asked) == asked
        (certificates,) = [stage.ses._notifications._certificates]
        assert (len(certificates._kept), len(certificates._failed)) == (1, MOST)


async def test_of_certificates_the_newest_eight_are_kept() -> None:
    names = [f"/SimpleNotificationService-{number:x}.pem" for number in range(MOST + 1)]
    amazon = Amazon({f"GET {name}": compose(200, make_certificate()) for name in names})
    async with open_stage(amazon) as stage:
        for name in [*names, names[-1], names[0]]:
            await stage.read(seal(enclose(tell("Send"), SigningCertURL=ORIGIN + name)))
    assert stage.detour.asked == [ORIGIN + name for name in [*names, names[0]]]


async def test_the_certificate_of_another_key_forges() -> None:
    other = make_certificate(rsa.generate_private_key(65537, 2048))
    assert make_certificate(make_key()) != other
    async with open_stage(serve(compose(200, other))) as stage:
        with pytest.raises(ForgedWebhook):
            await stage.read(SEALED)

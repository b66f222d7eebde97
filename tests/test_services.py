"""Promises of the composition: a channel is usable where its carrier is set up, and each webhook has one reader."""

import httpx2
import pytest

from tocsin.settings import read_settings
from tocsin.words import Channel
from tocsin_server.services import open_carriers

SERVICE = "MG" + "2" * 32


@pytest.mark.parametrize(
    ("number", "service", "usable"),
    [
        ("+14185550100", None, {Channel.CALL, Channel.SMS}),
        ("+14185550100", SERVICE, {Channel.CALL, Channel.SMS}),
        (None, SERVICE, {Channel.SMS}),
        ("", SERVICE, {Channel.SMS}),
    ],
)
def test_calls_need_a_number_to_come_from(number: str | None, service: str | None, usable: set[Channel]) -> None:
    settings = read_settings(twilio_from=number, twilio_messaging_service_sid=service)
    assert {carrier.channel for carrier in open_carriers(settings, httpx2.AsyncClient())} == usable


def test_no_two_carriers_read_the_same_webhook() -> None:
    carriers = open_carriers(read_settings(twilio_from="+14185550100"), httpx2.AsyncClient())
    paths = [path for carrier in carriers for path in carrier.readers()]
    assert len(set(paths)) == len(paths)
    assert {path for path in paths if path.startswith("/webhooks/twilio/voice/")} == {
        f"/webhooks/twilio/voice/{name}" for name in ("status", "machine", "gather", "message")
    }

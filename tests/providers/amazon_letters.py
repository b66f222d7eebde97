"""An e-mail handed to the stand-in once, for the tests of what Amazon makes of it."""

import httpx2
from providers.amazon_events_told import CARRIER_ID, CITIZEN, DELIVERY, TAGGED
from providers.amazon_stand_in import GIVEN, NOW, Amazon, compose, configure, listen

from tocsin.events import Answer, HandOver
from tocsin_providers.amazon_ses import AmazonSes

POST = "POST /v2/email/outbound-emails"
TEXT = "Évacuez la zone A & B.\n<script>alert(1)</script>\nMaintenant 🚨"
HAND_OVER = HandOver(DELIVERY, TAGGED, CITIZEN, TEXT, subject="Crue : évacuation")
SECRET = str(GIVEN["aws_secret_access_key"])
TAKEN = compose(200, {"MessageId": CARRIER_ID})
UNVERIFIED = "Email address is not verified. The following identities failed the check in region CA-CENTRAL-1: "


async def hand(amazon: Amazon, hand_over: HandOver = HAND_OVER, **overrides: object) -> Answer:
    # Plain HTTP needs no authorities, and loading them takes longer than the rest.
    async with listen(amazon), httpx2.AsyncClient(trust_env=False, verify=False) as client:
        settings = configure(**{"ses_endpoint_url": amazon.url, **overrides})
        return await AmazonSes(settings, client).send(hand_over, NOW)


async def send(answer: bytes | None, hand_over: HandOver = HAND_OVER) -> Answer:
    amazon = Amazon({POST: answer})
    ended = await hand(amazon, hand_over)
    assert len(amazon.requests) == 1, "an e-mail is handed over once, whatever happens"
    return ended


async def post(hand_over: HandOver = HAND_OVER, **overrides: object) -> bytes:
    amazon = Amazon({POST: TAKEN})
    await hand(amazon, hand_over, **overrides)
    (request,) = amazon.requests
    return request


def refusal(status: int, code: str | None, message: str = "", **headers: str) -> bytes:
    extra = {"x_amzn_errortype": code, **headers} if code else headers
    return compose(status, {"message": message}, **extra)


def describe(**fields: object) -> HandOver:
    return HandOver(**{**{name: getattr(HAND_OVER, name) for name in HAND_OVER.__slots__}, **fields})

"""What every request to Amazon shares: who signed it, and whether there is room. Imports settings, stage, signature."""

from datetime import datetime

from starlette.requests import Request

from tocsin_carriers.amazon_errors import AmazonError
from tocsin_carriers.amazon_signature import Keys, Scope, SignedRequest, check_signature
from tocsin_carriers.settings import CarrierSettings
from tocsin_carriers.stage import Stage


async def check_request(request: Request, settings: CarrierSettings, service: str, *, now: datetime) -> None:
    """AmazonError unless the account's key, as far as it is known, has signed this for the service."""
    signed = SignedRequest(
        method=request.method,
        path=request.scope["raw_path"].decode("ascii"),
        query=request.scope["query_string"].decode("ascii"),
        headers=request.headers,
        body=await request.body(),
    )
    keys = Keys(settings.aws_access_key_id, settings.aws_secret_access_key)
    check_signature(signed, keys, Scope(settings.region, service), now=now)


def refuse_load(stage: Stage) -> None:
    """429 in a burst, or what the account is refused with; 503 when the ledger can remember no more."""
    if stage.in_burst():
        raise AmazonError("TooManyRequestsException", "Maximum sending rate exceeded.")
    refusal = stage.knobs.email_refusal
    if refusal != "none":
        raise AmazonError(refusal, REFUSALS.get(refusal, ""))
    if stage.ledger.is_full:
        raise AmazonError(
            "ServiceUnavailableException",
            f"The simulator's ledger is full ({stage.ledger.limit:,} messages): reset it, or start it with a higher "
            "limit.",
        )


REFUSALS = {
    "BadRequestException": "The request is refused by the knob email_refusal.",
    "MessageRejected": "The message is refused by the knob email_refusal.",
    "TooManyRequestsException": "Daily message quota exceeded.",
}
"""What an error says that has no message of its own."""

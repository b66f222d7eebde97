"""What Amazon's answers to a hand-over mean: tables of its error codes and sentences. Imports events."""

import re
from collections.abc import Mapping

import httpx2

from tocsin.events import Verdict
from tocsin_providers.twilio_answers import read_object

MESSAGE_CODES = frozenset({"BadRequest", "InvalidParameter", "InvalidParameterValue", "MessageRejected", "Validation"})
"""This e-mail or its address is at fault: this delivery fails for good, the next one may succeed."""

ACCOUNT_CODES = frozenset(
    {"AccountSuspended", "AccountSendingPaused", "SendingPaused", "ConfigurationSetSendingPaused", "LimitExceeded"}
    | {"MailFromDomainNotVerified", "FromEmailAddressNotVerified", "NotFound", "ConfigurationSetDoesNotExist"}
    | {"UnrecognizedClient", "InvalidClientTokenId", "InvalidSignature", "SignatureDoesNotMatch", "IncompleteSignature"}
    | {"MissingAuthenticationToken", "ExpiredToken", "RequestExpired", "RequestTimeTooSkewed", "InvalidAccessKeyId"}
    | {"AccessDenied", "NotAuthorized", "OptInRequired", "SubscriptionRequired"}
    | {"Serialization", "UnknownOperation", "InvalidAction", "MalformedQueryString"}
)
"""Every hand-over would be refused alike: nobody's address is to blame."""

PASSING_CODES = frozenset({"TooManyRequests", "Throttling"})
"""Too many at once: not processed."""

VERDICTS_BY_CODE: Mapping[str, Verdict] = {
    **dict.fromkeys(MESSAGE_CODES, Verdict.ANSWERED),
    **dict.fromkeys(ACCOUNT_CODES, Verdict.ACCOUNT_REFUSED),
    **dict.fromkeys(PASSING_CODES, Verdict.TRY_AGAIN),
}

VERDICTS_BY_SENTENCE: Mapping[str, Verdict] = {
    "daily message quota exceeded": Verdict.ACCOUNT_REFUSED,
    "maximum sending rate exceeded": Verdict.TRY_AGAIN,
}
"""Amazon says both with the same codes."""

VERDICTS_BY_STATUS: Mapping[int, Verdict] = {
    401: Verdict.ACCOUNT_REFUSED,
    403: Verdict.ACCOUNT_REFUSED,
    404: Verdict.ACCOUNT_REFUSED,
    408: Verdict.UNKNOWN,
    429: Verdict.TRY_AGAIN,
}

CODE = re.compile(r"[A-Za-z]{1,64}", re.ASCII)
UNVERIFIED = re.compile(r"not verified(?:.*failed the check in region [A-Za-z0-9-]+:(.*))?", re.ASCII | re.DOTALL)


def read_code(response: httpx2.Response) -> str | None:
    """Return Amazon's code for an error, or nothing where the answer is not Amazon's."""
    body = read_object(response.content)
    stated = response.headers.get("x-amzn-errortype") or body.get("__type") or body.get("code")
    # The older forms are `namespace#Code` and `Code:url`.
    code = str(stated or "").partition(":")[0].rpartition("#")[2]
    return code if CODE.fullmatch(code) else None


def read_sentence(response: httpx2.Response) -> str:
    """Return Amazon's sentence in lower case. It may hold addresses: it is compared and goes nowhere."""
    body = read_object(response.content)
    stated = body.get("message") or body.get("Message")
    return stated[:2000].lower() if isinstance(stated, str) else ""


def judge(status: int, code: str | None, sentence: str) -> Verdict:
    """Return what an HTTP status other than 2xx means; where Amazon's sentence or code is known, it decides.

    An error without a code was not written by Amazon (a proxy, a wrong SES_ENDPOINT_URL): it says nothing about the address.
    """
    if status >= 500:
        return Verdict.UNKNOWN
    for known, verdict in VERDICTS_BY_SENTENCE.items():
        if known in sentence:
            return verdict
    if status == 429:
        return Verdict.TRY_AGAIN
    found = VERDICTS_BY_CODE.get((code or "").removesuffix("Exception")) or VERDICTS_BY_STATUS.get(status)
    return found or (Verdict.ANSWERED if code and status >= 400 else Verdict.ACCOUNT_REFUSED)


def blames_us(sentence: str, address: str, sender: str) -> bool:
    """Whether an identity that Amazon has not verified is ours; before production use it may be the citizen's alone."""
    found = UNVERIFIED.search(sentence)
    if found is None:
        return False
    identities = [part.strip() for part in (found[1] or "").split(",") if part.strip()]
    his, ours = address.lower(), sender.lower()
    return not identities or his == ours or any(identity != his for identity in identities)

"""Amazon's errors, their HTTP statuses and words, as SES answers them in JSON and SNS in XML.
Imports nothing of ours.
"""

import secrets
from typing import Any
from uuid import UUID
from xml.sax.saxutils import escape

from starlette.responses import JSONResponse, Response

SNS_NAMESPACE = "http://sns.amazonaws.com/doc/2010-03-31/"

# name: (HTTP status, message); braces are filled with the offending value.
ERRORS: dict[str, tuple[int, str]] = {
    "AccountSuspendedException": (400, "The message can't be sent because the account's ability to send is suspended."),
    "BadRequestException": (400, "{value}"),
    "InternalServiceErrorException": (500, "An internal service error occurred."),
    "LimitExceededException": (400, "There are too many instances of the specified resource type."),
    "MailFromDomainNotVerifiedException": (400, "The custom MAIL FROM domain is not verified."),
    "MessageRejected": (400, "{value}"),
    "NotFoundException": (404, "Configuration set <{value}> does not exist."),
    "SendingPausedException": (400, "Email sending is paused for this account."),
    "ServiceUnavailableException": (503, "{value}"),
    "TooManyRequestsException": (429, "{value}"),
    # of the signature, common to all services
    "IncompleteSignatureException": (403, "{value}"),
    "InvalidSignatureException": (403, "{value}"),
    "MissingAuthenticationTokenException": (403, "Missing Authentication Token"),
    "UnrecognizedClientException": (403, "The security token included in the request is invalid."),
    # of SNS
    "InvalidAction": (400, "The action {value} is not valid for this endpoint."),
    "InvalidParameter": (400, "Invalid parameter: {value}"),
    "NotFound": (404, "Topic does not exist"),
}


class AmazonError(Exception):
    """A request that Amazon answers with an error body."""

    def __init__(self, name: str, value: str = "") -> None:
        super().__init__(name)
        self.name = name
        self.value = value

    @property
    def status(self) -> int:
        return ERRORS[self.name][0]

    @property
    def message(self) -> str:
        return ERRORS[self.name][1].format(value=self.value)


def make_request_id() -> str:
    return str(UUID(bytes=secrets.token_bytes(16), version=4))


def answer_json(content: dict[str, Any], *, status: int = 200, error: str = "") -> JSONResponse:
    """As SES answers; the name of an error is in a header, its message in the body."""
    headers = {"x-amzn-RequestId": make_request_id()} | ({"x-amzn-errortype": error} if error else {})
    return JSONResponse(content, status_code=status, headers=headers)


def answer_ses_error(error: AmazonError) -> Response:
    return answer_json({"message": error.message}, status=error.status, error=error.name)


def answer_sns(action: str, result: str) -> Response:
    """As SNS answers an action; `result` is XML."""
    request_id = make_request_id()
    content = (
        f'<{action}Response xmlns="{SNS_NAMESPACE}"><{action}Result>{result}</{action}Result>'
        f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{action}Response>"
    )
    return Response(content, media_type="text/xml", headers={"x-amzn-RequestId": request_id})


def answer_sns_error(error: AmazonError) -> Response:
    """The names of the signature's errors have no `Exception` at their end here."""
    request_id, name = make_request_id(), error.name.removesuffix("Exception")
    content = (
        f'<ErrorResponse xmlns="{SNS_NAMESPACE}"><Error><Type>Sender</Type><Code>{name}</Code>'
        f"<Message>{escape(error.message)}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    )
    headers = {"x-amzn-RequestId": request_id}
    return Response(content, status_code=error.status, media_type="text/xml", headers=headers)

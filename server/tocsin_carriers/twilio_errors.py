"""Twilio's error codes, their HTTP statuses and words, as its REST answers carry them.
Imports nothing of ours.
"""

from typing import Any

from starlette.responses import JSONResponse

# code: (HTTP status, message); braces are filled with the offending value, as Twilio does.
ERRORS: dict[int, tuple[int, str]] = {
    11243: (400, "The connection overrides of a callback URL are invalid: {value}"),
    20001: (400, "Invalid parameter: {value}"),
    20003: (401, "Authenticate"),
    20404: (404, "The requested resource {value} was not found"),
    20429: (429, "Too Many Requests"),
    20500: (500, "An internal server error has occurred"),
    20503: (503, "{value}"),
    21201: (400, "No 'To' number is specified"),
    21205: (400, "Url is not a valid URL: {value}"),
    21210: (400, "The source phone number provided, {value}, is not yet verified for your account."),
    21211: (400, "The 'To' number {value} is not a valid phone number."),
    21212: (
        400,
        "The 'From' number {value} is not a valid phone number, shortcode, or alphanumeric sender ID.",
    ),
    21213: (400, "A 'From' phone number is required."),
    21214: (400, "The 'To' phone number {value} cannot be reached."),
    21215: (400, "Account not authorized to call {value}."),
    21220: (400, "Call is not in-progress. Cannot redirect."),
    21502: (400, "The callback URL {value} is not a valid URL."),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21606: (400, "The From phone number {value} is not a valid, SMS-capable phone number for your account."),
    21609: (400, "The 'StatusCallback' URL {value} is not a valid URL."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit."),
    21624: (400, "Invalid validity period value"),
    21701: (400, "The Messaging Service {value} does not exist."),
    22005: (400, "The queue of calls is full: it holds those of more than 24 hours."),
    30409: (400, "Message cannot be canceled: it is not scheduled."),
    32018: (400, "The Twiml parameter exceeds the 4000 character limit."),
    35111: (400, "SendAt is required, and must be a valid ISO 8601 date, to schedule a message."),
    35114: (400, "SendAt must be between 300 seconds and 35 days in the future."),
    35118: (400, "MessagingServiceSid is required to schedule a message."),
}

# What the ErrorCode of a message means.
DELIVERY_ERRORS: dict[int, str] = {
    30001: "Queue overflow",
    30003: "Unreachable destination handset",
    30005: "Unknown destination handset",
    30006: "Landline or unreachable carrier",
    30008: "Unknown error",
}


class TwilioError(Exception):
    """A request that Twilio answers with an error body."""

    def __init__(self, code: int, value: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.value = value


def error_response(error: TwilioError) -> JSONResponse:
    status, message = ERRORS[error.code]
    content: dict[str, Any] = {
        "code": error.code,
        "message": message.format(value=error.value),
        "more_info": f"https://www.twilio.com/docs/errors/{error.code}",
        "status": status,
    }
    headers = {401: {"WWW-Authenticate": 'Basic realm="Twilio API"'}, 429: {"Retry-After": "1"}}.get(status)
    return JSONResponse(content, status_code=status, headers=headers)

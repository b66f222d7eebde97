"""Telephone numbers and e-mail addresses in the one form in which they are kept. Imports errors only."""

from babel.core import get_global
from email_validator import EmailNotValidError, validate_email
from phonenumbers import (
    NumberParseException,
    PhoneNumberFormat,
    format_number,
    is_valid_number,
    parse,
)

from tocsin.errors import BadInput

DEFAULT_REGION = "CA"


def find_region(time_zone: str) -> str:
    """Return the country, of two letters, whose national numbers are written where this time zone holds."""
    return str(get_global("zone_territories").get(time_zone, DEFAULT_REGION))


def read_phone(text: str, region: str) -> str:
    """Return a number in E.164; BAD_INPUT for what can't be dialled by itself, an extension included."""
    if any(character.isalpha() for character in text):
        raise BadInput("this is not a telephone number; write digits only, without an extension")
    try:
        number = parse(text, region)
    except NumberParseException:
        raise BadInput("this is not a telephone number") from None
    if number.extension or not is_valid_number(number):
        raise BadInput("this is not a telephone number that can be dialled")
    return format_number(number, PhoneNumberFormat.E164)


def read_email(text: str) -> str:
    """Return an address as carriers take it, its domain in ASCII; BAD_INPUT for what can't be one."""
    try:
        found = validate_email(text, check_deliverability=False, allow_smtputf8=False, test_environment=True)
    except EmailNotValidError:
        # The library's own sentence may repeat the address.
        raise BadInput("this is not an e-mail address") from None
    assert found.ascii_email is not None, "without SMTPUTF8 every address has its form in ASCII"
    return found.ascii_email

"""Amazon's own published example, against which the test's own check of signatures is checked in its turn."""

import pytest
from providers.amazon_signing import verify

PUBLISHED = (
    b"GET /?Action=ListUsers&Version=2010-05-08 HTTP/1.1\r\n"
    b"Host: iam.amazonaws.com\r\n"
    b"Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\n"
    b"X-Amz-Date: 20150830T123600Z\r\n"
    b"Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
    b"SignedHeaders=content-type;host;x-amz-date, "
    b"Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7\r\n\r\n"
)
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


def test_amazons_published_example_is_signed() -> None:
    assert verify(PUBLISHED, SECRET, service="iam", region="us-east-1") == "AKIDEXAMPLE"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"ListUsers", b"ListRoles"),
        (b"iam.amazonaws.com", b"sts.amazonaws.com"),
        (b"charset=utf-8", b"charset=ascii"),
        (b"20150830T123600Z", b"20150830T123601Z"),
        (b"5d672d79", b"5d672d78"),
        (b"\r\n\r\n", b"\r\n\r\nbody"),
    ],
)
def test_whatever_of_it_is_changed_it_is_signed_no_more(old: bytes, new: bytes) -> None:
    with pytest.raises(AssertionError):
        verify(PUBLISHED.replace(old, new), SECRET, service="iam", region="us-east-1")

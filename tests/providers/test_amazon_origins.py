"""From where certificates are believed: Amazon's own address in the topic's region, letter for letter, and nowhere else."""

from typing import Any

import pytest
from providers.amazon_events_told import tell
from providers.amazon_stand_in import (
    CERTIFICATE_URL,
    ORIGIN,
    PEM,
    TOPIC,
    Stage,
    enclose,
    invite,
    open_stage,
    refuse,
    seal,
)

from tocsin_providers.webhook import ForgedWebhook

SENT = tell("Send")

URLS = {
    "without tls": f"http://sns.ca-central-1.amazonaws.com{PEM}",
    "in capitals": f"HTTPS://SNS.ca-central-1.amazonaws.com{PEM}",
    "with a user": f"https://sns.ca-central-1.amazonaws.com@evil.test{PEM}",
    "with a user before it": f"https://evil@sns.ca-central-1.amazonaws.com{PEM}",
    "with a password": f"https://a:b@sns.ca-central-1.amazonaws.com{PEM}",
    "with a port": f"https://sns.ca-central-1.amazonaws.com:443{PEM}",
    "with another port": f"https://sns.ca-central-1.amazonaws.com:8443{PEM}",
    "of another region": f"https://sns.us-east-1.amazonaws.com{PEM}",
    "of no region": f"https://sns.amazonaws.com{PEM}",
    "of China's partition": f"https://sns.ca-central-1.amazonaws.com.cn{PEM}",
    "of another service": f"https://s3.ca-central-1.amazonaws.com{PEM}",
    "in a bucket": f"https://evil.s3.amazonaws.com{PEM}",
    "below it": f"https://evil.sns.ca-central-1.amazonaws.com{PEM}",
    "with a longer name": f"https://sns.ca-central-1.amazonaws.com.evil.test{PEM}",
    "with a longer first name": f"https://evilsns.ca-central-1.amazonaws.com{PEM}",
    "with another letter for the point": f"https://snsXca-central-1.amazonaws.com{PEM}",
    "with a final point": f"https://sns.ca-central-1.amazonaws.com.{PEM}",
    "with letters that look alike": f"https://sns.ca-central-1.\u0430mazonaws.com{PEM}",
    "of this machine": f"http://127.0.0.1:9000{PEM}",
    "of a metadata service": f"http://169.254.169.254{PEM}",
    "by backslash": f"https://evil.test\\sns.ca-central-1.amazonaws.com{PEM}",
    "by encoded slash": f"https://evil.test%2Fsns.ca-central-1.amazonaws.com{PEM}",
    "by fragment": f"https://evil.test#{ORIGIN}{PEM}",
    "by query": f"https://evil.test?{ORIGIN}{PEM}",
    "in a path": f"https://evil.test/{ORIGIN}{PEM}",
    "with a query": f"{CERTIFICATE_URL}?x=.pem",
    "with a fragment": f"{CERTIFICATE_URL}#.pem",
    "with a folder": f"{ORIGIN}/folder{PEM}",
    "with an empty folder": f"{ORIGIN}/{PEM}",
    "with dots": f"{ORIGIN}/../SimpleNotificationService-0a.pem",
    "with encoded dots": f"{ORIGIN}/%2e%2e{PEM}",
    "with a parameter": f"{ORIGIN}/;{PEM}",
    "of another name": f"{ORIGIN}/AnotherService-0a.pem",
    "of a name in capitals": f"{ORIGIN}/SimpleNotificationService-0A.pem",
    "of a name with other letters": f"{ORIGIN}/SimpleNotificationService-0g.pem",
    "of a name without digits": f"{ORIGIN}/SimpleNotificationService-.pem",
    "of an endless name": f"{ORIGIN}/SimpleNotificationService-{'0' * 65}.pem",
    "of another kind": f"{ORIGIN}/SimpleNotificationService-0a.pem.zip",
    "with a point that is none": f"{ORIGIN}/SimpleNotificationService-0aXpem",
    "with a space before": f" {CERTIFICATE_URL}",
    "with a space behind": f"{CERTIFICATE_URL} ",
    "with a tab": CERTIFICATE_URL.replace("amazonaws", "amazon\taws"),
    "with a carriage return": f"{CERTIFICATE_URL}\r",
    "with nothing in it": f"{CERTIFICATE_URL}\x00",
    "without a scheme": CERTIFICATE_URL.removeprefix("https:"),
    "of a file": "file:///etc/SimpleNotificationService-0a.pem",
}


@pytest.mark.parametrize("url", URLS.values(), ids=URLS)
@pytest.mark.parametrize("make", [enclose, invite])
async def test_a_certificate_is_taken_from_amazons_own_address_alone(stage: Stage, url: str, make: Any) -> None:
    fields = enclose(SENT) if make is enclose else invite()
    await refuse(stage, seal({**fields, "SigningCertURL": url}), ForgedWebhook)


@pytest.mark.parametrize("url", [CERTIFICATE_URL, URLS["of this machine"], *list(URLS.values())[2:6]])
async def test_with_origins_of_this_machine_amazons_own_address_is_none_any_more(url: str) -> None:
    async with open_stage(sns_cert_origins=("http://127.0.0.1:9001/",)) as stage:
        await refuse(stage, seal(enclose(SENT, SigningCertURL=url)), ForgedWebhook)
        await refuse(stage, seal(enclose(SENT, SigningCertURL=f"http://127.0.0.1:9001/folder{PEM}")), ForgedWebhook)
        report = await stage.read(seal(enclose(SENT, SigningCertURL=f"http://127.0.0.1:9001{PEM}")))
    assert len(report.events) == 1


@pytest.mark.parametrize(
    ("topic", "origin"),
    [
        ("arn:aws:sns:eu-west-3:123456789012:a", "https://sns.eu-west-3.amazonaws.com"),
        ("arn:aws-cn:sns:cn-north-1:123456789012:a", "https://sns.cn-north-1.amazonaws.com.cn"),
        ("arn:aws-us-gov:sns:us-gov-west-1:123456789012:a", "https://sns.us-gov-west-1.amazonaws.com"),
    ],
)
async def test_each_region_has_its_own_address(topic: str, origin: str) -> None:
    async with open_stage(sns_topic_arns=(topic, TOPIC)) as stage:
        await refuse(stage, seal(enclose(SENT, TopicArn=topic)), ForgedWebhook)
        assert (await stage.read(seal(enclose(SENT, TopicArn=topic, SigningCertURL=origin + PEM)))).events
        assert stage.detour.asked == [origin + PEM]

"""The settings by which a server under test reaches all three simulated carriers, and believes them."""

from typing import Any

from stage.simulator import KEY, SECRET_KEY, Carriers


def describe_carriers(carriers: Carriers) -> dict[str, Any]:
    """Settings for calls, texts by a messaging service, and e-mails."""
    return {
        "twilio_base_url": carriers.url,
        "twilio_messaging_service_sid": "MG" + "3" * 32,
        "twilio_messages_per_second": 200.0,
        "twilio_calls_per_second": 200.0,
        "ses_region": "ca-central-1",
        "ses_from": "alertes@sainte-rive.test",
        "ses_configuration_set": "tocsin",
        "ses_endpoint_url": carriers.url,
        "ses_messages_per_second": 200.0,
        "sns_topic_arns": carriers.topic_arn,
        "sns_endpoint_url": carriers.url,
        "sns_cert_origins": carriers.url,
        "aws_access_key_id": KEY,
        "aws_secret_access_key": SECRET_KEY,
    }

"""`python -m tocsin_carriers`: the simulator's own command line, one option for every setting and knob."""

import argparse
import os
import re
from dataclasses import fields

from tocsin_carriers.command import run
from tocsin_carriers.knobs import KnobError, Knobs
from tocsin_carriers.loopback import split_loopback_url
from tocsin_carriers.settings import CarrierSettings

_TOPIC = re.compile(r"arn:aws:sns:[a-z]{2}(?:-[a-z]+)+-[0-9]:[0-9]{12}:[A-Za-z0-9_-]{1,256}")


def create_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tocsin_carriers", description="Simulates carriers on 127.0.0.1.")
    usual = CarrierSettings()
    environment = os.environ
    parser.add_argument("--port", type=int, default=0, help="0 (usual): any free one; it is printed as JSON")
    parser.add_argument("--follow-parent", action="store_true", help="stop when standard input closes")
    parser.add_argument("--account-sid", default=environment.get("TWILIO_ACCOUNT_SID") or usual.account_sid)
    parser.add_argument("--auth-token", default=environment.get("TWILIO_AUTH_TOKEN") or usual.auth_token)
    parser.add_argument("--sender", default=environment.get("TWILIO_FROM") or usual.sender)
    parser.add_argument("--senders", nargs="*", default=[], help="numbers of the account; none: every one")
    parser.add_argument("--messaging-services", nargs="*", default=[], help="its services; none: every one")
    parser.add_argument("--inbound-url", help="where texts from citizens are posted")
    _add_amazon(parser)
    parser.add_argument("--ledger-limit", type=int, default=usual.ledger_limit)
    _add_knobs(parser)
    return parser


def _add_amazon(parser: argparse.ArgumentParser) -> None:
    usual, environment = CarrierSettings(), os.environ
    key_id, secret = environment.get("AWS_ACCESS_KEY_ID"), environment.get("AWS_SECRET_ACCESS_KEY")
    parser.add_argument("--aws-access-key-id", default=key_id or None, help="the key that has to sign; none: any")
    parser.add_argument(
        "--aws-secret-access-key", default=secret or None, help="its secret; none: signatures are not computed"
    )
    parser.add_argument("--topic-arn", default=usual.topic_arn, type=_read_topic, help="(usual: %(default)s)")
    parser.add_argument("--events-url", help="the webhook that is subscribed to the topic at the start")
    parser.add_argument("--configuration-sets", nargs="*", default=[], help="of e-mails; none: every one")
    parser.add_argument("--email-senders", nargs="*", default=[], help="addresses and domains; none: every one")
    parser.add_argument(
        "--waiting-limit",
        type=int,
        default=usual.waiting_limit,
        help="events kept while no subscription is confirmed (usual: %(default)s)",
    )


def _read_topic(text: str) -> str:
    if not _TOPIC.fullmatch(text):
        raise argparse.ArgumentTypeError("a topic is named like arn:aws:sns:ca-central-1:123456789012:tocsin-events")
    return text


def _add_knobs(parser: argparse.ArgumentParser) -> None:
    for knob in fields(Knobs):
        flag, help_text = "--" + knob.name.replace("_", "-"), knob.metadata["help"]
        if knob.type is bool:
            parser.add_argument(flag, action=argparse.BooleanOptionalAction, default=knob.default, help=help_text)
        elif knob.type is str:
            choices = knob.metadata["choices"]
            parser.add_argument(
                flag, choices=choices, default=knob.default, help=f"{help_text} (usual: {knob.default})"
            )
        else:
            kind = int if knob.type is int else float
            parser.add_argument(flag, type=kind, default=knob.default, help=f"{help_text} (usual: {knob.default})")


def read_settings(options: argparse.Namespace) -> CarrierSettings:
    return CarrierSettings(
        account_sid=options.account_sid,
        auth_token=options.auth_token,
        sender=options.sender,
        senders=frozenset(options.senders),
        messaging_services=frozenset(options.messaging_services),
        inbound_url=options.inbound_url,
        aws_access_key_id=options.aws_access_key_id,
        aws_secret_access_key=options.aws_secret_access_key,
        topic_arn=options.topic_arn,
        events_url=options.events_url,
        configuration_sets=frozenset(options.configuration_sets),
        email_senders=frozenset(options.email_senders),
        waiting_limit=options.waiting_limit,
        ledger_limit=options.ledger_limit,
        knobs=Knobs(**{knob.name: getattr(options, knob.name) for knob in fields(Knobs)}),
    )


def main() -> None:
    parser = create_parser()
    options = parser.parse_args()
    if options.aws_secret_access_key and not options.aws_access_key_id:
        parser.error("--aws-secret-access-key is of no use without --aws-access-key-id.")
    if options.events_url is not None and split_loopback_url(options.events_url) is None:
        parser.error("--events-url must be an absolute http or https URL on this machine.")
    try:
        settings = read_settings(options)
    except KnobError as error:
        parser.error(str(error))
    run(settings, options.port, follow_parent=options.follow_parent)


if __name__ == "__main__":
    main()

"""`python -m tocsin_carriers`: the simulator's own command line, one option for every setting and knob."""

import argparse
import os
from dataclasses import fields

from tocsin_carriers.command import run
from tocsin_carriers.knobs import KnobError, Knobs
from tocsin_carriers.settings import CarrierSettings


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
    parser.add_argument("--ledger-limit", type=int, default=usual.ledger_limit)
    _add_knobs(parser)
    return parser


def _add_knobs(parser: argparse.ArgumentParser) -> None:
    for knob in fields(Knobs):
        flag, help_text = "--" + knob.name.replace("_", "-"), knob.metadata["help"]
        if knob.type is bool:
            parser.add_argument(flag, action=argparse.BooleanOptionalAction, default=knob.default, help=help_text)
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
        ledger_limit=options.ledger_limit,
        knobs=Knobs(**{knob.name: getattr(options, knob.name) for knob in fields(Knobs)}),
    )


def main() -> None:
    parser = create_parser()
    options = parser.parse_args()
    try:
        settings = read_settings(options)
    except KnobError as error:
        parser.error(str(error))
    run(settings, options.port, follow_parent=options.follow_parent)


if __name__ == "__main__":
    main()

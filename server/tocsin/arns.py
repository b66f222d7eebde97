"""Amazon's names of regions and topics: from a topic's come its account, its region and the one host that speaks for it.

Imports nothing of ours.
"""

import re
from dataclasses import dataclass

SUFFIXES = {"aws": "amazonaws.com", "aws-us-gov": "amazonaws.com", "aws-cn": "amazonaws.com.cn"}
"""Where each of Amazon's partitions has its hosts."""

REGION = re.compile(r"[a-z]{2,5}(?:-[a-z]{2,12}){1,3}-[0-9]{1,2}", re.ASCII)
TOPIC = re.compile(rf"arn:({'|'.join(SUFFIXES)}):sns:({REGION.pattern}):([0-9]{{12}}):[A-Za-z0-9_-]{{1,256}}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic that events are published to; `origin` is scheme and host of its region's notification service."""

    arn: str
    region: str
    account: str
    origin: str


def read_topic(arn: str) -> Topic | None:
    """Return what the name of a topic says, or nothing where it is none."""
    found = TOPIC.fullmatch(arn)
    if found is None:
        return None
    partition, region, account = found.groups()
    return Topic(arn, region, account, f"https://sns.{region}.{SUFFIXES[partition]}")

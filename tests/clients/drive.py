"""Runs the example that is named first, and says each message on a line."""

import asyncio
import json
import os
import runpy
import sys

follow = runpy.run_path(sys.argv[1])["follow"]
given = os.environ


def show(changes: object) -> None:
    sys.stdout.write(f"{json.dumps(changes)}\n")
    sys.stdout.flush()


asyncio.run(follow(given["URL_OF_SERVER"], given["TOKEN"], given["COMMUNICATION"], show))

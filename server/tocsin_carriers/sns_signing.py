"""Signs off the loop: an RSA signature takes as long as a handful of posts. Imports identities only."""

import asyncio
import base64
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from tocsin_carriers.sns_identity import SigningIdentity

_THREADS = 2
_LARGEST_BATCH = 8
_HASHES: dict[str, hashes.HashAlgorithm] = {"1": hashes.SHA1(), "2": hashes.SHA256()}  # noqa: S303 - forgeries use 1


@dataclass(frozen=True, slots=True)
class _Order:
    identity: SigningIdentity
    text: bytes
    version: str
    answer: "asyncio.Future[str]"


class Signer:
    """A few threads, since OpenSSL lets go of the interpreter while it computes; each takes several texts at
    once, since changing threads costs a quarter of a signature. Whoever asks bounds how many wait.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="sns-signing")
        self._orders: deque[_Order] = deque()
        self._free = _THREADS

    async def sign(self, identity: SigningIdentity, text: bytes, version: str) -> str:
        """The signature in base64."""
        order = _Order(identity, text, version, asyncio.get_running_loop().create_future())
        self._orders.append(order)
        self._begin()
        return await order.answer

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _begin(self) -> None:
        while self._free and self._orders:
            batch = [self._orders.popleft() for _ in range(min(_LARGEST_BATCH, len(self._orders)))]
            self._free -= 1
            work = asyncio.get_running_loop().run_in_executor(self._threads, _sign_all, batch)
            work.add_done_callback(partial(self._finish, batch))

    def _finish(self, batch: Sequence[_Order], work: "asyncio.Future[list[str]]") -> None:
        self._free += 1
        error = None if work.cancelled() else work.exception()
        for position, order in enumerate(batch):
            if order.answer.done():
                continue
            if work.cancelled():
                order.answer.cancel()
            elif error is not None:
                order.answer.set_exception(error)
            else:
                order.answer.set_result(work.result()[position])
        self._begin()


def _sign_all(batch: Sequence[_Order]) -> list[str]:
    return [_sign(order.identity, order.text, order.version) for order in batch]


def _sign(identity: SigningIdentity, text: bytes, version: str) -> str:
    return base64.b64encode(identity.key.sign(text, padding.PKCS1v15(), _HASHES[version])).decode("ascii")

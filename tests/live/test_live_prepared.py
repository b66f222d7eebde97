"""Promises of prepared frames: the bytes of the library, nothing where it would send nothing, and else the plain way."""

import asyncio
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from tocsin_graphql.prepared_frames import find_writer, head_frame
from tocsin_server import prepared_sockets
from tocsin_server.prepared_sockets import SOCKETS, FrameWriter, PreparedSocket, choose_sockets, keep_contract


class GarblingWriter(FrameWriter):
    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__(transport)
        self._write = lambda frame: transport.write(frame + b"\n")


class SwallowingWriter(FrameWriter):
    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__(transport)
        self._write = len


class PushingWriter(FrameWriter):
    def look(self, *, ready: bool) -> None:
        super().look(ready=True)


class DespairingWriter(FrameWriter):
    """Never says that there is room again."""

    def look(self, *, ready: bool) -> None:
        super().look(ready=ready and not self._heeding)


class Garbling(PreparedSocket):
    """As if the library had come to put something behind each frame."""

    make_writer = GarblingWriter


class Swallowing(PreparedSocket):
    make_writer = SwallowingWriter


class Pushing(PreparedSocket):
    """Writes into a socket that is full."""

    make_writer = PushingWriter


class Despairing(PreparedSocket):
    make_writer = DespairingWriter


class Unstoppable(PreparedSocket):
    """Knows when the socket is full, but not that it has been closed."""

    def _is_ready(self) -> bool:
        return self.writable.is_set()


class Silent(PreparedSocket):
    """As if the library no longer asked this method."""

    def handle_connect(self, event: object) -> None:
        super(PreparedSocket, self).handle_connect(event)  # type: ignore[arg-type]


async def test_the_installed_libraries_keep_the_contract() -> None:
    assert await keep_contract()
    assert (await choose_sockets())["ws"] is PreparedSocket


@pytest.mark.parametrize("broken", [Garbling, Swallowing, Pushing, Despairing, Unstoppable, Silent])
async def test_what_breaks_a_clause_of_the_contract_is_found_at_start(broken: type[PreparedSocket]) -> None:
    assert not await keep_contract(broken)


async def test_where_the_contract_is_not_kept_frames_go_the_plain_way_and_the_log_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(PreparedSocket, "make_writer", PushingWriter)
    with caplog.at_level(logging.INFO, logger=prepared_sockets.__name__):
        assert await choose_sockets() is SOCKETS
    assert [record.levelname for record in caplog.records] == ["WARNING"]


async def test_the_operator_may_choose_the_plain_way() -> None:
    assert await choose_sockets(prepared=False) is SOCKETS


@given(st.integers(0, 70_000))
def test_a_head_is_the_one_that_the_library_makes(length: int) -> None:
    text = b"x" * length
    assert head_frame(length) + text == Frame(Opcode.TEXT, text).serialize(mask=False)


def test_a_server_without_the_extension_offers_no_way_to_write() -> None:
    assert find_writer({"extensions": {"websocket.http.response": {}}}) is None
    assert find_writer({}) is None

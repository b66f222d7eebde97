"""Giving finished workbooks out: a signed path that is good for a minute, and the requester's bearer. Imports links and exports.

401: no bearer. 403: not a link of ours. 410: its minute is over. 404: not the bearer's export, or removed.
"""

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from tocsin.errors import NotFound
from tocsin.exports import ExportRow, find_exports, read_piece
from tocsin.links import read_link
from tocsin.times import tell_time
from tocsin.words import ExportState
from tocsin_graphql.failures import describe
from tocsin_graphql.services import Authenticate

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
UNKEPT = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
STATUSES = {
    "UNAUTHENTICATED": 401,
    "FORBIDDEN": 403,
    "NOT_FOUND": 404,
    "NOT_AVAILABLE": 410,
    "UNAVAILABLE": 503,
}
"""By the code of an error; any other is our own mistake, 500."""


class Downloads:
    """The route of the files."""

    def __init__(self, authenticate: Authenticate, key: bytes, *, now: Callable[[], datetime] = tell_time) -> None:
        self._authenticate = authenticate
        self._key = key
        self._now = now

    async def answer(self, request: Request) -> Response:
        """Answer GET with the file, HEAD with what could be had, everything wrong with one error as JSON."""
        try:
            row = await self._find(request)
        except Exception as error:  # told, and logged where it is translated
            return refuse(error)
        headers = {
            **UNKEPT,
            "Content-Disposition": f'attachment; filename="{row.file_name}"',
            "Content-Length": str(row.size),
        }
        if request.method == "HEAD":
            return Response(headers=headers, media_type=WORKBOOK)
        return StreamingResponse(read_file(row.id), headers=headers, media_type=WORKBOOK)

    async def _find(self, request: Request) -> ExportRow:
        header = request.headers.get
        now = self._now()
        viewer = await self._authenticate(header("authorization"), None, now, accept_language=header("accept-language"))
        found = await find_exports(viewer, [read_link(self._key, request.path_params["link"], now)])
        if not found or found[0].state is not ExportState.READY:
            raise NotFound("There is no such export of yours.")
        return found[0]


async def read_file(export_id: UUID) -> AsyncIterator[bytes]:
    """Give the file piece by piece, none read before the one before it is on its way."""
    number = 0
    while (piece := await read_piece(export_id, number)) is not None:
        yield piece
        number += 1


def refuse(error: Exception) -> Response:
    described = describe(error)
    status = STATUSES.get(described["extensions"]["code"], 500)
    headers = {**UNKEPT, "WWW-Authenticate": "Bearer"} if status == 401 else UNKEPT
    return JSONResponse({"errors": [described]}, status, headers)

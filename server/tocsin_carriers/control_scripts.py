"""The simulator's path /simulator/script: what goes to an address stops at a word. Imports control, stage."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from tocsin_carriers.control import ControlError, read_object
from tocsin_carriers.stage import Stage


class ScriptControl:
    """POST `{"to", "stopAfter"}` sets a script, DELETE `{"to"}` takes it back, DELETE without a body all."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/simulator/script", self._set, methods=["POST"]),
            Route("/simulator/script", self._unset, methods=["DELETE"]),
        ]

    async def _set(self, request: Request) -> Response:
        script = _check(await read_object(request), {"to", "stopAfter"})
        self._stage.scripts.note(script["to"], script["stopAfter"])
        return JSONResponse(script)

    async def _unset(self, request: Request) -> Response:
        if await request.body():
            self._stage.scripts.forget(_check(await read_object(request), {"to"})["to"])
        else:
            self._stage.scripts.forget()
        return Response(status_code=204)


def _check(content: dict[str, Any], names: set[str]) -> dict[str, str]:
    if set(content) != names or not all(isinstance(value, str) and value for value in content.values()):
        raise ControlError(
            f"A script has exactly these fields, strings that are not empty: {', '.join(sorted(names))}."
        )
    return content

"""GraphQL over HTTP, server-sent events and WebSocket, as one ASGI application. Imports Strawberry and the transports.

Every answer is JSON in GraphQL's shape; application/graphql-response+json has the statuses of its specification.
"""

import json
from collections.abc import Mapping
from typing import Any

from cross_web import AsyncHTTPRequestAdapter, HTTPException
from graphql import GraphQLSyntaxError
from graphql import OperationType as Kind
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData
from strawberry.schema.schema import Schema
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError

from tocsin.errors import BadInput
from tocsin.tracing import begin_walk
from tocsin.viewers import Viewer
from tocsin_graphql.admission import Admission
from tocsin_graphql.complaints import complain
from tocsin_graphql.context import Context
from tocsin_graphql.errors import translate
from tocsin_graphql.failures import describe
from tocsin_graphql.gatherings import Gatherings
from tocsin_graphql.places import Places
from tocsin_graphql.plans import Plan
from tocsin_graphql.requests import EVENT_STREAM, RESPONSE_TYPE, accepts, decode, read_request
from tocsin_graphql.services import Services
from tocsin_graphql.socket import SocketAdapter, SocketHandler
from tocsin_graphql.sse import EventSource, EventStream

STATUSES: Mapping[str, int] = {"UNAUTHENTICATED": 401, "FORBIDDEN": 403, "UNAVAILABLE": 503, "INTERNAL": 500}
"""By the code of an error that kept an operation from running; any other is 400."""


class SubResponse(Response):
    """Strawberry's response in the making, which remembers what it answers."""

    def __init__(self, request: Request) -> None:
        super().__init__()
        self.request = request


class View(GraphQL[Context | None, None]):
    """Strawberry's application without its IDE, legacy protocols and uploads."""

    graphql_transport_ws_handler_class = SocketHandler
    websocket_adapter_class = SocketAdapter

    def __init__(self, schema: Schema, services: Services) -> None:
        super().__init__(
            schema,
            graphql_ide=None,
            subscription_protocols=("graphql-transport-ws",),
            connection_init_wait_timeout=services.greeting_timeout,
            max_subscriptions_per_connection=services.most_operations,
            allowed_origins=services.allowed_origins,
        )
        self.services = services
        self.gatherings = Gatherings(schema, services.hub, services.make_context)
        self.places = Places(services.sockets)
        self.admission = Admission(schema._schema, services.limits, schema_shown=services.schema_shown)
        self.events = EventSource(schema, self.gatherings, self.admission.plans, services)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            response = await (self.stream(request) if accepts(request, EVENT_STREAM) else self.run(request))
        except HTTPException as error:
            response = refuse(request, BadInput(complain(error.reason)), error.status_code)
        except Exception as error:  # told, and logged where it is translated
            response = refuse(request, error)
        await response(scope, receive, send)

    async def stream(self, request: Request) -> Response:
        """Answer as server-sent events."""
        if request.method not in ("GET", "POST"):
            raise HTTPException(405, "GraphQL takes GET and POST only.")
        viewer = await self._recognise(request)
        asked = await read_request(request, self.services)
        return EventStream(self.events.run(self._admit(request, asked), asked, viewer))

    def _admit(self, request: Request, asked: GraphQLRequestData) -> Plan:
        """Return the plan of what may run; a URL changes nothing."""
        plan = self.admission.admit(asked.query or "", asked.operation_name, asked.variables)
        if request.method == "GET" and plan.operation.operation is Kind.MUTATION:
            raise HTTPException(405, "Mutations come by POST only.")
        return plan

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context | None:
        """Return the context of an HTTP request; a socket makes one for each of its operations."""
        if isinstance(request, WebSocket):
            return None
        return self.services.make_context(await self._recognise(request))

    async def _recognise(self, request: Request) -> Viewer:
        header = request.headers.get
        return await self.services.authenticate(
            header("authorization"), None, self.services.now(), accept_language=header("accept-language")
        )

    def should_render_graphql_ide(self, request: Any) -> bool:
        """Never: a GET without a query is a wrong request."""
        return False

    def decode_json(self, data: str | bytes) -> object:
        return decode(data)

    async def parse_http_body(self, request: AsyncHTTPRequestAdapter) -> GraphQLRequestData:
        return await read_request(request._request, self.services)  # type: ignore[attr-defined]  # it wraps Starlette's

    async def execute_operation(
        self,
        request: Request,
        request_adapter: AsyncHTTPRequestAdapter,
        request_data: GraphQLRequestData | list[GraphQLRequestData],
        context: Context | None,
        root_value: None,
        sub_response: Response,
    ) -> Any:
        """Execute a query or mutation; where it is not clear which operation, or it is a subscription, refuse it."""
        assert isinstance(request_data, GraphQLRequestData), "parse_http_body makes no batches"
        try:
            plan = self._admit(request, request_data)
        except GraphQLSyntaxError as error:  # a result, because its status depends on what the client takes
            return PreExecutionError(data=None, errors=[translate(error)])
        if plan.operation.operation is Kind.SUBSCRIPTION:
            raise HTTPException(406, f"Subscribe over graphql-transport-ws, or accept {EVENT_STREAM}.")
        with begin_walk("operation", kind=plan.operation.operation.value):
            return await super().execute_operation(
                request, request_adapter, request_data, context, root_value, sub_response
            )

    async def get_sub_response(self, request: Request | WebSocket) -> Response:
        assert isinstance(request, Request), "a socket has no response"
        return SubResponse(request)

    async def process_result(self, request: Request, result: ExecutionResult) -> GraphQLHTTPResponse:
        """Return the answer; what kept the operation from running leaves no data behind."""
        answer = await super().process_result(request, result)
        request.state.ran = result.data is not None or any(error.path for error in result.errors or ())
        if not request.state.ran:
            answer.pop("data", None)
        return answer

    def create_response(
        self, response_data: GraphQLHTTPResponse | list[GraphQLHTTPResponse], sub_response: Response
    ) -> Response:
        assert isinstance(sub_response, SubResponse), "get_sub_response made it"
        request = sub_response.request
        specified = accepts(request, RESPONSE_TYPE)
        return answer(request, response_data, 400 if specified and not request.state.ran else 200)


def refuse(request: Request, error: Exception, status: int | None = None) -> Response:
    """Answer a request that never became an operation."""
    described = describe(error)
    code = described.get("extensions", {}).get("code", "")
    response = answer(request, {"errors": [described]}, status or STATUSES.get(code, 400))
    if response.status_code == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if response.status_code == 405:
        response.headers["Allow"] = "POST" if request.method == "GET" else "GET, POST"
    return response


def answer(request: Request, content: Any, status: int) -> Response:
    media_type = RESPONSE_TYPE if accepts(request, RESPONSE_TYPE) else "application/json"
    body = json.dumps(content, separators=(",", ":"))
    return Response(body, status, media_type=f"{media_type}; charset=utf-8", headers={"Cache-Control": "no-store"})


def build_view(schema: Schema, services: Services) -> View:
    """Return the ASGI application to mount at /graphql, as a route and as a WebSocket route."""
    return View(schema, services)

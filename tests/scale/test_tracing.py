"""Promises of spans: a collector is told of both walks under the ids that the log has, and of no person."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
import uvicorn
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from stage.cast import found_town
from stage.house import PATH, SECRET, make_form, sign
from stage.polling import until
from stage.processes import Installation
from stage.serving import open_listener, serving
from stage.valkey import find_port, open_valkey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.errors import ConfigurationError
from tocsin.settings import read_settings
from tocsin.times import tell_time
from tocsin.tracing import span
from tocsin.words import Role
from tocsin_server import tracing
from tocsin_server.authentication import issue_token


class Collector:
    """Takes spans as OpenTelemetry sends them."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.bodies = b""

    async def take(self, request: Request) -> Response:
        body = await request.body()
        self.bodies += body
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            for scope in resource.scope_spans:
                self.spans += scope.spans
        return Response(b"", media_type="application/x-protobuf")

    def find(self, name: str) -> list[dict[str, str]]:
        """Return what the spans of this name say in words."""
        return [
            {each.key: each.value.string_value for each in found.attributes}
            for found in self.spans
            if found.name == name
        ]


@asynccontextmanager
async def open_collector() -> AsyncIterator[tuple[Collector, str]]:
    collector = Collector()
    application = Starlette(routes=[Route("/v1/traces", collector.take, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(application, log_level="warning", lifespan="off"))
    async with serving(server, open_listener()) as port:
        yield collector, f"http://127.0.0.1:{port}"


async def test_a_collector_hears_of_a_report_and_of_an_operation(database: str, tmp_path: Path) -> None:
    town = await found_town()
    settings = read_settings(tocsin_secret=SECRET, public_url=f"http://127.0.0.1:{(port := find_port())}")
    bearer = issue_token(
        settings, municipality=town.municipality.slug, subject="odile", name="Odile Marked",
        role=Role.OPERATOR, now=tell_time(), lifetime=timedelta(hours=1),
    )  # fmt: skip
    async with (
        open_valkey() as valkey,
        open_collector() as (collector, endpoint),
        httpx2.AsyncClient(timeout=30) as client,
    ):
        place = Installation(database, valkey.url, port, "http://127.0.0.1:9", tmp_path)
        more = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_BSP_SCHEDULE_DELAY": "50"}
        async with place.serve(port, **more) as root:
            url, body, headers = sign(settings, "", make_form("delivered"))
            assert (await client.post(url, content=body, headers=headers)).status_code == 204
            asked = {"query": "query Marked { viewer { name } }"}
            headers = {"Authorization": f"Bearer {bearer}"}
            assert (await client.post(f"{root}/graphql", json=asked, headers=headers)).status_code == 200

            async def told() -> bool:
                return all(map(collector.find, ("webhook", "commit of reports", "operation")))

            await until(told)
    [report] = collector.find("webhook")
    assert report["path"] == PATH
    assert len(report["walk"]) == 32
    assert [found["kind"] for found in collector.find("operation")] == ["query"]
    [commit] = [found for found in collector.spans if found.name == "commit of reports"]
    [walks] = [each.value.array_value.values for each in commit.attributes if each.key == "walks"]
    assert [each.string_value for each in walks] == [report["walk"]]
    for marked in (b"Marked", b"4185550142", bearer.encode()):
        assert marked not in collector.bodies


def test_what_fails_within_a_span_is_raised_as_it_is() -> None:
    with pytest.raises(LookupError, match="Aline Roy"), span("work"):
        raise LookupError("Aline Roy")


def test_where_the_extra_is_missing_the_start_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    settings = read_settings(otel_exporter_otlp_endpoint="http://127.0.0.1:4318")
    with pytest.raises(ConfigurationError, match="tracing"), tracing.send_spans(settings):
        pytest.fail("nothing may start")


def test_without_a_collector_nothing_is_asked_of_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with tracing.send_spans(read_settings()), span("work"):
        pass

"""uvicorn's HTTP protocol with one thing more: the application may cut the connection.
Imports the extension's name only.
"""

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tocsin_carriers.answers import CUT_EXTENSION


class CuttableProtocol(HttpToolsProtocol):
    """Offers the connection's abort to the application as an ASGI extension."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        extensions: dict[str, Any] = {CUT_EXTENSION: self.transport.abort}
        self.scope["extensions"] = extensions

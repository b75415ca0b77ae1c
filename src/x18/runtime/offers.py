"""uvicorn's HTTP protocol, deaf to offers to go on in another protocol than WebSocket (RFC 9110 §7.8 lets a server ignore them).

Java's ``HttpClient`` and others offer ``Upgrade: h2c`` with their first request. The parser then takes what follows the head, which is
the body and further requests, for that other protocol, and says no more of it.
"""

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

SWITCHING = frozenset({b"upgrade", b"http2-settings"})
"""Headers of an offer, and options of ``Connection`` that belong to it."""


class DeafProtocol(HttpToolsProtocol):
    """Reads a request with such an offer once more, without it."""

    _is_offer = False

    @property
    def is_handshake(self) -> bool:
        """Whether the head that is complete asks for a WebSocket."""
        return bool(self.parser.should_upgrade()) and self._should_upgrade()

    def data_received(self, data: bytes) -> None:
        """A part of one request or of several. As uvicorn, but for what follows an offer."""
        self._unset_keepalive_if_required()
        while data:
            try:
                self.parser.feed_data(data)
                return
            except httptools.HttpParserError:
                self.send_400_response("Invalid HTTP request received.")
                return
            except httptools.HttpParserUpgrade as end:
                if not self._is_offer:
                    if self.is_handshake:
                        self.handle_websocket_upgrade()
                    return
                data = self._without_offer() + data[end.args[0] :]
                self.parser = httptools.HttpRequestParser(self)
                self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn does

    def on_headers_complete(self) -> None:
        """The head is whole; a request begins unless it comes again."""
        has_offer = any(name == b"upgrade" for name, _ in self.headers)
        self._is_offer = has_offer and bool(self.parser.should_upgrade()) and not self._should_upgrade()
        if not self._is_offer:
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is whole, unless it comes again."""
        if not self._is_offer:
            super().on_message_complete()

    def _without_offer(self) -> bytes:
        """The head once more."""
        version = self.parser.get_http_version().encode()
        lines = [self.parser.get_method() + b" " + self.url + b" HTTP/" + version]
        for name, value in self.headers:
            if name == b"connection":
                options = [option.strip() for option in value.split(b",")]
                value = b", ".join(option for option in options if option.lower() not in SWITCHING)
            if name not in SWITCHING:
                lines.append(name + b": " + value)
        return b"\r\n".join([*lines, b"", b""])

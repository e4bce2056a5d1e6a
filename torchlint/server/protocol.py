"""What pygls leaves open in the base protocol: every request is answered, whatever it is like."""

from __future__ import annotations

from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.protocol import LanguageServerProtocol


class _Answered:
    """Stands for a message that was answered as it was read."""

    jsonrpc = ""


class Protocol(LanguageServerProtocol):
    """Answers malformed requests, and those before `initialize` and after `shutdown`, by errors."""

    def structure_message(self, data: dict[str, Any]) -> Any:
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            if "id" not in data or "method" not in data:
                raise
            self.refuse(data["id"], types.ErrorCodes.InvalidParams, str(error) or "invalid parameters")
            return _Answered()

    def handle_message(self, message: Any) -> None:
        method, identity = getattr(message, "method", None), getattr(message, "id", None)
        if isinstance(message, dict | list) or message is None or isinstance(message, str | int | float):
            self.refuse(None, types.ErrorCodes.InvalidRequest, "this is no JSON-RPC message")
        elif method and identity is not None and self._shutdown:
            self.refuse(identity, types.ErrorCodes.InvalidRequest, "the server is shutting down")
        elif method and self._workspace is None and method not in (types.INITIALIZE, types.EXIT):
            if identity is not None:
                self.refuse(identity, types.ErrorCodes.ServerNotInitialized, "send `initialize` first")
        else:
            super().handle_message(message)

    @property
    def ended_well(self) -> bool:
        """Whether the client said `shutdown` before it left."""
        return bool(self._shutdown)

    def refuse(self, identity: Any, code: types.ErrorCodes, message: str) -> None:
        """Answer a message by an error."""
        self._send_data({"jsonrpc": self.VERSION, "id": identity, "error": {"code": code.value, "message": message}})

"""The people's side of the server: the page and the endpoints behind it. No sockets here, and no certificates asked."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

from signkit_providers.simulator.api import Fault, Faults, Response
from signkit_providers.simulator.app import AppDesk
from signkit_providers.simulator.order import Refused
from signkit_providers.simulator.persons import People, UnknownPerson

__all__ = ["ControlApi"]

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:"


class ControlApi:
    """Answers requests outside ``/rp/``: ``/``, ``/app/state``, ``/app/act``, ``/app/people``, ``/app/faults``."""

    def __init__(self, desk: AppDesk, people: People, faults: Faults) -> None:
        self._desk, self._people, self._faults = desk, people, faults

    def handle(self, method: str, path: str, *, content_type: str | None, body: bytes | None) -> Response:
        """Return the answer to one request; POST takes ``application/json`` only, which no foreign page can send."""
        if method == "GET" and path == "/":
            page = resources.files("signkit_providers.simulator").joinpath("page.html").read_bytes()
            headers = {"Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer"}
            return Response(200, page, "text/html; charset=utf-8", headers)
        if method == "GET" and path == "/app/state":
            return Response.json(200, self._desk.state())
        if path not in ("/app/act", "/app/people", "/app/faults"):
            return _error(404, "not found")
        if method != "POST" or content_type != "application/json" or body is None:
            return _error(405, "POST with application/json")
        return self._post(path, body)

    def _post(self, path: str, body: bytes) -> Response:
        actions = {"/app/act": self._act, "/app/people": self._add, "/app/faults": self._fault}
        try:
            value = json.loads(body.decode("utf-8"))
            return actions[path](value) if isinstance(value, dict) else _error(400, "a JSON object is needed")
        except (Refused, UnknownPerson) as exc:
            return _error(409, str(exc))
        except (ValueError, TypeError, RecursionError) as exc:
            return _error(400, f"cannot be understood: {type(exc).__name__}")

    def _act(self, value: dict[str, Any]) -> Response:
        app = self._desk.app(str(value.get("person", "")), number=_text(value, "number"))
        action = str(value.get("action", ""))
        app.act(action, qr=_text(value, "qr"), token=_text(value, "token"), ref=_text(value, "order"))
        return Response.json(200, {"schema": "signkit.simulator-act/1", "person": app.person.name, "action": action})

    def _add(self, value: dict[str, Any]) -> Response:
        person = self._people.add(str(value.get("name", "")), str(value.get("number", "")))
        return Response.json(200, {"schema": "signkit.simulator-person/1", "name": person.name})

    def _fault(self, value: dict[str, Any]) -> Response:
        if value.get("clear"):
            self._faults.clear()
        else:
            self._faults.add(
                Fault(
                    endpoint=str(value.get("endpoint", "*")),
                    status=int(value.get("status", 503)),
                    code=_text(value, "code"),
                    details=str(value.get("details", "")),
                    times=int(value.get("times", 1)),
                    delay_seconds=min(float(value.get("delay_seconds", 0)), 60.0),
                )
            )
        return Response.json(200, {"schema": "signkit.simulator-faults/1"})


def _text(value: dict[str, Any], name: str) -> str | None:
    found = value.get(name)
    return None if found is None else str(found)


def _error(status: int, message: str) -> Response:
    return Response.json(status, {"schema": "signkit.simulator-error/1", "error": message})

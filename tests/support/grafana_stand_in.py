"""Grafana's HTTP API for boards and folders, as documented: no package carries a Grafana server."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "token-of-the-test"
Answer = tuple[int, Any]


class GrafanaStandIn:
    """``boards`` by uid with their ``meta``; ``writes`` counts what changed something."""

    def __init__(self) -> None:
        self.boards: dict[str, dict[str, Any]] = {}
        self.folders: dict[str, str] = {}
        self.writes = 0

    def answer(self, method: str, address: str, body: Any) -> Answer:
        parts = urlsplit(address)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        match (method, parts.path.removeprefix("/api").strip("/").split("/")):
            case "GET", ["search"]:
                return 200, self._search(query.get("tag", ""))
            case "GET", ["dashboards", "uid", uid]:
                return (
                    (200, self.boards[uid])
                    if uid in self.boards
                    else (404, {"message": "Dashboard not found"})
                )
            case "DELETE", ["dashboards", "uid", uid]:
                self.writes += 1
                found = self.boards.pop(uid, None)
                return (200, {"message": "deleted"}) if found else (404, {"message": "Dashboard not found"})
            case "POST", ["dashboards", "db"]:
                return self._save(body)
            case "GET", ["folders", uid]:
                known = uid in self.folders
                return (
                    (200, {"uid": uid, "title": self.folders[uid]})
                    if known
                    else (404, {"message": "not found"})
                )
            case "POST", ["folders"]:
                self.writes += 1
                self.folders[body["uid"]] = body["title"]
                return 200, body
        return 404, {"message": f"{method} {parts.path} is not known"}

    def _search(self, tag: str) -> list[dict[str, str]]:
        found = [document["dashboard"] for document in self.boards.values()]
        return [
            {"uid": board["uid"], "title": board["title"], "type": "dash-db"}
            for board in found
            if tag in board.get("tags", [])
        ]

    def _save(self, body: dict[str, Any]) -> Answer:
        board, folder = dict(body["dashboard"]), body.get("folderUid", "")
        if folder and folder not in self.folders:
            return 400, {"message": "folder not found"}
        held = self.boards.get(board["uid"])
        if held is not None and not body.get("overwrite"):
            return 412, {
                "message": "The dashboard has been changed by someone else",
                "status": "version-mismatch",
            }
        self.writes += 1
        board |= {"id": len(self.boards) + 1, "version": held["dashboard"]["version"] + 1 if held else 1}
        self.boards[board["uid"]] = {"dashboard": board, "meta": {"folderUid": folder}}
        return 200, {"uid": board["uid"], "status": "success", "version": board["version"]}


@contextmanager
def grafana_stand_in() -> Iterator[tuple[str, GrafanaStandIn]]:
    """Its address, and itself. Without the token it answers 401, as Grafana does."""
    grafana = GrafanaStandIn()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _answer(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                status, document = 401, {"message": "Invalid API key"}
            else:
                status, document = grafana.answer(self.command, self.path, json.loads(content or "null"))
            answer = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def do_DELETE(self) -> None:
            self._answer()

        def log_message(self, *_: object) -> None:
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", grafana
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

"""Grafana's boards by its HTTP API: one folder, ours by their tag."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import httpx
import requests
from grafana_client import GrafanaApi
from grafana_client.client import GrafanaClientError, GrafanaException
from requests.adapters import BaseAdapter

from app.deployment.errors import DeploymentError
from app.deployment.resource import Deployed, Document
from dashboards.grafana.provisioning import FOLDER
from foundation.answers import AnswerReader, AnswerRefused

FOLDER_UID = "mirante"
OWNER = "mirante"  # the tag every board of ours carries
TIMEOUT_SECONDS = 20.0
MOST_A_SEARCH = 5_000
NOT_FOUND = 404
OF_TRANSPORT = ("accept-encoding", "connection")  # httpx's own are right
ANSWER_ONLY = ("id", "version")


class GrafanaBoards:
    kind = "Grafana dashboard"
    removable = True

    def __init__(self, url: str, token: str, boards: Mapping[str, bytes]) -> None:
        """``boards`` are dashboard documents by file name."""
        self._api = GrafanaApi.from_url(url, credential=token or None, timeout=TIMEOUT_SECONDS)
        for scheme in ("http://", "https://"):
            self._api.client.s.mount(scheme, _Limited())
        documents = [json.loads(content) for _, content in sorted(boards.items())]
        self._wanted = {str(document["uid"]): document for document in documents}

    def wanted(self) -> Mapping[str, Document]:
        return {uid: _comparable(document) for uid, document in self._wanted.items()}

    def deployed(self, names: Collection[str]) -> Mapping[str, Deployed]:
        with as_deployment_error("Grafana"):
            tagged = self._api.search.search_dashboards(tag=OWNER, type_="dash-db", limit=MOST_A_SEARCH)
            uids = sorted({*names, *(str(found["uid"]) for found in tagged)})
            read = {uid: self._read(uid) for uid in uids}
        return {uid: deployed for uid, deployed in read.items() if deployed is not None}

    def put(self, name: str, document: Document) -> None:
        with as_deployment_error(f"Grafana dashboard {name}"):
            self._ensure_folder()
            board = {**self._wanted[name], "id": None}
            request = {
                "dashboard": board,
                "folderUid": FOLDER_UID,
                "overwrite": True,
                "message": "mirante apply",
            }
            self._api.dashboard.update_dashboard(request)

    def remove(self, name: str) -> None:
        with as_deployment_error(f"Grafana dashboard {name}"):
            try:
                self._api.dashboard.delete_dashboard(name)
            except GrafanaClientError as error:
                if error.status_code != NOT_FOUND:
                    raise

    def _read(self, uid: str) -> Deployed | None:
        try:
            found = self._api.dashboard.get_dashboard(uid)["dashboard"]
        except GrafanaClientError as error:
            if error.status_code == NOT_FOUND:
                return None
            raise
        return Deployed(_comparable(found), OWNER in found.get("tags", []))

    def _ensure_folder(self) -> None:
        try:
            self._api.folder.get_folder(FOLDER_UID)
        except GrafanaClientError as error:
            if error.status_code != NOT_FOUND:
                raise
            self._api.folder.create_folder(FOLDER, FOLDER_UID)


class _Limited(BaseAdapter):
    """How the client of Grafana asks: within the limits of ``AnswerReader``."""

    def send(self, request: requests.PreparedRequest, *_: object, **__: object) -> requests.Response:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in OF_TRANSPORT}
        try:
            with httpx.Client(timeout=TIMEOUT_SECONDS) as client:
                answer = AnswerReader(client).ask(
                    str(request.method), str(request.url), content=request.body or b"", headers=headers
                )
        except AnswerRefused:
            raise
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise requests.ConnectionError(str(error)) from error
        response = requests.Response()
        response.status_code, response.url, response.request = answer.status, str(request.url), request
        response.headers["Content-Type"] = "application/json"
        response.raw = BytesIO(answer.content)
        return response

    def close(self) -> None:
        """Nothing is kept open."""


def _comparable(board: Mapping[str, Any]) -> Document:
    """Without what Grafana counts by itself."""
    return {key: value for key, value in board.items() if key not in ANSWER_ONLY}


@contextmanager
def as_deployment_error(place: str) -> Iterator[None]:
    """The client's errors as ``DeploymentError``."""
    try:
        yield
    except GrafanaException as error:
        fix = (
            "Check grafana_token and its permissions"
            if error.status_code in (401, 403)
            else "Fix it and run it again"
        )
        raise DeploymentError(place, f"{error.status_code}: {error.message}", fix) from error
    except (RecursionError, AnswerRefused) as error:
        told = (
            str(error) if isinstance(error, AnswerRefused) else "answered with JSON that is nested too deeply"
        )
        raise DeploymentError(place, told, "Check that Grafana is at the `grafana` setting") from error
    except requests.RequestException as error:
        raise DeploymentError(
            place, type(error).__name__, "Check the `grafana` setting, and that Grafana is up"
        ) from error

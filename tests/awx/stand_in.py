# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for AWX's REST API, as far as the modules of awx.awx that playbooks/awx calls ask it.

It stores what it is given, and validates surveys and types as AWX does (awx/api/views, JobTemplateSurveySpec). It runs
no job: one that is launched has been successful, and so has an update of a project unless `broken` is set. As AWX it
updates a project only when it is created and when it is asked to, and refuses templates until that has worked once.
What it can not show is whether AWX accepts every value.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

PREFIX = "/api/v2/"
#: What one of these lists is the union of others.
UNIONS = {"unified_job_templates": ("job_templates", "projects", "workflow_job_templates", "inventory_sources")}
#: The Python type of an answer's default, by the type of the question.
TYPES = {"text": str, "textarea": str, "integer": int, "float": (int, float), "multiplechoice": str, "multiselect": str}
#: What is deleted with what: the list and the field that refers to it.
CASCADES = {
    "workflow_job_templates": (("workflow_job_template_nodes", "workflow_job_template"),),
    "inventories": (("inventory_sources", "inventory"),),
    "projects": (("project_updates", "project"),),
}

Answer = tuple[int, dict[str, Any] | None]


class StandIn:
    """tables: what is stored, by endpoint and id. writes: each request that changed something, but for updates of
    projects. broken: updates of projects fail.
    """

    def __init__(self) -> None:
        self.broken = False
        self.tables: dict[str, dict[int, dict[str, Any]]] = {}
        self.links: dict[tuple[str, int, str], list[int]] = {}
        self.writes: list[str] = []
        self._last = 0

    def add(self, endpoint: str, **fields: Any) -> int:
        """Something that is there before."""
        self._last += 1
        made = {"id": self._last, "type": endpoint[:-1], "url": f"{PREFIX}{endpoint}/{self._last}/", **fields}
        made["related"] = {name: f"{made['url']}{name}/" for name in ("survey_spec", "launch", "update")}
        made.setdefault("summary_fields", {})
        made.setdefault("scm_revision", "0" * 40)
        self.tables.setdefault(endpoint, {})[self._last] = made
        return self._last

    def named(self, endpoint: str) -> dict[str, dict[str, Any]]:
        """What is stored, by name or identifier."""
        return {item.get("name") or item["identifier"]: item for item in self.tables.get(endpoint, {}).values()}

    def answer(self, method: str, target: str, data: dict[str, Any]) -> Answer:
        url = urlsplit(target)
        parts = url.path.removeprefix(PREFIX).strip("/").split("/")
        if method != "GET" and parts[2:] != ["update"]:
            self.writes.append(f"{method} {url.path}")
        if parts == ["config"]:
            return 200, {"version": "24.6.1"}
        if len(parts) == 1:
            return self._list(parts[0], dict(parse_qsl(url.query))) if method == "GET" else self._create(parts[0], data)
        endpoint, number = parts[0], int(parts[1])
        if number not in self.tables.get(endpoint, {}):
            return 404, {"detail": "Not found."}
        if len(parts) == 2:
            return self._item(method, endpoint, number, data)
        return self._related(method, endpoint, number, parts[2], data)

    def _list(self, endpoint: str, query: dict[str, str]) -> Answer:
        tables = [self.tables.get(name, {}) for name in UNIONS.get(endpoint, (endpoint,))]
        items = [item for table in tables for item in table.values()]
        found = [item for item in items if all(_fits(item, key, value) for key, value in query.items())]
        return 200, {"count": len(found), "results": found, "next": None}

    def _create(self, endpoint: str, data: dict[str, Any]) -> Answer:
        if endpoint == "job_templates" and self.tables["projects"][data["project"]]["status"] != "successful":
            return 400, {"playbook": ["Playbook not found for project."]}
        number = self.add(endpoint, **data)
        made = self.tables[endpoint][number]
        if endpoint != "projects":
            return 201, made
        # what is running, which the answer to a later request does not have
        return 201, {**made, "summary_fields": {"current_update": {"id": self._update(made)["id"]}}}

    def _update(self, project: dict[str, Any]) -> dict[str, Any]:
        """One that has ended."""
        project["status"] = "failed" if self.broken else "successful"
        ended = {"finished": "2026-01-01T02:00:00Z", "started": "2026-01-01T02:00:00Z", "elapsed": 1.0}
        number = self.add("project_updates", name=project["name"], project=project["id"], status=project["status"],
                          failed=self.broken, event_processing_finished=True, **ended)  # fmt: skip
        return self.tables["project_updates"][number]

    def _item(self, method: str, endpoint: str, number: int, data: dict[str, Any]) -> Answer:
        if method == "DELETE":
            del self.tables[endpoint][number]
            for other, field in CASCADES.get(endpoint, ()):
                for key in [key for key, item in self.tables.get(other, {}).items() if item[field] == number]:
                    del self.tables[other][key]
            return 204, None
        self.tables[endpoint][number].update(data)
        return 200, self.tables[endpoint][number]

    def _related(self, method: str, endpoint: str, number: int, name: str, data: dict[str, Any]) -> Answer:
        if name == "survey_spec":
            return self._survey(method, self.tables[endpoint][number], data)
        if name == "launch":
            template = self.tables[endpoint][number]["name"]
            job = self.add("jobs", name=template, status="successful", launched=data)
            return 201, self.tables["jobs"][job]
        if name == "update":
            return 202, self._update(self.tables[endpoint][number])
        linked = self.links.setdefault((endpoint, number, name), [])
        if method == "GET":
            return 200, {"count": len(linked), "results": [{"id": item} for item in linked], "next": None}
        if data.get("disassociate"):
            linked.remove(data["id"])
        else:
            linked.append(data["id"])
        return 204, None

    def _survey(self, method: str, item: dict[str, Any], data: dict[str, Any]) -> Answer:
        if method == "GET":
            return 200, item.get("survey_spec", {})
        problem = unfit(data)
        if problem:
            return 400, {"error": problem}
        item["survey_spec"] = data
        return 200, {}


def _fits(item: dict[str, Any], key: str, value: str) -> bool:
    """One filter of a list; how a list is divided into pages is none."""
    if key == "id__in":
        return str(item["id"]) in value.split(",")
    return key in ("page", "page_size") or str(item.get(key)) == value


def unfit(survey: dict[str, Any]) -> str:
    """Why AWX refuses a survey; empty where it accepts it."""
    if not (isinstance(survey.get("name"), str) and isinstance(survey.get("description"), str) and survey.get("spec")):
        return "name, description or spec"
    variables = [question.get("variable") for question in survey["spec"]]
    if len(set(variables)) != len(variables):
        return "a variable twice"
    for question in survey["spec"]:
        if not all(isinstance(question.get(key), str) for key in ("type", "question_name", "variable")):
            return f"{question}: type, question_name or variable"
        if not isinstance(question.get("required"), bool) or question["type"] not in TYPES:
            return f"{question}: required or type"
        if any(question.get(key) is not None and not isinstance(question[key], int) for key in ("min", "max")):
            return f"{question}: min or max"
        if question["type"].startswith("multi") and not question.get("choices"):
            return f"{question}: choices"
        if "default" in question and not isinstance(question["default"], TYPES[question["type"]]):
            return f"{question}: default"
    return ""


@contextmanager
def served() -> Iterator[tuple[StandIn, str]]:
    """The stand-in and its URL, on a free port of the loopback interface."""
    made = StandIn()

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            data = json.loads(self.rfile.read(length) or b"{}")
            status, body = made.answer(self.command, self.path, data)
            text = b"" if body is None else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.send_header("X-API-Product-Version", "24.6.1")
            self.send_header("X-API-Product-Name", "AWX")
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815

        def log_message(self, *dummy: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made, f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()

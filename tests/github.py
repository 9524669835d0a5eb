"""A small GitHub of our own: jobs of workflows, run step by step, and the API for comments."""

import io
import json
import os
import re
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from ruamel.yaml import YAML

import cardboard
from cardboard.tests.hub import environment, oidc

ROOT = Path(__file__).parents[1]
_EXPRESSION = re.compile(r"\$\{\{ *([\w.-]+) *\}\}")


def read(path: Path) -> dict[str, Any]:
    """Return a workflow."""
    found: dict[str, Any] = YAML(typ="safe", pure=True).load(path.read_text("utf-8"))
    return found


class Step(NamedTuple):
    """How a step ended."""

    name: str
    code: int
    said: str


class Runner:
    """Run the jobs of a workspace's workflows, with what GitHub would give them and no more."""

    def __init__(self, workspace: Path, folder: Path, hub: str = "http://127.0.0.1:1") -> None:
        """Prepare a machine in *folder* on which `pip` installs from a folder of its own."""
        self.workspace, self.folder, self.hub = workspace, folder, hub
        self.secrets: dict[str, dict[str, str]] = {}
        """By environment: a job sees those of the one that it names."""
        self.variables: dict[str, str] = {}
        bin_, self.wheels = folder / "bin", folder / "wheels"
        for made in (bin_, self.wheels, folder / "home"):
            made.mkdir(parents=True)
        for name, module in (("cardboard", "cardboard"), ("pip", "pip"), ("python", "")):
            call = f"-m {module} " if module else ""
            script = bin_ / name
            script.write_text(f'#!/bin/sh\nexec "{sys.executable}" {call}"$@"\n')
            script.chmod(0o755)
        _write_wheel(self.wheels)

    def run(self, workflow: str, job: str, **github: str) -> list[Step]:
        """Run a job to its end; return the steps that were run."""
        told = read(self.workspace / ".github" / "workflows" / f"{workflow}.yml")["jobs"][job]
        named = told.get("environment", {})
        secrets = self.secrets.get(named if isinstance(named, str) else named.get("name", ""), {})
        values = {f"vars.{name}": value for name, value in self.variables.items()}
        values |= {f"secrets.{name}": value for name, value in secrets.items()}
        values |= {f"github.{name}": value for name, value in github.items()}
        done: list[Step] = []
        for step in told["steps"]:
            failed = any(one.code for one in done)
            if "run" in step and (not failed or step.get("if") == "always()"):
                done.append(self._step(step, values, told["permissions"], github))
        return done

    def _step(
        self,
        step: Mapping[str, Any],
        values: Mapping[str, str],
        rights: Mapping[str, str],
        github: Mapping[str, str],
    ) -> Step:
        assert not _EXPRESSION.search(step["run"]), "values reach a script as its environment only"
        script = self.folder / "script"
        script.write_text(step["run"], "utf-8")
        shell = ["python"] if step.get("shell") == "python" else ["bash", "-e"]
        given = oidc.environment(self.hub) if rights.get("id-token") == "write" else {}
        files = {
            f"GITHUB_{name}": str(self.folder / name.lower())
            for name in ("STEP_SUMMARY", "OUTPUT", "ENV")
        }
        own = {
            name: _EXPRESSION.sub(lambda found: values.get(found[1], ""), str(value))
            for name, value in step.get("env", {}).items()
        }
        done = subprocess.run(
            [*shell, str(script)],
            cwd=self.workspace / step.get("working-directory", "."),
            env={
                **environment(self.hub, self.folder / "home", None),
                **given,
                **files,
                "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
                "GITHUB_ACTIONS": "true",
                "CI": "true",
                "PIP_DISABLE_PIP_VERSION_CHECK": "1",
                "PIP_NO_INDEX": "1",
                "PIP_NO_DEPS": "1",
                "PIP_DRY_RUN": "1",
                "PIP_FIND_LINKS": str(self.wheels),
                **{name.upper(): value for name, value in github.items() if name.isupper()},
                **own,
            },
            capture_output=True,
            text=True,
            timeout=300,
        )
        return Step(step.get("name", ""), done.returncode, done.stdout + done.stderr)

    @property
    def summary(self) -> str:
        """Return what the run shows of itself."""
        return (self.folder / "step_summary").read_text("utf-8")


def _write_wheel(folder: Path) -> None:
    """Write a wheel of this version that holds nothing: whether it can be named is the question."""
    name = f"cardboard-{cardboard.__version__}"
    with zipfile.ZipFile(folder / f"{name}-py3-none-any.whl", "w") as wheel:
        meta = f"Metadata-Version: 2.1\nName: cardboard\nVersion: {cardboard.__version__}\n"
        wheel.writestr(f"{name}.dist-info/METADATA", meta)
        wheel.writestr(f"{name}.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{name}.dist-info/RECORD", "")


class Api:
    """The part of GitHub's API that a comment on a pull request needs, on loopback."""

    def __init__(self) -> None:
        """Know one open pull request from a fork, number 7, and a run with an artifact."""
        self.repo = {"id": 11, "owner": {"login": "stranger"}}
        self.pulls = [{"number": 7, "head": {"sha": "a" * 40, "repo": {"id": 11}}}]
        self.comments: list[dict[str, Any]] = []
        self.artifacts = [{"id": 3, "name": "ranks", "expired": False, "size_in_bytes": 99}]
        self.archive = archive(b"board (models) org/m: new, rank 1, score 50.0\n")
        self.writes: list[tuple[str, str]] = []
        self.run = {
            "id": 5,
            "path": ".github/workflows/results.yml@main",
            "head_sha": "a" * 40,
            "head_branch": "more results",
            "head_repository": self.repo,
        }

    def environment(self, folder: Path) -> dict[str, str]:
        """Return what GitHub gives a step about its run and this API."""
        event = folder / "event.json"
        event.write_text(json.dumps({"workflow_run": self.run}), "utf-8")
        return {
            "GITHUB_API_URL": self.url,
            "GITHUB_REPOSITORY": "acme/board",
            "GITHUB_EVENT_PATH": str(event),
        }

    def answer(self, method: str, path: str, query: Mapping[str, list[str]], body: bytes) -> Any:
        """Return what a request gets."""
        known = {
            "/pulls": self.pulls if query.get("head") == ["stranger:more results"] else [],
            "/issues/7/comments": self.comments,
            "/actions/runs/5/artifacts": {"artifacts": self.artifacts},
        }
        if method == "GET":
            return known[path]
        self.writes.append((method, path))
        text = json.loads(body)["body"]
        if method == "POST":
            bot = {"login": "github-actions[bot]"}
            self.comments.append({"id": len(self.comments) + 1, "user": bot, "body": text})
        else:
            number = int(path.rpartition("/")[2])
            next(one for one in self.comments if one["id"] == number)["body"] = text
        return {}

    def __enter__(self) -> "Api":
        """Serve."""
        api = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                """Say nothing."""

            def answer(self) -> None:
                path, _, query = self.path.partition("?")
                is_ours = self.headers.get("authorization") == "Bearer ghs_comment"
                body = self.rfile.read(int(self.headers.get("content-length", "0")))
                if path == "/kept/ranks.zip":
                    self._send(200 if not is_ours else 400, api.archive)
                elif not is_ours:
                    self._send(401, b"{}")
                elif path.endswith("/zip"):
                    self.send_response(302)
                    self.send_header("location", f"{api.url}/kept/ranks.zip")
                    self.send_header("content-length", "0")
                    self.end_headers()
                else:
                    where = path.removeprefix("/repos/acme/board")
                    found = api.answer(self.command, where, parse_qs(query), body)
                    self._send(200, json.dumps(found).encode())

            do_GET = do_POST = do_PATCH = answer

            def _send(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def archive(content: bytes, name: str = "ranks.txt") -> bytes:
    """Return an artifact with one file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as kept:
        kept.writestr(name, content)
    return out.getvalue()


def steps(workflow: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the steps of all jobs."""
    for job in workflow["jobs"].values():
        yield from job["steps"]

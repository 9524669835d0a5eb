"""What Lighthouse and the Nu validator say of each kind of page, in both languages.

Both come from npm: `npm install --prefix build/npm lighthouse vnu-jar`, which needs Node, and Java
for the second. Whatever is not there is left out, and said. Pages are served on loopback and
compressed, as hosts of static sites do. The scores for speed are those of a throttled phone, which
Lighthouse works out from one load each: they move by a few points, more on a busy machine.
"""

import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from msgspec.structs import replace

from cardboard.board.judge.build import build_boards
from cardboard.board.read.reader import read_results
from cardboard.board.workspace.configuration import open_workspace
from cardboard.cli import card_texts
from cardboard.site.assembly.write import write_site

from ..site.browsing import ARGUMENTS, CHROMIUM
from ..site.kinds import kinds

ROOT = Path(__file__).parents[2]
MODULES = Path(os.environ.get("CARDBOARD_NPM", ROOT / "build" / "npm")) / "node_modules"
WANTED = {"accessibility": 100, "best-practices": 100, "seo": 100, "performance": 95}
PACKED = (".html", ".js", ".css", ".json", ".svg", ".xml", ".txt")
# What the theme writes and browsers take: nothing of ours. The first keeps Firefox from opening a
# drawer again on reload.
THEIRS = ("Attribute “autocomplete” is only allowed when the input type",)


class Host(SimpleHTTPRequestHandler):
    """Serve files as hosts do: compressed, and kept by the browser."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the parent's name
        pass

    def do_GET(self) -> None:
        """Answer with a file, or with the page for what is not there."""
        path = Path(self.translate_path(self.path))
        path, status = (path / "index.html" if path.is_dir() else path), 200
        if not path.is_file():
            path, status = Path(self.directory) / "404.html", 404
        body = path.read_bytes()
        self.send_response(status)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Cache-Control", "max-age=600")
        if path.suffix in PACKED:
            body = gzip.compress(body, 6)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def hosting(folder: Path) -> Iterator[str]:
    """Serve *folder*, which need not be there yet, and give its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Host, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def looked_at(url: str) -> dict[str, Any]:
    """Return the report of Lighthouse on the page at *url*."""
    flags = " ".join(["--headless=new", *ARGUMENTS])
    command = [
        "node", str(MODULES / "lighthouse" / "cli" / "index.js"), url, "--quiet", "--output=json",
        f"--only-categories={','.join(WANTED)}", f"--chrome-flags={flags}",
    ]  # fmt: skip
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "CHROME_PATH": CHROMIUM},
    )
    if done.returncode:
        raise SystemExit(done.stderr.strip())
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def wrong(report: dict[str, Any], category: str) -> list[str]:
    """Return the audits of *category* that cost a page points."""
    audits = report["audits"]
    return [
        f"{one['id']}: {audits[one['id']].get('displayValue') or audits[one['id']]['title']}"
        for one in report["categories"][category]["auditRefs"]
        if one["weight"] and audits[one["id"]]["score"] not in (None, 1)
    ]


def look(url: str, paths: dict[str, str]) -> int:
    """Print the scores of every page, and what is wrong; return how many are below the goal."""
    below = 0
    print(f"{'':28}{'  '.join(WANTED)}")
    for kind, path in paths.items():
        report = looked_at(f"{url}{path}")
        scores = {one: round(100 * report["categories"][one]["score"]) for one in WANTED}
        print(f"{kind:28}{'  '.join(f'{n:>{len(one)}}' for one, n in scores.items())}", flush=True)
        for one, least in WANTED.items():
            if scores[one] < least:
                below += 1
                print("".join(f"    {said}\n" for said in wrong(report, one)), end="", flush=True)
    return below


def validate(site: Path, paths: dict[str, str]) -> int:
    """Print what the Nu validator finds in the pages at *paths*; return how much is ours."""
    files = [
        site / (path if path.endswith(".html") else f"{path}index.html") for path in paths.values()
    ]
    jar = MODULES / "vnu-jar" / "build" / "dist" / "vnu.jar"
    command = ["java", "-jar", str(jar), "--errors-only", "--format", "json", *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    told = json.loads(done.stderr)["messages"]
    ours = [one for one in told if not one["message"].startswith(THEIRS)]
    for one in ours:
        print(f"{one['url'].partition(str(site))[2]}:{one.get('lastLine')}: {one['message']}")
    print(f"{len(files)} pages, {len(told) - len(ours)} errors of the theme, {len(ours)} of ours")
    return len(ours)


def main() -> int:
    """Build the sample's site and look at a page of each kind; return how much is wrong."""
    java = shutil.which("java") and (MODULES / "vnu-jar").is_dir()
    node = shutil.which("node") and (MODULES / "lighthouse").is_dir()
    if not java:
        print("Not validated: there is no java, or no vnu-jar from npm.")
    if not node:
        print("Lighthouse has not looked: there is no node, or no lighthouse from npm.")
    if not java and not node:
        return 0
    with tempfile.TemporaryDirectory() as place, hosting(Path(place) / "site") as url:
        site = Path(place) / "site"
        _write(site, url)
        found = kinds(site)
        lost = found.pop("404")
        here = {**found, **{f"{kind} (ko)": f"ko/{path}" for kind, path in found.items()}}
        failed = validate(site, {**here, "404": lost}) if java else 0
        return failed + (look(url, here) if node else 0)


def _write(site: Path, url: str) -> None:
    """Write the sample's site for the address *url*."""
    workspace = open_workspace(ROOT)
    boards = build_boards(read_results(workspace.results), workspace)
    settings = workspace.settings
    write_site(
        boards,
        replace(settings, board=replace(settings.board, site_url=url)),
        site,
        results=workspace.results,
        snapshots=workspace.history,
        root=ROOT,
        cards=card_texts,
    )


if __name__ == "__main__":
    sys.exit(min(main(), 1))

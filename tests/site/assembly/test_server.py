"""Serving a site on this machine, and noticing that it must be built anew."""

import http.client
import socket
from urllib.parse import urlsplit

import pytest

from cardboard.board.workspace.configuration import open_workspace
from cardboard.eval.errors import CardboardError
from cardboard.site.assembly.server import serving, signature


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "index.html").write_text("home")
    (tmp_path / "404.html").write_text("not here")
    return tmp_path


def get(url, path, method="GET"):
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=120)
    connection.request(method, path)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, body, dict(answer.getheaders())


def test_pages_come_as_they_are_and_are_not_kept_by_the_browser(folder):
    with serving(folder, 0) as url:
        status, body, headers = get(url, "/")
    assert (status, body) == (200, "home")
    assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/no/such/page", "/models/", "/../../etc/passwd"])
def test_what_is_not_a_page_gets_the_sites_own_answer(folder, path):
    with serving(folder, 0) as url:
        assert get(url, path)[:2] == (404, "not here")
        assert get(url, path, "HEAD")[:2] == (404, "")


def test_before_there_is_a_site_the_browser_is_asked_to_wait(tmp_path):
    with serving(tmp_path / "none", 0) as url:
        status, body, headers = get(url, "/")
        assert (status, headers["Refresh"]) == (503, "1")
        assert "being built" in body
        assert get(url, "/", "HEAD")[:2] == (503, "")


def test_nobody_else_can_reach_it(folder):
    with serving(folder, 0) as url:
        assert urlsplit(url).hostname == "127.0.0.1"


def test_a_taken_port_is_told_with_the_remedy(folder):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with (
            pytest.raises(CardboardError, match=f"cannot listen on port {port}") as refusal,
            serving(folder, port),
        ):
            pass
    assert "--port" in refusal.value.remedy


@pytest.fixture
def workspace(tmp_path):
    (tmp_path / "board.toml").write_text('suites = []\n[board]\ntitle = {en = "A"}\n')
    (tmp_path / "results" / "deep").mkdir(parents=True)
    return open_workspace(tmp_path)


@pytest.mark.parametrize("file", ["results/deep/a.json", "board.toml", "models.toml"])
def test_a_change_of_results_or_configuration_is_noticed(workspace, file):
    before = signature(workspace)
    (workspace.root / file).write_text("changed, and longer than it was before: 0123456789" * 3)
    assert signature(workspace) != before


def test_what_is_built_is_no_reason_to_build_again(workspace):
    before = signature(workspace)
    (workspace.build / "site").mkdir(parents=True)
    (workspace.build / "site" / "index.html").write_text("built")
    assert signature(workspace) == before


def test_our_own_pages_and_templates_count(workspace):
    seen = [path for path, _, _ in signature(workspace)]
    assert any(path.endswith("templates/site/board.html.jinja") for path in seen)
    assert any(path.endswith("site/docs/ko/ranking.md") for path in seen)
    assert any(path.endswith("site/assets/board.css") for path in seen)

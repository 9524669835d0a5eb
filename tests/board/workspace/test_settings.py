"""A workspace's files: read strictly, and refused with file, key and remedy."""

import pytest

from cardboard.board.workspace.configuration import open_workspace
from cardboard.eval.errors import ConfigError

SMALLEST = """\
[board]
title = { en = "A", ko = "가" }
[[suites]]
name = "mini"
version = "1"
steps = 6
tasks = 3
"""
TWIN = "[[suites]]\nname = 'mini'\nversion = '1'\nsteps = 7\ntasks = 3\n"


def opened(folder, board=SMALLEST, models=None):
    (folder / "board.toml").write_text(board, "utf-8")
    if models is not None:
        (folder / "models.toml").write_text(models, "utf-8")
    return open_workspace(folder)


def test_a_small_file_is_enough_and_the_rest_has_defaults(tmp_path):
    workspace = opened(tmp_path)
    assert workspace.models == {}
    assert workspace.settings.ranking.correction == "holm"
    assert workspace.verdict("incomplete") == "unranked"


@pytest.mark.parametrize(
    ("board", "models", "file", "key", "told"),
    [
        ("title = ", None, "board.toml", None, "not TOML"),
        (SMALLEST + "[policy]\nincomplet = 'off'\n", None, "board.toml", "policy", "incomplet"),
        (SMALLEST + "[policy]\nincomplete = 'no'\n", None, "board.toml", "policy", "no"),
        (SMALLEST + "protocol = 'warm'\n", None, "board.toml", "suites[0].protocol", "warm"),
        (SMALLEST.replace("6", "0"), None, "board.toml", "suites[0].steps", ">= 1"),
        (SMALLEST + "stepps = 6\n", None, "board.toml", "suites[0]", "stepps"),
        (SMALLEST + TWIN, None, "board.toml", "suites[1]", "mini 1 is there twice"),
        (SMALLEST, "[m]\nfamily = 'lfm'\n", "models.toml", "m.family", "lfm"),
        (SMALLEST, "[m]\naliases = ['N']\n[n]\n", "models.toml", "aliases", "two models"),
        (SMALLEST, "[m]\nepoch = 'two'\n", "models.toml", "m.epoch", "Expected"),
        (SMALLEST, "[m]\nepochs = 2\n", "models.toml", " m: ", "epochs"),
        (SMALLEST, "m = 2\n", "models.toml", " m: ", "Expected"),
        (SMALLEST, "[m]\nguessed = ['family']\n", "models.toml", "m.guessed", "by hand"),
        (SMALLEST, "[m]\nrepo = 'org/a name'\n", "models.toml", "m.repo", "org/a name"),
        (SMALLEST, "[m]\nrepo = '../../m'\n", "models.toml", "m.repo", "organisation/name"),
    ],
)
def test_a_mistake_is_refused_by_name(tmp_path, board, models, file, key, told):
    with pytest.raises(ConfigError) as caught:
        opened(tmp_path, board, models)
    assert caught.value.file == file
    assert told in caught.value.format_message()
    if key:
        assert key in caught.value.format_message()


def test_a_folder_that_is_no_workspace_is_told_how_to_become_one(tmp_path):
    with pytest.raises(ConfigError, match="cardboard init"):
        open_workspace(tmp_path)

"""A workspace's files: read strictly, and refused with file, key and remedy."""

import hashlib

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
    assert workspace.verdict("incomplete") == "unranked"


def test_rows_in_the_package_are_found_by_themselves_and_others_are_named(tmp_path):
    def rows(board=SMALLEST):
        return opened(tmp_path, board).settings.suites[0].rows

    (tmp_path / "suites").mkdir()
    (tmp_path / "suites" / "mini-1.jsonl").write_text("{}\n", "utf-8")
    assert rows() is None, "what is not published says nothing"
    assert rows(SMALLEST.replace("mini", "shell-mini")) == "shell-mini@1"
    assert rows(SMALLEST.replace("mini", "shell-mini").replace('"1"', '"2"')) is None
    for address in ("hf://datasets/org/mini@main/rows.jsonl", "suites/mini-1.jsonl"):
        assert rows(SMALLEST + f"rows = '{address}'\n") == address


@pytest.mark.parametrize(
    ("board", "models", "file", "key", "told"),
    [
        ("title = ", None, "board.toml", None, "not TOML"),
        (SMALLEST + "[policy]\nincomplet = 'off'\n", None, "board.toml", "policy", "incomplet"),
        (SMALLEST + "[policy]\nincomplete = 'no'\n", None, "board.toml", "policy", "no"),
        (SMALLEST + "protocol = 'warm'\n", None, "board.toml", "suites[0].protocol", "warm"),
        (SMALLEST.replace("6", "0"), None, "board.toml", "suites[0].steps", "at least 1"),
        (SMALLEST + "stepps = 6\n", None, "board.toml", "suites[0]", "stepps"),
        (SMALLEST + "evaluator = 'x'\n", None, "board.toml", "suites[0].evaluator", "https://"),
        (SMALLEST + "rows = '/home/me/x'\n", None, "board.toml", "suites[0].rows", "hf://"),
        (SMALLEST + "rows = 'suites/../x'\n", None, "board.toml", "suites[0].rows", "suites/"),
        (SMALLEST + TWIN, None, "board.toml", "suites[1]", "mini 1 is there twice"),
        (SMALLEST, "[m]\nfamily = 'lfm'\n", "models.toml", "m.family", "lfm"),
        (SMALLEST, "[m]\naliases = ['N']\n[n]\n", "models.toml", "aliases", "two models"),
        (SMALLEST, "[m]\nepoch = 'two'\n", "models.toml", "m.epoch", "a number"),
        (SMALLEST, "[m]\nepochs = 2\n", "models.toml", "m.epochs", "epoch"),
        (SMALLEST, "m = 2\n", "models.toml", " m: ", "a table"),
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


REPORTED = SMALLEST + 'kind = "reported"\n'
METRIC = '[[suites.metrics]]\nid = "{}"\n'
RANKED = METRIC.format("accuracy") + "ranked = true\n"


@pytest.mark.parametrize(
    ("told", "key"),
    [
        ("[thresholds]\nanswers-cut = inf\n", "thresholds.answers-cut"),
        ("[protocols.p]\nextra = { a = nan }\n", "protocols.p.extra.a"),
        ("[[suites.metrics]]\nid = 'a'\nlow = -inf\n", "suites[0].metrics[0].low"),
    ],
)
def test_what_is_no_finite_number_is_refused(tmp_path, told, key):
    """JSON has none, and the site publishes these settings."""
    with pytest.raises(ConfigError, match="no finite number") as caught:
        opened(tmp_path, SMALLEST + told)
    assert caught.value.key == key


def test_a_board_of_the_first_edition_is_read_as_it_was_meant(tmp_path):
    """It could choose how intervals were drawn, and had one code for results without steps."""
    board = SMALLEST + (
        '[ranking]\ndraws = 10000\ncorrection = "holm"\n[policy]\nno-step-data = "unranked"\n'
    )
    (tmp_path / "board.toml").write_text(board, "utf-8")
    policy = open_workspace(tmp_path).settings.policy
    assert policy == dict.fromkeys(("not-checkable-summary", "not-checkable-quoted"), "unranked")
    (tmp_path / "board.toml").write_text(board.replace("draws", "drawn"), "utf-8")
    with pytest.raises(ConfigError, match="ranking"):
        open_workspace(tmp_path)


def test_a_workspace_knows_the_hash_of_every_file_that_it_was_read_from(tmp_path):
    opened(tmp_path, SMALLEST)
    (tmp_path / "models.toml").write_text("", encoding="utf-8")
    found = open_workspace(tmp_path).sources
    assert found == {
        name: hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
        for name in ("board.toml", "models.toml")
    }


class TestTheMetricsOfASuite:
    def metrics(self, folder, board):
        (suite,) = opened(folder, board).settings.suites
        return {metric.id: metric for metric in suite.metrics}

    def test_a_replay_has_those_of_its_kind(self, tmp_path):
        found = self.metrics(tmp_path, SMALLEST)
        assert list(found)[:3] == ["command_f1", "command_precision", "command_recall"]
        assert [name for name, metric in found.items() if metric.ranked] == ["command_f1"]

    def test_a_reported_suite_has_those_that_it_names(self, tmp_path):
        more = METRIC.format("bits_per_byte") + 'unit = "bits"\nbetter = "lower"\ndecimals = 4\n'
        found = self.metrics(tmp_path, REPORTED + RANKED + more)
        assert list(found) == ["accuracy", "bits_per_byte"]
        assert (found["accuracy"].ranked, found["bits_per_byte"].better) == (True, "lower")

    def test_one_is_renamed(self, tmp_path):
        named = METRIC.format("command_f1") + 'title = { en = "Overlap", ko = "겹침" }\n'
        found = self.metrics(tmp_path, SMALLEST + named)["command_f1"]
        assert (found.title["ko"], found.scale, found.ranked) == ("겹침", 100, True)

    def test_one_is_hidden(self, tmp_path):
        hidden = METRIC.format("has_plan_pct") + "hidden = true\n"
        assert "has_plan_pct" not in self.metrics(tmp_path, SMALLEST + hidden)

    def test_the_ranked_one_is_replaced(self, tmp_path):
        found = self.metrics(tmp_path, SMALLEST + RANKED)
        assert [name for name, metric in found.items() if metric.ranked] == ["accuracy"]

    @pytest.mark.parametrize(
        ("board", "key", "told"),
        [
            (REPORTED, "suites[0].metrics", "mini 1: no metric is ranked"),
            (REPORTED + METRIC.format("a"), "suites[0].metrics", "no metric is ranked"),
            (
                REPORTED + RANKED + METRIC.format("other") + "ranked = true\n",
                "suites[0].metrics",
                "accuracy and other are ranked",
            ),
            (
                REPORTED + RANKED + 'better = "neither"\n',
                "suites[0].metrics",
                "accuracy is ranked, so higher or lower must be better",
            ),
            (SMALLEST + 'kind = "chess"\n', "suites[0].kind", "Kinds: replay"),
            (REPORTED + RANKED + "unit = 'miles'\n", "suites[0].metrics[0].unit", "miles"),
            (REPORTED + RANKED + "scale = 0\n", "suites[0].metrics[0].scale", "more than 0"),
            (REPORTED + RANKED + "scale = nan\n", "suites[0].metrics[0].scale", "more than 0"),
            (REPORTED + RANKED + "aggregate = 'pass@'\n", "suites[0].metrics[0].aggregate", "pass"),
            (REPORTED + RANKED + "titel = 'x'\n", "suites[0].metrics[0].titel", "title"),
            (REPORTED + METRIC.format("Two Words"), "suites[0].metrics[0].id", "lower-case"),
        ],
    )
    def test_a_mistake_is_refused_by_file_and_key(self, tmp_path, board, key, told):
        with pytest.raises(ConfigError) as caught:
            opened(tmp_path, board)
        assert (caught.value.file, caught.value.key) == ("board.toml", key)
        assert told in caught.value.format_message()

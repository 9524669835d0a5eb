"""What llama.cpp's own programs print of model files: in every form the same figures."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cardboard.board.read.reader import read_file, read_results
from cardboard.cli import main
from cardboard.tests.imports import DATA

FOLDER = DATA / "llama-cpp"


@pytest.mark.parametrize("name", ["bench.jsonl", "bench.csv"])
def test_llama_bench_says_the_same_as_json_as_json_lines_and_as_csv(name: str) -> None:
    (told,), (same,) = (read_file(FOLDER / one).measures for one in ("bench.json", name))
    assert told.file.name == "aster-1b-Q4_K_M.gguf", "and not the folder of somebody's machine"
    assert [speed.test for speed in told.speeds] == ["pp512", "tg128 @ d4096"]
    assert [one.tokens_per_second for one in same.speeds] == [
        one.tokens_per_second for one in told.speeds
    ]
    assert same.machine == told.machine


def test_a_log_is_read_for_its_last_figures_and_not_for_those_of_a_chunk() -> None:
    (told,) = read_file(FOLDER / "kld.log").measures
    assert told.distance is not None and told.perplexity is not None
    assert (told.file.name, told.build) == ("aster-1b-Q4_K_M.gguf", "6641 (a74a0d69)")
    assert (told.perplexity.value, told.distance.divergence.value) == (10.412345, 0.028143)
    assert (told.distance.same_top.value, told.distance.lower_bound) == (0.91961, False)
    assert told.distance.reference.name is None, "the log names the file of logits alone"


def test_a_log_without_the_loader_s_words_is_of_the_file_that_it_is_named_after() -> None:
    (told,) = read_file(FOLDER / "aster-1b-Q8_0.txt").measures
    assert (told.file.name, told.distance) == ("aster-1b-Q8_0.gguf", None)


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("run.log", "step 1\nstep 2\n", "other"),
        ("rows.jsonl", '{"task": "a"}\n', "refused"),
        ("words.txt", "Mean KLD: see elsewhere. Final estimate: PPL = low\n", "other"),
    ],
)
def test_other_logs_and_rows_are_what_they_were(
    tmp_path: Path, name: str, text: str, kind: str
) -> None:
    (tmp_path / name).write_text(text)
    (found,) = read_results(tmp_path)
    assert found.kind == kind
    assert found.measures == ()


def test_a_bench_that_names_no_file_is_told_by_its_missing_key(tmp_path: Path) -> None:
    path = tmp_path / "bench.json"
    path.write_text('[{"model_filename": "", "avg_ts": 10.0}]')
    (found,) = read_file(path).findings
    assert (found.code, found.values["keys"]) == ("tool-unfit", "model_filename")


def test_they_are_imported_and_say_what_they_hold(tmp_path: Path) -> None:
    def run(*words: object) -> Result:
        return CliRunner().invoke(main, ["-C", str(tmp_path), *map(str, words)])

    assert run("init", tmp_path).exit_code == 0
    logs = tmp_path / "logs"
    shutil.copytree(FOLDER, logs)
    done = run("import", logs / "bench.jsonl", logs / "kld.log")
    assert "figures of 1 model file -> results/imported/llama-bench/bench.jsonl" in done.output
    assert "aster-1b-Q4_K_M.gguf: pp512 412.5 t/s, tg128 @ d4096 48.25 t/s" in done.output
    assert "perplexity 10.4123, divergence 0.028143, same top token 91.961 %" in done.output
    assert (tmp_path / "results/imported/llama-perplexity/kld.log").is_file()

"""BFCL, EvalPlus and SWE-bench: who passed, by what a file lists and what is left of the whole."""

import json

import pytest

from cardboard.board.read.reader import read_file, read_results


def only(reading):
    (part,) = reading.parts
    return part


HEAD = {"accuracy": 0.5, "correct_count": 2, "total_count": 4}


class TestBfcl:
    @pytest.fixture
    def write(self, tmp_path):
        def _write(*answers):
            path = (
                tmp_path / "score" / "acme_Aster-1B-FC" / "live" / "BFCL_v4_live_simple_score.json"
            )
            path.parent.mkdir(parents=True)
            lines = [HEAD, *({"id": f"x_{n}", "valid": False} for n in (1, 3))]
            path.write_text("\n".join(map(json.dumps, lines)))
            if answers:
                beside = tmp_path / "result" / "acme_Aster-1B-FC" / "live"
                beside.mkdir(parents=True)
                told = "\n".join(json.dumps({"id": one, "result": ""}) for one in answers)
                (beside / "BFCL_v4_live_simple_result.json").write_text(told)
            return path

        return _write

    def test_json_lines_under_another_name_are_told_by_their_first_line(self, write):
        part = only(read_file(write()))
        assert part.result.metrics["accuracy"].value == 0.5
        assert part.result.metrics["accuracy"].n == 4
        assert (part.result.suite.name, part.result.suite.version) == ("live_simple", "bfcl-v4")

    def test_the_model_is_the_folder_and_its_mode_is_a_protocol(self, write):
        result = only(read_file(write())).result
        assert result.model.id == "acme_Aster-1B (FC)"
        assert result.protocol.tools == "native"

    def test_items_with_an_answer_and_no_error_were_right(self, write, tmp_path):
        write("x_0", "x_1", "x_2", "x_3")
        (reading,) = read_results(tmp_path)
        assert only(reading).facts.sums == {"accuracy": (1_000_000, 0, 1_000_000, 0)}

    def test_the_answers_of_a_category_in_deeper_folders_are_found_too(self, write, tmp_path):
        name = "BFCL_v4_memory_kv"
        path = write("x_0", "x_1", "x_2", "x_3")
        for kind, of in (("score", "score"), ("result", "result")):
            folder = tmp_path / kind / "acme_Aster-1B-FC" / "agentic" / "memory" / "kv"
            folder.mkdir(parents=True)
            (old,) = (tmp_path / kind).rglob(f"BFCL_v4_live_simple_{of}.json")
            (folder / f"{name}_{of}.json").write_bytes(old.read_bytes())
            old.unlink()
        assert not path.exists()
        (reading,) = read_results(tmp_path)
        part = only(reading)
        assert (part.result.model.id, part.result.suite.name) == (
            "acme_Aster-1B (FC)",
            "memory_kv",
        )
        assert part.facts.sums == {"accuracy": (1_000_000, 0, 1_000_000, 0)}

    def test_answers_that_lack_a_failed_item_are_of_another_run(self, write):
        part = only(read_file(write("x_0", "x_1")))
        assert part.facts is None

    def test_a_table_gives_every_column_but_its_overall(self, tmp_path):
        head = "Rank,Overall Acc,Model,Live Acc,Memory Acc,Total Cost ($)"
        (tmp_path / "data_overall.csv").write_text(f"{head}\n1,61%,A (FC),70.00%,N/A,0.1\n")
        (part,) = read_file(tmp_path / "data_overall.csv").parts
        assert (part.result.suite.name, part.result.metrics["accuracy"].value) == ("live", 70.0)


class TestEvalPlus:
    def test_further_tests_count_only_where_the_base_tests_passed(self, tmp_path):
        statuses = [("pass", "pass"), ("pass", "fail"), ("fail", "pass"), ("pass", None)]
        held = {
            f"Mbpp/{n}": [{"base_status": base, "plus_status": plus}]
            for n, (base, plus) in enumerate(statuses[:3])
        }
        document = {"hash": "ab" * 16, "eval": held, "pass_at_k": {"plus": {"pass@1": 1 / 3}}}
        path = tmp_path / "acme--Aster-1B_vllm_temp_0.2.eval_results.json"
        path.write_text(json.dumps(document))
        part = only(read_file(path))
        assert part.facts.sums == {"base": (1_000_000, 1_000_000, 0), "plus": (1_000_000, 0, 0)}
        assert (part.result.model.id, part.result.protocol.temperature) == ("acme/Aster-1B", 0.2)


class TestSweBench:
    def test_what_is_not_resolved_is_what_is_left_of_the_split(self, tmp_path):
        folder = tmp_path / "evaluation" / "verified" / "20260501_aster" / "results"
        folder.mkdir(parents=True)
        document = {"resolved": ["a__a-1", "b__b-2"], "no_generation": [], "no_logs": []}
        (folder / "results.json").write_text(json.dumps(document))
        (folder.parent / "metadata.yaml").write_text("info:\n  name: Aster Agent\n")
        (reading,) = read_results(tmp_path)
        result = only(reading).result
        assert (result.metrics["resolved"].value, result.metrics["resolved"].n) == (0.004, 500)
        assert (result.model.id, result.suite.version) == ("Aster Agent", "verified")

    def test_a_split_that_nobody_names_has_no_whole(self, tmp_path):
        document = {"resolved": ["a__a-1"], "no_generation": []}
        (tmp_path / "results.json").write_text(json.dumps(document))
        assert [one.code for one in read_file(tmp_path / "results.json").findings] == ["tool-unfit"]

    def test_a_report_that_names_every_instance_has_rows(self, tmp_path):
        document = {
            "total_instances": 3,
            "submitted_instances": 3,
            "resolved_instances": 1,
            "resolved_ids": ["a__a-1"],
            "unresolved_ids": ["b__b-2"],
            "empty_patch_ids": ["c__c-3"],
            "error_ids": [],
        }
        (tmp_path / "aster-1b.run.json").write_text(json.dumps(document))
        part = only(read_file(tmp_path / "aster-1b.run.json"))
        assert part.facts.sums == {"resolved": (1_000_000, 0, 0)}
        assert part.result.model.id == "aster-1b"

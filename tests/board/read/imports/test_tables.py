"""Tables of a workspace's own, in every encoding, and what they cannot do."""

import json

import msgspec
import pytest

from cardboard.board.read.reader import read_file
from cardboard.board.show.sketches import sketch_of
from cardboard.board.workspace.tables import ColumnMapping, Imports, TableMapping

WIDE = TableMapping(
    file="*",
    model="Model",
    harness="ours",
    columns={"점수": ColumnMapping(suite="kmmlu", metric="accuracy", unit="percent", n=100)},
)
LONG = TableMapping(
    file="*", model="model", suite="task", metric="metric", value="value", n="n", stderr="stderr"
)
ROWS = "Model,점수,비고\nacme/Aster-1B,61.2,좋음\nacme/Beech-1B,-,\n"


def codes(reading):
    return [one.code for one in reading.findings]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949"])
def test_a_table_is_read_in_the_encodings_that_spreadsheets_write(tmp_path, encoding):
    (tmp_path / "a.csv").write_bytes(ROWS.encode(encoding))
    reading = read_file(tmp_path / "a.csv", tables=(WIDE,))
    (part,) = reading.parts
    assert part.result.model.id == "acme/Aster-1B"
    assert part.result.metrics["accuracy"].value == 61.2
    assert codes(reading) == ["figures-unknown"]


def test_its_figures_are_quoted_unless_the_mapping_says_otherwise(tmp_path):
    (tmp_path / "a.csv").write_text(ROWS)
    (part,) = read_file(tmp_path / "a.csv", tables=(WIDE,)).parts
    assert part.kind == "published-table"
    assert part.result.suite.version == "ours"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_row_a_figure_gives_one_result_for_each_model_and_suite(tmp_path, delimiter):
    rows = [
        ("model", "task", "metric", "value", "n", "stderr"),
        ("a/A", "gsm8k", "acc", "0.5", "10", "0.1"),
        ("a/A", "gsm8k", "f1", "0.25", "10", ""),
        ("a/A", "lambada", "perplexity", "8.1", "10", "0.2"),
    ]
    (tmp_path / "a.tsv").write_text("\n".join(delimiter.join(row) for row in rows))
    parts = read_file(tmp_path / "a.tsv", tables=(LONG,)).parts
    assert [(part.result.suite.name, sorted(part.result.metrics)) for part in parts] == [
        ("gsm8k", ["acc", "f1"]),
        ("lambada", ["perplexity"]),
    ]
    assert parts[0].result.metrics["acc"].stderr == 0.1
    assert parts[1].figures[0].better == "lower"


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_lists_of_objects_are_tables(tmp_path, form):
    rows = [{"Model": "a/A", "점수": 50}]
    text = json.dumps(rows) if form == "json" else "- Model: a/A\n  점수: 50\n"
    (tmp_path / f"a.{form}").write_text(text, encoding="utf-8")
    assert len(read_file(tmp_path / f"a.{form}", tables=(WIDE,)).parts) == 1


def test_without_a_mapping_its_columns_are_named_with_what_to_do(tmp_path):
    (tmp_path / "a.csv").write_text(ROWS)
    (found,) = read_file(tmp_path / "a.csv").findings
    assert (found.code, found.values) == ("table-unmapped", {"columns": "Model, 점수, 비고"})


def test_a_column_that_the_mapping_names_and_the_table_lacks_is_named(tmp_path):
    (tmp_path / "a.csv").write_text("Model,score\nA,1\n")
    (found,) = read_file(tmp_path / "a.csv", tables=(WIDE,)).findings
    assert found.values == {"tool": "table", "keys": "column 점수"}


def test_a_formula_is_no_name_and_no_figure(tmp_path):
    (tmp_path / "a.csv").write_text('Model,점수\n"=HYPERLINK(""http://x"")",1\nA,=1+1\n')
    reading = read_file(tmp_path / "a.csv", tables=(WIDE,))
    assert reading.parts == ()
    assert {"value-unusable", "figures-unknown"} <= set(codes(reading))


def test_aliases_in_yaml_are_not_unfolded(tmp_path):
    (tmp_path / "a.yaml").write_text("- &a [1, 2]\n- [*a, *a]\n")
    assert codes(read_file(tmp_path / "a.yaml")) == ["other-form"]
    (tmp_path / "b.yml").write_text("- pass_rate_1: &a 1\n  edit_format: *a\n")
    assert read_file(tmp_path / "b.yml").parts == ()


def test_a_cell_without_an_end_is_not_read(tmp_path):
    (tmp_path / "a.csv").write_text("Model,점수\nA,1\n" + '"' + "x" * 200_000)
    assert codes(read_file(tmp_path / "a.csv", tables=(WIDE,)))[-1] in (
        "over-limit",
        "no-result-inside",
    )


class TestSketch:
    def test_it_can_be_put_into_imports_toml_as_it_is(self, tmp_path):
        (tmp_path / "scores.csv").write_text(
            "Model,GSM8K,Params,PPL\na/A,61.2,1,8.1\nb/B,N/A,2,9\n"
        )
        text = sketch_of(tmp_path / "scores.csv")
        (table,) = msgspec.toml.decode(text, type=Imports).tables
        assert table.model == "Model"
        assert set(table.columns) == {"GSM8K", "PPL"}
        assert table.columns["PPL"].better == "lower"
        assert len(read_file(tmp_path / "scores.csv", tables=(table,)).parts) == 3

    def test_a_row_a_figure_is_seen_as_such(self, tmp_path):
        (tmp_path / "a.csv").write_text("model,task,metric,value,n\na/A,gsm8k,acc,0.5,10\n")
        (table,) = msgspec.toml.decode(sketch_of(tmp_path / "a.csv"), type=Imports).tables
        assert (table.value, table.suite, table.metric, table.n) == ("value", "task", "metric", "n")

    def test_what_nobody_says_is_left_to_whoever_checks_it(self, tmp_path):
        rows = "branch,step,품질,exact_pct,file\na,10,4,51,x.json\na,20,5,52,y.json\n"
        (tmp_path / "a.csv").write_text(rows)
        (table,) = msgspec.toml.decode(sketch_of(tmp_path / "a.csv"), type=Imports).tables
        assert table.model == "file"
        assert {name: (one.unit, one.better) for name, one in table.columns.items()} == {
            "품질": ("points", "neither"),
            "exact_pct": ("percent", "neither"),
        }

"""The page of a model's files: what stands beside what, in which words, and in a real browser."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gguf
import msgspec
import numpy
import pytest
from click.testing import CliRunner
from playwright.sync_api import Browser

from cardboard.board.judge.build import build_boards
from cardboard.board.read.reader import read_results
from cardboard.board.workspace.configuration import open_workspace
from cardboard.board.workspace.settings import Fits
from cardboard.cli import main
from cardboard.eval.backends.gguf.files import gguf_of
from cardboard.site.assembly.server import serving
from cardboard.tests.quantised import a_quantised_board
from cardboard.tests.site.browsing import barriers, browsing
from cardboard.tests.site.reading import article, tables, text

ROOT = Path(__file__).parents[3]
PAGE = "quants/aster-1b"
MINUS = "−"


@pytest.fixture(scope="module")
def site(quick_site: Callable[..., Path]) -> Path:
    return quick_site(*a_quantised_board())


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    with serving(site, 0) as found:
        yield found


def test_a_row_a_file_with_size_memory_score_and_what_it_lost(site: Path) -> None:
    head, *_ = tables(article(site, PAGE))
    assert [row[0] for row in head] == [
        "F16 largestaster-1b-F16",
        "Q8_0aster-1b-Q8_0:Q8_0",
        "Q4_K_Master-1b-Q4_K_M:Q4_K_M",
        "Q2_Kaster-1b-Q2_K:Q2_K",
    ]
    assert head[2][1:5] == ["0.81", "5.20", "1.23", "67.00"]
    assert head[2][6:] == [f"{MINUS}2.00", f"{MINUS}4.09 to +0.09"]


VERDICT = (
    "Q4_K_M is the smallest file that is not shown to be worse than F16 by more than 3 and fits in"
    " 3 GB: 0.81 GB on the disk, 1.23 GB of memory at the most, −2.00 in the score (−4.09 to +0.09,"
    " 95 %)."
)
VERDICT_KO = "Q4_K_M은 F16보다 3 넘게 나쁘다는 증거가 없고 3 GB에 들어가는 가장 작은"


@pytest.mark.parametrize(
    ("language", "sentence", "open_"),
    [
        ("", VERDICT, "These tasks do not rule out that it is worse by 4.09"),
        ("ko/", VERDICT_KO, "4.09만큼 나쁠 가능성을 배제하지 못하며"),
    ],
)
def test_the_verdict_has_its_numbers_and_says_what_it_does_not_rule_out(
    site: Path, language: str, sentence: str, open_: str
) -> None:
    said = text(article(site, f"{language}{PAGE}"))
    assert sentence in said
    assert open_ in said


def test_without_a_limit_of_memory_the_page_says_what_is_missing(
    quick_site: Callable[..., Path],
) -> None:
    site = quick_site(*a_quantised_board(fits=Fits()))
    assert "the memory of the machine: fits.memory_gb" in text(article(site, PAGE))
    assert "is the smallest file" not in text(article(site, PAGE))


def test_speeds_of_two_machines_are_two_tables(site: Path) -> None:
    _, one, other, *_ = tables(article(site, PAGE))
    assert [row[0] for row in one] == ["F16", "Q8_0", "Q4_K_M"]
    assert other == [["Q2_K", "438.0", "36.5", "0.31"]]
    said = text(article(site, PAGE))
    assert "Ryzen 7 7800X3D" in said and "Apple M4" in said


def test_figures_of_llama_cpp_s_programs_have_their_source(site: Path) -> None:
    found = tables(article(site, PAGE))
    near = next(table for table in found if any("KL" in "".join(row) or (len(row) == 8 and "kld.log"
                                                in row[7]) for row in table))  # fmt: skip
    assert [row[0] for row in near] == ["Q8_0", "Q4_K_M"]
    assert near[1][2] == "0.0281 ± 0.0012" and near[1][4] == "92.0 ± 0.9 %"
    assert near[1][7].endswith("kld.log")
    assert ["Q4_K_M", "tg128 @ d4096", "48.2 ± 0.5"] in [row for table in found for row in table]


def test_formats_are_told_by_engine_and_a_wrong_one_is_marked(site: Path) -> None:
    said = text(article(site, PAGE))
    assert "ollama answers through the format that it calls chatml" in said
    assert "No audit of this file is kept" in said
    assert "llama.cpp의 채팅 포맷: 파일의 템플릿" in text(article(site, f"ko/{PAGE}"))


def test_both_charts_are_drawn_with_every_file_and_a_word_on_the_machine(site: Path) -> None:
    page = (site / PAGE / "index.html").read_text(encoding="utf-8")
    drawings = page.split("<svg class=cb-drawing ")[1:]
    assert len(drawings) == 2
    for kind in ("F16", "Q8_0", "Q4_K_M", "Q2_K"):
        assert f"<title>{kind}: " in drawings[0]
    assert "<title>Q2_K: " not in drawings[1], "it was measured on another machine"
    assert "Of one machine: Ryzen 7 7800X3D" in drawings[1]


def test_model_pages_and_the_board_lead_to_it(site: Path) -> None:
    for path in ("index.html", "models/aster-1b-F16/index.html"):
        assert "quants/aster-1b/" in (site / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("language", ["", "ko/"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_it_has_no_barrier_and_fits_a_phone(
    browser: Browser, address: str, language: str, scheme: Any, width: int
) -> None:
    with browsing(
        browser, address, viewport={"width": width, "height": 844}, color_scheme=scheme
    ) as page:
        page.goto(f"{language}{PAGE}/")
        assert barriers(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == width


# --- two quantisations of one tiny model, from the file to the page -------------------------------


def a_tiny_file(path: Path, kind: gguf.GGMLQuantizationType) -> Path:
    """Write the same weights, held as *kind* says."""
    writer = gguf.GGUFWriter(path, "llama")
    held = gguf.LlamaFileType.ALL_F32
    if kind == gguf.GGMLQuantizationType.Q8_0:
        held = gguf.LlamaFileType.MOSTLY_Q8_0
    writer.add_file_type(held)
    weights = numpy.random.default_rng(0).normal(size=(64, 64)).astype(numpy.float32)
    for name in ("a.weight", "b.weight"):
        data = gguf.quants.quantize(weights, kind)
        writer.add_tensor(name, data, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_the_difference_of_two_quantisations_of_a_tiny_model_is_that_of_compare(
    tmp_path: Path, quick_site: Callable[..., Path]
) -> None:
    root = tmp_path / "workspace"
    (root / "results").mkdir(parents=True)
    shutil.copy(ROOT / "board.toml", root)
    kinds = {"F32": gguf.GGMLQuantizationType.F32, "Q8_0": gguf.GGMLQuantizationType.Q8_0}
    for (kind, how), source in zip(kinds.items(), ("0.1", "0.3"), strict=True):
        file = gguf_of(str(a_tiny_file(tmp_path / f"tiny-{kind}.gguf", how)), None)
        (path,) = (ROOT / "results" / "shell-mini").glob(f"*noisy*{source}*.json")
        document = json.loads(path.read_bytes())
        document["model"] |= {
            "id": f"tiny-{kind}",
            "quantisation": None if kind == "F32" else file.kind,
            "file": msgspec.to_builtins(file.record(kind.encode().hex().ljust(64, "0"))),
        }
        document["machine"] = {**document.get("machine", {}), "peak_memory_bytes": 10_000_000}
        (root / "results" / f"{kind}.json").write_text(json.dumps(document), encoding="utf-8")
    command = ["-C", str(root), "compare", "tiny-Q8_0:Q8_0", "tiny-F32", "--format", "json"]
    done = CliRunner().invoke(main, command)
    (pair,) = json.loads(done.stdout)["pairs"]
    paired = pair["paired"]
    workspace = open_workspace(root)
    boards = build_boards(read_results(workspace.results), workspace)
    (rows, *_) = tables(article(quick_site(boards, workspace.settings), "quants/tiny"))
    assert [row[0] for row in rows] == ["F32 largesttiny-F32", "Q8_0tiny-Q8_0:Q8_0"]
    assert [row[2] for row in rows] == ["32.00", "8.50"]
    told = [f"{paired[name]:+.2f}".replace("-", MINUS) for name in ("difference", "low", "high")]
    assert rows[1][6:] == [told[0], f"{told[1]} to {told[2]}"]

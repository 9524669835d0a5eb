"""Documentation that law asks for: only what is recorded, each with its source, and the count."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from cardboard.board.judge.build import load_boards
from cardboard.board.workspace.configuration import open_workspace
from cardboard.cards.documents.documentation import GROUPS, counted, document, entries_of, recorded
from cardboard.cli import main
from cardboard.eval.errors import UsageError
from cardboard.tests import yours

MODELS = """\
["lab/a"]
base_model = "maker/base"
license = "apache-2.0"
purpose = { en = "Answers *questions*.", ko = "질문에 답합니다." }
parameters = 1.2
document.provider = { en = "Lab Ltd.", ko = "주식회사 랩" }
document.energy = { en = "<b>3 MWh</b>, metered" }
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = yours.write(tmp_path / "w")
    (root / "board.toml").write_text(yours.BOARD.replace('"ja"]', '"ko"]').replace("ja =", "ko ="))
    (root / "models.toml").write_text(MODELS)
    return root


def written(root: Path, model: str, language: str) -> str:
    workspace = open_workspace(root)
    return document(entries_of(load_boards(workspace), model), workspace.settings, language)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_it_reads_as_expected(root, golden, language):
    golden(f"documentation.{language}.md", written(root, "lab/a", language))


def test_whatever_nobody_recorded_says_so_and_is_not_counted(root):
    workspace = open_workspace(root)
    fields = recorded(entries_of(load_boards(workspace), "lab/b"), workspace.settings.words("en"))
    held, every = counted(fields)
    assert every == sum(map(len, GROUPS.values())) == 31
    text = written(root, "lab/b", "en")
    assert f"{held} of 31 fields recorded." in text
    assert text.count("| not recorded | – |") == every - held


def test_what_was_read_from_a_name_is_no_evidence(root):
    (root / "models.toml").write_text('["lab/A-7B"]\naliases = ["lab/a"]\n')
    assert "| Number of parameters | not recorded | – |" in written(root, "lab/A-7B", "en")


def test_prose_of_models_toml_is_text_and_no_markup(root):
    text = written(root, "lab/a", "en")
    assert "<b>" not in text
    assert "3 MWh" in text


def test_the_command_writes_every_language_and_knows_a_misspelt_name(root):
    told = CliRunner().invoke(main, ["-C", str(root), "document", "LAB/A"])
    assert told.exit_code == 0, told.output
    assert "of 31 fields recorded; no legal advice." in told.stdout
    written = {path.name for path in (root / "build" / "documents").iterdir()}
    assert written == {"lab__a.en.md", "lab__a.ko.md"}
    with pytest.raises(UsageError, match="no result is of the model") as caught:
        entries_of(load_boards(open_workspace(root)), "lab/aa")
    assert "lab/a" in (caught.value.remedy or "")

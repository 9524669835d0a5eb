"""What people change in the front matter of a card on the Hub is theirs from then on."""

from pathlib import Path

import pytest

from cardboard.tests.hub import Hub
from cardboard.tests.pushing import Bench, Cradle, repos, write_result, write_workspace

pytest_plugins = ("cardboard.tests.hub.fixtures",)

FIRST, SECOND = REPOS = repos(2)
MODELS = f"""
["{FIRST}"]
license = "mit"
base_model = "acme/base"
base_model_relation = "finetune"
pipeline_tag = "text-generation"
"""


@pytest.fixture
def bench(client: Cradle, hub: Hub, tmp_path: Path) -> Bench:
    """Give a workspace of two models whose repositories had no README before ours."""
    for repo in REPOS:
        hub.write(repo)
    made = Bench(client, hub, write_workspace(tmp_path / "workspace", 2, models=MODELS))
    assert made.push().code == 0
    return made


def edit(bench: Bench, old: str, new: str) -> None:
    """Change the front matter by hand, and the result, so that the card is written anew."""
    text = bench.readme(FIRST)
    assert old in text
    bench.hub.write(FIRST, {"README.md": text.replace(old, new, 1)})
    write_result(bench.root, FIRST, 0.61)


def changed_keys(bench: Bench) -> str:
    """Return what the last commit says of keys."""
    lines = bench.hub.history(FIRST)[0].message.splitlines()
    (said,) = [line for line in lines if line.startswith("Keys of the front matter that change: ")]
    return said


def forget(bench: Bench) -> None:
    """Lose the journal, as a new machine has."""
    (bench.root / ".cardboard" / "push.jsonl").unlink()


EDITS = [
    ("pipeline_tag: text-generation", "pipeline_tag: image-text-to-text"),
    ("library_name: transformers", "library_name: mlx"),
    ("license: mit", "license: apache-2.0"),
    ("base_model: acme/base", "base_model:\n- acme/base\n- acme/other"),
    ("base_model_relation: finetune", "base_model_relation: merge"),
    ("base_model_relation: finetune\n", ""),
    ("  - terminal\n", "  - mine\n"),
]


@pytest.mark.parametrize("remembered", [True, False], ids=["", "no-journal"])
@pytest.mark.parametrize(("old", "new"), EDITS)
def test_an_edit_by_hand_survives_every_push(
    bench: Bench, old: str, new: str, remembered: bool
) -> None:
    if "library_name" in old and old not in bench.readme(FIRST):
        old, new = "tags:\n", "library_name: mlx\ntags:\n"
    edit(bench, old, new)
    if not remembered:
        forget(bench)
    assert bench.push().code == 0
    assert "61.0" in bench.readme(FIRST)
    assert (new or "base_model: acme/base\n") in bench.readme(FIRST)
    if not new:
        assert "base_model_relation: " not in bench.readme(FIRST), "a removal is an edit too"
    since = len(bench.hub.log.lines())
    assert bench.push().out.endswith("2 unchanged\n")
    assert [line.kind for line in bench.hub.log.lines(since=since)] == ["list"]


def test_what_nobody_touched_follows_the_workspace_and_the_plan_names_it(bench: Bench) -> None:
    models = MODELS.replace('"mit"', '"apache-2.0"').replace("pipeline_tag", "# ")
    (bench.root / "models.toml").write_text(models)
    done = bench.push()
    assert done.code == 0
    assert "    license: mit -> apache-2.0\n" not in done.out, "all of it was ours"
    text = bench.readme(FIRST)
    assert "license: apache-2.0" in text
    assert "pipeline_tag" not in text
    said = changed_keys(bench)
    assert "license" in said
    assert said.endswith(" Text outside the cardboard markers is as it was.")


def test_the_plan_names_every_key_that_gives_way(bench: Bench) -> None:
    edit(bench, "license: mit", "mine: 1\nlicense: mit")
    (bench.root / "models.toml").write_text(MODELS.replace('"mit"', '"apache-2.0"'))
    done = bench.push()
    assert f"changed        {FIRST}\n    license: mit -> apache-2.0\n" in done.out
    assert "mine: 1\nlicense: apache-2.0\n" in bench.readme(FIRST)


def test_a_value_that_all_differ_about_waits_for_a_choice(bench: Bench) -> None:
    """The rest of the card is not held up."""
    edit(bench, "license: mit", "license: bsd-3-clause")
    (bench.root / "models.toml").write_text(MODELS.replace('"mit"', '"apache-2.0"'))
    done = bench.push()
    told = "license: bsd-3-clause stays, though the workspace states apache-2.0"
    assert (done.code, told in done.out) == (0, True), done.said
    assert "61.0" in bench.readme(FIRST)
    assert "license" not in changed_keys(bench)
    again = bench.push()
    assert again.code == 1
    assert f"conflict       {FIRST}\n    license in the front matter of README.md" in again.out
    assert bench.push("--take", f"{FIRST}=theirs").code == 0
    assert "license: bsd-3-clause" in bench.readme(FIRST)
    chosen = bench.push("--take", f"{FIRST}=ours")
    assert "    license: bsd-3-clause -> apache-2.0\n" in chosen.out
    assert "license: apache-2.0" in bench.readme(FIRST)
    assert bench.push().out.endswith("2 unchanged\n")
    assert bench.run("status").out == "2 current\n"


def test_a_first_push_takes_no_key_of_people(client: Cradle, hub: Hub, tmp_path: Path) -> None:
    theirs = (
        "---\nlicense: bsd-3-clause\npipeline_tag: fill-mask\nlibrary_name: nemo\n"
        "base_model: [acme/base, acme/two]\nbase_model_relation: merge\n---\n# By hand\n"
    )
    hub.write(FIRST, {"README.md": theirs})
    bench = Bench(client, hub, write_workspace(tmp_path / "w", 1))
    assert bench.push("--take", "append").code == 0
    assert bench.readme(FIRST).startswith(theirs.partition("---\n#")[0])
    (bench.root / "models.toml").write_text(MODELS)
    done = bench.push()
    assert done.code == 0, "what models.toml states is asked about, and the card goes on"
    for key in ("license", "pipeline_tag", "base_model_relation"):
        assert f"    {key}: " in done.out
    assert "    base_model: " not in done.out, "the list has it"
    assert bench.readme(FIRST).startswith(theirs.partition("---\n#")[0])

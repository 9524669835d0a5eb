"""`cardboard init`: a new workspace with every setting written down and explained."""

from importlib.resources import files
from pathlib import Path

import click

from ...eval.errors import UsageError

MODELS = """\
# What is known of each model beyond its results; every key is optional.
#
# ["your-organisation/Model-1B-SFT-2Epoch"]
# aliases = ["model_1b_sft_e2"]            # other names under which results may come
# base_model = "some-organisation/Model-1B"
# base_model_relation = "finetune"         # "adapter", "merge", "quantized"
# training = { en = "Two epochs on ...", ko = "...로 2에폭 학습" }
# family = "lfm"                           # a table of [families] in board.toml
# license = "apache-2.0"
# datasets = ["your-organisation/dataset"]
# class = "models"                         # "sweep" for the many checkpoints of one run
# parameters = 1.2                         # billions
# epoch = 2
# series = "Model-1B-SFT"                  # the same for checkpoints of one run
# repo = true                              # false: no card is pushed
"""

IGNORED = """\
# What cardboard makes anew, and what it remembers of this machine.
/build/
/.cardboard/
"""


@click.command(epilog="Example: cardboard init my-board")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
def init(folder: Path) -> None:
    """Make a workspace in DIR: board.toml, models.toml and an empty results folder."""
    source = files("cardboard") / "templates" / "workspace"
    texts = {
        "board.toml": "\n".join(
            (source / name).read_text("utf-8") for name in ("board.toml", "notes.toml")
        ),
        "models.toml": MODELS,
    }
    for name in texts:
        if (folder / name).exists():
            raise UsageError(
                "exists already",
                file=str(folder / name),
                remedy="Name an empty folder; nothing was changed.",
            )
    try:
        (folder / "results").mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, "utf-8")
        if not (folder / ".gitignore").exists():
            (folder / ".gitignore").write_text(IGNORED, "utf-8")
    except OSError as error:
        raise UsageError(
            error.strerror or "cannot be written",
            file=str(error.filename or folder),
            remedy="Name a folder that can be made and written.",
        ) from error
    click.echo(f"Made {folder}. Put result files into {folder / 'results'}, then run:")
    click.echo(f"  cardboard -C {folder} publish")

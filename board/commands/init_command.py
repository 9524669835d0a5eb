"""`cardboard init`: a new workspace with every setting explained, and workflows to publish it."""

import json
import re
from importlib.metadata import PackageNotFoundError, distribution
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import click

from ... import __version__
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


PIN = ".github/cardboard.txt"
OWN = (PIN, ".github/dependabot.yml")
"""What a repository may have in its own form: it is left as it is."""
_WORKFLOWS = ("results", "comment", "publish", "stale")
_PINNED = """\
# What the workflows install: this cardboard and no other.
{requirement}
"""
_UNPINNED = """\
# Say here where a runner finds cardboard {version}, which came from a folder of one machine: as
# a wheel in this repository (wheels/cardboard-{version}-py3-none-any.whl), or a commit of yours
# (cardboard @ git+https://HOST/REPOSITORY@COMMIT). A bare name could be anybody's.
"""
_NEXT = """\
Next, on GitHub and on the Hub:
  1. Commit these files. A pull request with results is checked from now on.
  2. Make the environment hub with a secret HF_TOKEN that may write to your organisation's models.
     To try it without one, set the repository variable PUSH_CARDS to dry.
  3. For the site, enable Pages with GitHub Actions as its source, and set the repository variable
     PUBLISH_SITE to true.
Trusted publishers, the daily look and the rest: "With GitHub Actions" in the documentation.
"""


@click.command(epilog="Example: cardboard init --github my-board")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--github", is_flag=True, help="With workflows for GitHub; also for a workspace that is there."
)
def init(folder: Path, github: bool) -> None:
    """Make a workspace in DIR: board.toml, models.toml and an empty results folder."""
    is_new = not (github and (folder / "board.toml").exists())
    texts = _workspace() if is_new else {}
    pinned = requirement()
    if github:
        _check_root(folder)
        texts |= workflows(pinned)
    kept = [name for name in OWN if (folder / name).exists()]
    for name, text in texts.items():
        path = folder / name
        if path.exists() and name not in kept and (is_new or path.read_text("utf-8") != text):
            raise UsageError(
                "exists already" if is_new else "exists already, and says something else",
                file=str(path),
                remedy="Name an empty folder; nothing was changed."
                if is_new
                else "Move it away and compare it with the new one; nothing was changed.",
            )
    try:
        if is_new:
            (folder / "results").mkdir(parents=True, exist_ok=True)
            if not (folder / ".gitignore").exists():
                texts[".gitignore"] = IGNORED
        for name, text in texts.items():
            if name not in kept:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(
            error.strerror or "cannot be written",
            file=str(error.filename or folder),
            remedy="Name a folder that can be made and written.",
        ) from error
    if is_new:
        click.echo(f"Made {folder}. Put result files into {folder / 'results'}, then run:")
        click.echo(f"  cardboard -C {folder} publish")
    if github:
        _tell(folder, kept, pinned)


def _workspace() -> dict[str, str]:
    """Return the files of a new workspace."""
    source = files("cardboard") / "templates" / "workspace"
    board = "\n".join((source / name).read_text("utf-8") for name in ("board.toml", "notes.toml"))
    return {"board.toml": board, "models.toml": MODELS}


def workflows(pinned: str | None) -> dict[str, str]:
    """Return the files by which GitHub checks, publishes and watches a workspace, by their paths.

    They install *pinned*; without it, nothing, until somebody says from where.
    """
    source = files("cardboard") / "templates" / "github"
    found = {
        f".github/workflows/{name}.yml": (source / "workflows" / f"{name}.yml").read_text("utf-8")
        for name in _WORKFLOWS
    }
    found[".github/dependabot.yml"] = (source / "dependabot.yml").read_text("utf-8")
    told = _PINNED if pinned else _UNPINNED
    found[PIN] = told.format(requirement=pinned, version=__version__)
    return found


def requirement() -> str | None:
    """Return how pip installs this very cardboard elsewhere; `None` where only this machine can.

    The record of where a package comes from is that of PEP 610.
    """
    try:
        told = json.loads(distribution("cardboard").read_text("direct_url.json") or "null")
    except (PackageNotFoundError, ValueError):
        return None
    if told is None:  # from an index
        return f"cardboard=={__version__}"
    address = urlsplit(str(told.get("url", "")))
    if address.scheme != "https" or not address.hostname:
        return None
    plain = urlunsplit(address._replace(netloc=address.netloc.rpartition("@")[2], fragment=""))
    commit = str(told.get("vcs_info", {}).get("commit_id", ""))
    if re.fullmatch("[0-9a-f]{40}", commit):
        return f"cardboard @ git+{plain}@{commit}"
    sha256 = str(told.get("archive_info", {}).get("hashes", {}).get("sha256", ""))
    return f"cardboard @ {plain}" + (f"#sha256={sha256}" if sha256 else "")


def _check_root(folder: Path) -> None:
    """Refuse a folder inside a repository: GitHub reads workflows at its root only."""
    if (folder / ".git").exists():
        return
    for above in folder.absolute().parents:
        if (above / ".git").exists():
            raise UsageError(
                f"is not the root of its repository, which is {above}",
                file=str(folder),
                remedy="Give the workspace a repository of its own: workflows run at the root.",
            )


def _tell(folder: Path, kept: list[str], pinned: str | None) -> None:
    click.echo(f"The workflows are in {folder / '.github' / 'workflows'}.")
    for name in kept:
        click.echo(f"{folder / name} is yours, and was left as it is.")
    if pinned is None and PIN not in kept:
        click.echo(
            f"This cardboard was installed from this machine: say in {folder / PIN} where a runner "
            "finds it,\nas `cardboard @ git+https://...@COMMIT` or as a wheel in the repository. "
            "Until then, workflows fail."
        )
    click.echo(_NEXT, nl=False)

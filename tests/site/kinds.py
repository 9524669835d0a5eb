"""One page of each kind that a built site has: whoever adds a kind has it looked at."""

from pathlib import Path

MODELS = {
    "model": "models/LLM-OS-Models__LFM2.5-1.2B-Terminal-SFT-2Epoch-Unsloth/",
    "measured-model": "models/noisy-oracle-0.3/",
    "unranked-model": "models/GLM-5.1/",
    "steps": "steps/noisy-oracle-0.3/",
    "more-steps": "pages/steps-noisy-oracle-0.3-2/",
    "tasks": "tasks/shell-mini-1-models/",
    "task": "tasks/shell-mini-1-models--git-lost-branch/",
    "compare": "compare/shell-mini-1-models/",
}
ELSEWHERE = {"ko", "models", "boards", "pages", "steps", "tasks", "compare"}


def kinds(site: Path) -> dict[str, str]:
    """Return a path for each kind of page of the sample board's site, by a name for it."""
    top = sorted(folder.name for folder in site.iterdir() if (folder / "index.html").is_file())
    boards = sorted(path.parent.name for path in (site / "boards").glob("*/index.html"))
    return {
        "board": "",
        "measured-board": f"boards/{boards[0]}/",
        **MODELS,
        **{name: f"{name}/" for name in top if name not in ELSEWHERE},
        "404": "404.html",
    }

"""What one would use instead: the default MkDocs Material, over pages as long as ours."""

import json
import sys
from pathlib import Path

PAGES = 300
TASKS, FIGURES, PARTS = 50, 13, 18
CODE = '    print(client.chat("Find the largest file below /var/log.", temperature=0.0))\n' * 8


def write(root: Path) -> list[str]:
    """Write a project of `PAGES` pages at *root*, and return the command that builds it."""
    models = root / "docs" / "models"
    models.mkdir(parents=True)
    links = []
    for number in range(PAGES):
        (models / f"model-{number:05d}.md").write_text(_page(number), encoding="utf-8")
        links.append(f"- [Model {number}](models/model-{number:05d}.md)\n")
    (root / "docs" / "index.md").write_text(f"# Board\n\n{''.join(links)}", encoding="utf-8")
    config = {"site_name": "Board", "theme": {"name": "material", "font": False}}
    (root / "mkdocs.yml").write_text(json.dumps(config), encoding="utf-8")
    return [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--quiet",
        "--config-file",
        f"{root}/mkdocs.yml",
    ]


def _page(number: int) -> str:
    """Return a model's page: the tables, lists and pieces of code that ours holds, as Markdown."""
    code = f"```python\n{CODE}```\n\n"
    prose = "- The score is 100 times the mean F1 over all steps, compared token by token.\n" * 6
    return (
        f"# Model {number}\n\nRank {number + 1} of {PAGES}.\n\n"
        f"## Tasks\n\n{_table(TASKS, 4)}## Figures\n\n{_table(FIGURES, 3)}"
        f"## Parts\n\n{_table(PARTS, 5)}## Settings\n\n{_table(20, 2)}"
        f"## Run\n\n{code * 4}## Reading\n\n{prose}\n## Safety\n\n{prose}"
    )


def _table(rows: int, columns: int) -> str:
    lines = [["Name", *("Value" for _ in range(columns - 1))], ["---"] * columns]
    lines += [
        [f"part-{row:03d}", *(f"{row}.{n}" for n in range(columns - 1))] for row in range(rows)
    ]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines) + "\n"

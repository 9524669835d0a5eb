"""A workspace that overrides each thing once: words, a block, sections, columns, look and pages."""

from pathlib import Path

from cardboard.tests.imports import write_lm_eval

BOARD = """\
[board]
languages = ["en", "ja"]
title = { en = "Lab board", ja = "ラボのボード" }
site_url = "https://lab.example/"

[[suites]]
name = "arc"
version = "lm-eval-1"
kind = "reported"
title = { en = "ARC", ja = "ARC" }

[[suites.metrics]]
id = "acc"
title = { en = "accuracy", ja = "正解率" }
scale = 100
binary = true
per_step = true
ranked = true

[templates]
accepted = ["chat_template", "scripted"]

[cards]
sections = ["results", "contact", "summary", "safety", "reading"]

[cards.add.contact]
title = { en = "Contact", ja = "連絡先" }
text = { en = "Write to **lab@example.org**.", ja = "**lab@example.org** までご連絡ください。" }

[[columns]]
name = "model"

[[columns]]
name = "score"
title = { en = "Points", ja = "点" }

[[columns]]
name = "evidence"

[colours.light]
header = "#1d3a6e"
header_text = "#ffffff"
link = "#1d4e89"

[colours.dark]
header = "#12213d"

[site]
guides = ["reading", "training"]

[[site.navigation]]
title = { en = "About us", ja = "私たち" }
pages = ["team.md"]
"""
JAPANESE = {
    "language.name": "日本語",
    "card.summary": "概要",
    "card.results": "結果",
    "card.model": "モデル",
    "card.license": "ライセンス",
    "card.not-recorded": "記録なし",
    "card.metric": "指標",
    "card.value": "値",
    "card.safety": "安全",
    "card.reading": "スコアの読み方",
}
"""Ten messages; all others are said in English."""

BLOCK = """\
{% extends "cardboard/card.md.jinja" %}
{% block safety %}
### {{ "card.safety"|t }}

- Ask us before {{ card.model }} meets customers.
{% endblock %}
"""


TEAM = """\
# Our team

We measure. ![A plain square](assets/logo.svg)

<script>document.body.innerHTML = "gone"</script>
"""
TRAINING = """\
---
title: 学習
---

# 学習

<!-- cardboard:nearby -->

日本語のガイドです。
"""
FOOTER = """\
{% extends "cardboard/site/footer.html.jinja" %}
{% block more %} · Lab{% endblock %}
"""
FIRST_PAGE = """\
{% extends "cardboard/site/board.html.jinja" %}
{% block before %}<p>A word from the lab, {{ here.ranked }} models long.</p>{% endblock %}
"""
LOGO = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path d="M1 1h6v6H1z" fill="#fff"/></svg>
"""


def po(messages: dict[str, str]) -> str:
    """Return a catalogue of *messages*."""
    return "".join(f'msgid "{key}"\nmsgstr "{text}"\n\n' for key, text in messages.items())


def write(root: Path) -> Path:
    """Write the workspace at *root*, with the results of two models; return *root*."""
    (root / "results").mkdir(parents=True)
    write_lm_eval(root / "results" / "run-a", "lab/a", [1.0, 1.0, 0.0, 1.0])
    write_lm_eval(root / "results" / "run-b", "lab/b", [1.0, 0.0, 0.0, 1.0])
    for name, text in {
        "board.toml": BOARD,
        "locale/ja.po": po(JAPANESE),
        "templates/card.md.jinja": BLOCK,
        "templates/site/footer.html.jinja": FOOTER,
        "templates/site/board.html.jinja": FIRST_PAGE,
        "pages/en/team.md": TEAM,
        "pages/ja/training.md": TRAINING,
        "assets/logo.svg": LOGO,
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root

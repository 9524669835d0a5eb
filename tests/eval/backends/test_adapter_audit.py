"""What an adapter's folder tells before anything is loaded: its rank, and whose template it has."""

import json
from pathlib import Path

import pytest

from cardboard.eval.backends.adapters import adapter_rank, template_audit
from cardboard.eval.engine import Template

OWN = Template(text="{{ messages }}", source="tokenizer")


@pytest.mark.parametrize(
    ("brought", "own", "verdict"),
    [
        (None, OWN, "none"),
        (None, None, "none"),
        ("{{ messages }}", OWN, "same"),
        ("{{ messages }} ", OWN, "different"),
        ("{{ messages }}", None, "different"),
    ],
)
def test_an_adapters_template_is_compared_with_that_of_its_model(
    tmp_path: Path, brought: str | None, own: Template | None, verdict: str
) -> None:
    if brought is not None:
        (tmp_path / "chat_template.jinja").write_text(brought)
    assert template_audit(str(tmp_path), own) == verdict


@pytest.mark.parametrize(
    ("config", "rank"),
    [
        ({"r": 16}, 16),
        ({"r": 16, "rank_pattern": {"q_proj": 64, "v_proj": 4}}, 64),
        ({"lora_alpha": 8}, None),
        ({"r": "many"}, None),
        ("not JSON", None),
        (None, None),
    ],
)
def test_an_adapters_rank_is_its_highest(tmp_path: Path, config: object, rank: int | None) -> None:
    if config is not None:
        text = config if isinstance(config, str) else json.dumps(config)
        (tmp_path / "adapter_config.json").write_text(text)
    assert adapter_rank(str(tmp_path)) == rank

"""`cardboard try` on real weights: asked over its page's own way, judged, and added to a board."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from huggingface_hub.utils import httpx  # type: ignore[attr-defined]  # exported on demand

from cardboard.cli import main

from ..smol import FILE, smol

pytestmark = pytest.mark.engines

SETTINGS = {"temperature": 0, "top_p": 1, "max_tokens": 32, "turns": 4, "system": "", "seed": 0}
BOARD = """[board]
title = { en = "Home", ko = "집" }

[[suites]]
name = "home-mini"
version = "1"
kind = "home"
"""
LONG = (
    "Count from 1 to 2000.",
    "Write a long story.",
    "List all animals that you know.",
)
"""Which of these a small model answers at length differs from processor to processor."""


def stops(client: httpx.Client, conversation: str) -> bool:
    """Stop an answer at its first piece; say whether it was still being written."""
    for text in LONG:
        body = {"conversation": conversation, "settings": {**SETTINGS, "max_tokens": 400}}
        events: list[Any] = []
        with client.stream("POST", "/api/ask", json={**body, "text": text}) as response:
            for one in map(json.loads, response.iter_lines()):
                if one["event"] == "text" and events[-1]["event"] != "text":
                    client.post("/api/stop", json={"conversation": conversation})
                events.append(one)
        [answer] = [one for one in events if one["event"] == "answer"]
        if answer["figures"]["finish"] == "stopped":
            assert answer["text"], "what was said until then is kept"
            return True
    return False


def test_a_real_model_is_asked_stopped_judged_and_added(tmp_path: Path) -> None:
    (tmp_path / "board.toml").write_text(BOARD, encoding="utf-8")
    words = [
        "-C",
        tmp_path,
        "try",
        smol(),
        "--port",
        "0",
        "--window",
        "512",
        "--set",
        "n_threads=1",
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "cardboard", *map(str, words)],
        stdout=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    )
    assert process.stdout is not None
    try:
        line = next(line for line in process.stdout if line.startswith("Open "))
        url = re.search(r"http://\S+/", line)[0]  # type: ignore[index]  # else it fails
        headers = {"Origin": url.rstrip("/"), "Content-Type": "application/json"}
        with httpx.Client(base_url=url, headers=headers, timeout=300) as client:

            def post(path: str, **told: Any) -> Any:
                return client.post(f"/api/{path}", json=told).json()

            name = post("open", language="en")["conversation"]
            events: list[Any] = []
            asked = {"conversation": name, "settings": SETTINGS}
            body = {**asked, "text": "What is the capital of France? One word."}
            with client.stream("POST", "/api/ask", json=body) as response:
                events += [json.loads(one) for one in response.iter_lines()]
            whole = next(one for one in events if one["event"] == "answer")
            assert "Paris" in whole["text"]
            pieces = [one["piece"] for one in events if one["event"] == "text"]
            assert "".join(pieces) == whole["text"]
            figures = whole["figures"]
            assert figures["tokens"] == pytest.approx(len(pieces), abs=2)
            assert figures["first"] > 0 < figures["speed"]
            prompt = post("prompt", conversation=name, answer=whole["answer"])["prompt"]
            assert prompt.startswith("<|im_start|>")
            assert "What is the capital of France? One word.<|im_end|>" in prompt

            assert stops(client, name), "no answer was long enough to be stopped"
            judged = {"conversation": name, "accepted": True, "note": ""}
            assert post("judge", answer=whole["answer"], **judged)["judged"]["accepted"] == 1
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 0
    [log] = (tmp_path / "home").glob("*.jsonl")
    done = CliRunner().invoke(main, ["-C", str(tmp_path), "add", "--adopt", str(log)])
    assert done.exit_code == 0, done.output
    [path] = (tmp_path / "results").glob("*.json")
    result = json.loads(path.read_text(encoding="utf-8"))
    assert result["model"]["file"]["name"] == FILE
    assert result["model"]["quantisation"] == "Q4_1"
    assert result["prompts"]["template_status"] == "chat_template"
    assert result["metrics"]["accepted_pct"]["value"] == 100.0

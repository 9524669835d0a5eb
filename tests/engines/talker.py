"""A suite of a few short steps, and a tiny model that has learnt to answer most of them."""

import json
from pathlib import Path
from typing import Any

from cardboard.tests.tiny import a_model, a_tokenizer

STEPS = {
    "files": ("ls", "cat a.txt", "wc a.txt"),
    "text": ("sort b", "uniq b", "head b"),
    "disk": ("df", "du -s", "pwd"),
    "time": ("date", "cal", "uptime"),
}
"""What each task's references type, step by step."""

UNLEARNT = ("time", "disk")
"""Tasks of which the model learns only the first step."""

MAX_TOKENS = 64


def answer(command: str) -> str:
    """Return the answer that types *command*."""
    return json.dumps({"commands": [{"keystrokes": f"{command}\n"}]})


def a_suite(path: Path) -> Path:
    """Write the suite to *path*, and return that."""
    path.write_text("".join(f"{json.dumps(row)}\n" for row in _rows()), encoding="utf-8")
    return path


def _rows() -> list[dict[str, Any]]:
    rows = []
    for task, commands in STEPS.items():
        turns = [{"role": "user", "content": f"Do {task}."}]
        for number, command in enumerate(commands):
            rows.append(
                {
                    "task_id": task,
                    "step_idx": number,
                    "total_steps": len(commands),
                    "is_final_step": number == len(commands) - 1,
                    "source_group": "short",
                    "messages": list(turns),
                    "ref_raw": answer(command),
                    "ref_task_complete": False,
                    "ref_commands": [{"keystrokes": f"{command}\n"}],
                    "ref_command_units": [command],
                }
            )
            turns += [
                {"role": "assistant", "content": answer(command)},
                {"role": "user", "content": f"Screen {number} of {task}."},
            ]
    return rows


def a_talker(folder: Path) -> Path:
    """Save a model that answers what it has learnt into *folder*, and return that.

    It answers in single characters, one token each, so that a text tells its tokens.
    """
    import torch
    import transformers

    torch.set_num_threads(1)  # More only wait for one another over so small a model.
    a_model(folder, initializer_range=0.05, max_position_embeddings=1024)
    tokenizer = a_tokenizer()
    model = transformers.AutoModelForCausalLM.from_pretrained(folder)
    ids, labels = _examples(tokenizer)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-2, total_steps=120)
    for _ in range(120):
        loss = model(input_ids=ids, labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    assert loss.item() < 0.05, "the model has not learnt its answers"
    model.save_pretrained(folder)
    return folder


def _examples(tokenizer: Any) -> Any:
    """Return prompts with their answers as ids, and the ids that are to be learnt."""
    import torch

    characters = tokenizer.convert_tokens_to_ids
    rows = []
    for row in _rows():
        if row["task_id"] in UNLEARNT and row["step_idx"]:
            continue
        prompt = tokenizer.apply_chat_template(
            row["messages"], add_generation_prompt=True, return_dict=False
        )
        said = [characters("Ġ" if one == " " else one) for one in row["ref_raw"]]
        rows.append((prompt, [*said, tokenizer.eos_token_id]))
    width = max(len(prompt) + len(said) for prompt, said in rows)
    ids, labels = [], []
    for prompt, said in rows:
        rest = width - len(prompt) - len(said)
        ids.append([*prompt, *said, *[tokenizer.pad_token_id] * rest])
        labels.append([*[-100] * len(prompt), *said, *[-100] * rest])
    return torch.tensor(ids), torch.tensor(labels)

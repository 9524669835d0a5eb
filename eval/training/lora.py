"""A LoRA adapter trained on a contract's examples by transformers' `Trainer` and peft."""

import importlib.util
import json
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

import numpy

from ... import __version__
from ..backends.adapters import RECORD, TrainingRecord, read_record
from ..backends.transformers import loader_of, window_of
from ..backends.weights import file_sha256
from ..errors import DeadEngine, MissingExtra, UsageError
from ..records import encode, is_hub_id
from .plan import IGNORED, Batch, Plan, differences

try:
    import peft
    import torch
    import transformers
except ImportError as missing:
    raise MissingExtra(missing.name or "peft", "transformers") from missing

from ..backends.torch_models import loading, working

# Parts of both that have no types.
_hugging: Any = transformers
_peft: Any = peft

WEIGHTS = "adapter_model.safetensors"
_CONFIG = "adapter_config.json"
_TEMPLATE = "chat_template.jinja"
_SEEING = r".*(vision|visual|audio|image|multi_modal)\w*\..*"
"""Layers that no text passes."""
Tell = Callable[[str], None]


class Tokenizer:
    """The tokenizer of a model in transformers, which is what engines use."""

    def __init__(self, model: str, revision: str | None) -> None:
        """Load that of *model*. Raises UsageError where it cannot be loaded."""
        with loading(model):
            self.own = transformers.AutoTokenizer.from_pretrained(model, revision=revision)
            config = transformers.AutoConfig.from_pretrained(model, revision=revision)
        self.window: int | None = window_of(config)
        """Tokens that the model can read."""

    def agrees(self, text: str, ids: Sequence[int]) -> bool:
        """Tell whether *text* has the tokens *ids* there, too."""
        return list(self.own(text, add_special_tokens=False, verbose=False)["input_ids"]) == [*ids]


def train(plan: Plan, folder: Path, *, resume: bool, tell: Tell) -> Path:
    """Train the adapter of *plan* and return *folder*, which holds it and its checkpoints.

    Raises UsageError where the model cannot be loaded or trained so, DeadEngine where memory does
    not suffice.
    """
    if resume:
        _require_same(plan, folder)
    with warnings.catch_warnings():
        # Each library warns of what the other still calls.
        warnings.simplefilter("ignore", FutureWarning)
        return _trained(plan, folder, resume=resume, tell=tell)


def _trained(plan: Plan, folder: Path, *, resume: bool, tell: Tell) -> Path:
    transformers.set_seed(plan.settings.seed)
    model = _adapted(plan)
    arguments = _arguments(plan, folder)
    noted = _Noted(plan, folder, model, tell)
    trainer = transformers.Trainer(
        model=model,
        args=arguments,
        train_dataset=plan.batches,
        data_collator=_collated,
        callbacks=[noted],
    )
    trainer.remove_callback(transformers.PrinterCallback)
    with working():
        trainer.train(resume_from_checkpoint=resume or None)
    trainer.save_model(str(folder))
    noted.finish(folder, trainer.state)
    return folder


def _require_same(plan: Plan, folder: Path) -> None:
    """Raise UsageError where the last checkpoint in *folder* is of another training."""
    last = _hugging.trainer_utils.get_last_checkpoint(str(folder))
    record = read_record(Path(last, RECORD)) if last else None
    if record is None:
        raise UsageError(
            "the last checkpoint has no record of its training that can be read",
            file=str(folder),
            key="--resume",
            remedy="Take it away to go on from the one before.",
        )
    was = record.training
    now = plan.told(targets=was.targets, dtype=was.dtype, epochs=0, steps=0, loss=None, versions={})
    if differing := differences(was, now):
        raise UsageError(
            f"was begun with other settings: {', '.join(differing)}",
            file=str(folder),
            key="--resume",
            remedy="Give the same data and settings, or train into another folder.",
        )


def _adapted(plan: Plan) -> Any:
    settings = plan.settings
    more: dict[str, Any] = {}
    if settings.four_bit:
        _require_four_bit()
        more["quantization_config"] = _hugging.BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.bfloat16,
        )
    if torch.cuda.is_available():
        more["device_map"] = {"": 0}
    with loading(plan.base.model):
        kind = loader_of(plan.base.model, plan.base.revision)
        model: Any = kind.from_pretrained(
            plan.base.model, revision=plan.base.revision, dtype=settings.dtype or "auto", **more
        )
    model.config.use_cache = False
    if settings.four_bit:
        model = _peft.prepare_model_for_kbit_training(
            model, use_gradient_checkpointing=settings.checkpointing
        )
    elif settings.checkpointing:
        model.enable_input_require_grads()
    sees = kind is transformers.AutoModelForImageTextToText
    config = peft.LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=list(settings.targets) or "all-linear",
        exclude_modules=_SEEING if sees else None,
        task_type="CAUSAL_LM",
    )
    try:
        return peft.get_peft_model(model, config)
    except ValueError as error:
        targets = ", ".join(settings.targets) or "all-linear"
        raise UsageError(
            f"has no such layers: {error}", file=plan.base.name, key=targets
        ) from error


def _require_four_bit() -> None:
    if not torch.cuda.is_available() or importlib.util.find_spec("bitsandbytes") is None:
        raise UsageError(
            "4-bit training needs a CUDA GPU and the package bitsandbytes",
            key="--four-bit",
            remedy="Leave --four-bit out: the adapter is then trained over the model as it is.",
        )


def _arguments(plan: Plan, folder: Path) -> Any:
    settings = plan.settings
    more: dict[str, Any] = {"save_strategy": "epoch"}
    if settings.save_steps is not None:
        more = {"save_strategy": "steps", "save_steps": settings.save_steps}
    if settings.checkpointing:
        more["gradient_checkpointing"] = True
    arguments = transformers.TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=settings.epochs,
        per_device_train_batch_size=settings.batch_size,
        gradient_accumulation_steps=settings.accumulate,
        learning_rate=settings.learning_rate,
        lr_scheduler_type=settings.schedule,
        seed=settings.seed,
        data_seed=settings.seed,
        bf16=torch.cuda.is_available() and torch.cuda.is_bf16_supported(),
        dataloader_pin_memory=torch.cuda.is_available(),
        logging_steps=settings.log_steps,
        logging_nan_inf_filter=False,
        report_to="none",
        disable_tqdm=True,
        remove_unused_columns=False,
        **more,
    )
    arguments._n_gpu = min(arguments.n_gpu, 1)  # several would each see a part of a batch
    return arguments


def _targets(model: Any) -> tuple[str, ...]:
    """Return the names of the layers that were adapted, whatever block they are in."""
    named = (name for name, module in model.named_modules() if hasattr(module, "lora_A"))
    return tuple(sorted({name.rpartition(".")[2] for name in named}))


def _collated(batch: Sequence[Batch]) -> dict[str, Any]:
    """Return *batch* as tensors, filled up on the right with what is neither read nor learnt."""
    width = max(len(one.ids) for one in batch)

    def filled(rows: Sequence[Any], filler: int) -> Any:
        padded = [numpy.pad(row, (0, width - len(row)), constant_values=filler) for row in rows]
        return torch.from_numpy(numpy.stack(padded).astype(numpy.int64))

    return {
        "input_ids": filled([one.ids for one in batch], 0),
        "labels": filled([one.labels for one in batch], IGNORED),
        "attention_mask": filled([numpy.ones_like(one.ids) for one in batch], 0),
    }


class _Noted(transformers.TrainerCallback):
    """Tells of each step that is logged, and finishes each folder that is saved."""

    def __init__(self, plan: Plan, folder: Path, model: Any, tell: Tell) -> None:
        self._plan, self._folder, self._tell = plan, folder, tell
        self._targets = _targets(model)
        self._dtype = str(model.get_base_model().dtype).removeprefix("torch.")
        self._loss: float | None = None

    def on_log(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        logs: Mapping[str, float] = more.get("logs") or {}
        if "loss" in logs:
            self._loss = float(logs["loss"])
            if not isfinite(self._loss):
                raise DeadEngine(
                    f"the loss is no number any more after {state.global_step} updates",
                    key="--learning-rate",
                    remedy="Train with a lower one.",
                )
            self._tell(f"step {state.global_step}/{state.max_steps}: loss {self._loss:.4f}")

    def on_save(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        self.finish(self._folder / f"checkpoint-{state.global_step}", state)

    def finish(self, folder: Path, state: Any) -> None:
        """Put template and record beside the adapter in *folder*; the record comes last."""
        # What peft and Trainer write of the base and of this machine is nobody's business.
        for name in ("README.md", "training_args.bin"):
            (folder / name).unlink(missing_ok=True)
        _configure(folder, self._plan)
        (folder / _TEMPLATE).write_text(self._plan.template, encoding="utf-8", newline="")
        record = TrainingRecord(
            adapter_sha256=file_sha256(folder / WEIGHTS),
            training=self._plan.told(
                targets=self._targets,
                dtype=self._dtype,
                epochs=round(float(state.epoch or 0), 4),
                steps=state.global_step,
                loss=self._loss,
                versions=versions(),
            ),
        )
        aside = folder / f".{RECORD}.new"
        aside.write_bytes(encode(record))
        aside.replace(folder / RECORD)


def versions() -> dict[str, str]:
    """Return the libraries that take part."""
    return {
        "cardboard": __version__,
        "peft": peft.__version__,
        "torch": str(torch.__version__),
        "transformers": transformers.__version__,
    }


def _configure(folder: Path, plan: Plan) -> None:
    """Let the adapter name its base as it is published, else by the way from folder to folder."""
    path = folder / _CONFIG
    config = json.loads(path.read_text(encoding="utf-8"))
    base = plan.base.name
    if not is_hub_id(base) and Path(plan.base.model).is_dir():
        base = Path(os.path.relpath(plan.base.model, folder)).as_posix()
    config["base_model_name_or_path"] = base
    config["revision"] = plan.base.revision
    if isinstance(config.get("target_modules"), list):
        config["target_modules"].sort()
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")

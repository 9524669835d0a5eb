"""What is to be trained: the examples of a file that keeps its contract, and how."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from ..audit.sources.engines import taken
from ..audit.sources.sources import Found, Source
from ..errors import UsageError
from ..records import Training, TrainingFile
from ..suites.shapes.files import sha256_of
from .contract import Contract, Example, Terms, contract

IGNORED = -100
"""The label of a token that is not learnt, as torch has it."""
Agrees = Callable[[str, Sequence[int]], bool]


class Settings(Struct, frozen=True, kw_only=True):
    """How an adapter is trained."""

    epochs: float = 1.0
    seed: int = 0
    rank: int = 16
    alpha: int = 32
    dropout: float = 0.0
    targets: tuple[str, ...] = ()
    """Names of layers; none for all that are linear but the last."""
    learning_rate: float = 2e-4
    schedule: str = "linear"
    batch_size: int = 4
    """Conversations at a time."""
    accumulate: int = 1
    """Batches an update."""
    max_length: int
    save_steps: int | None = None
    """Updates from one checkpoint to the next; `None` for each epoch."""
    log_steps: int = 10
    dtype: str | None = None
    four_bit: bool = False
    checkpointing: bool = False
    """Whether activations are computed again to save memory."""


class Batch(Struct, frozen=True):
    """What is learnt from one conversation."""

    ids: NDArray[numpy.int32]
    labels: NDArray[numpy.int32]
    """The ids that are learnt, IGNORED elsewhere."""


class Base(Struct, frozen=True, kw_only=True):
    """The model under the adapter."""

    model: str
    """Hub id or folder."""
    name: str
    """As it may be published."""
    revision: str | None = None
    sha256: str | None = None
    """Of its weights."""
    source: Source


class Plan(Struct, frozen=True, kw_only=True):
    """A training that can begin."""

    base: Base
    template: str
    template_sha256: str
    terms: Terms
    settings: Settings
    file: TrainingFile
    batches: tuple[Batch, ...]
    left_out: Mapping[str, int]

    @property
    def tokens(self) -> int:
        """Return how many tokens there are in all."""
        return sum(len(one.ids) for one in self.batches)

    @property
    def trained_tokens(self) -> int:
        """Return how many of them are learnt."""
        return sum(int((one.labels != IGNORED).sum()) for one in self.batches)

    def told(
        self,
        *,
        targets: tuple[str, ...],
        dtype: str,
        epochs: float,
        steps: int,
        loss: float | None,
        versions: dict[str, str],
    ) -> Training:
        """Return how it was trained, as far as that has been done."""
        settings = self.settings
        return Training(
            base=self.base.name,
            base_revision=self.base.revision,
            base_sha256=self.base.sha256,
            data=(self.file,),
            template_sha256=self.template_sha256,
            rules=self.terms.rules,
            each_answer=self.terms.each,
            examples=len(self.batches),
            left_out={reason: count for reason, count in self.left_out.items() if count},
            tokens=self.tokens,
            trained_tokens=self.trained_tokens,
            method="qlora" if settings.four_bit else "lora",
            rank=settings.rank,
            alpha=settings.alpha,
            dropout=settings.dropout,
            targets=targets,
            epochs=epochs,
            planned_epochs=settings.epochs,
            steps=steps,
            batch_size=settings.batch_size * settings.accumulate,
            learning_rate=settings.learning_rate,
            schedule=settings.schedule,
            seed=settings.seed,
            max_length=settings.max_length,
            dtype=dtype,
            loss=loss,
            versions=versions,
        )


def differences(one: Training, other: Training) -> list[str]:
    """Return in which fields two trainings differ, beside how far they are."""
    done = ("epochs", "steps", "loss", "versions", "dtype", "targets")
    return [
        name
        for name in one.__struct_fields__
        if name not in done and getattr(one, name) != getattr(other, name)
    ]


def with_template(source: Source, text: str, place: str) -> Source:
    """Return *source* with *text* as its only chat template."""
    return replace(source, templates=(Found(text=text, place=place, shelf="files"),))


def prepare(
    file: Path,
    base: Base,
    *,
    served: Source,
    terms: Terms,
    settings: Settings,
    agrees: Agrees,
    limit: int | None = None,
) -> tuple[Contract, Plan | None]:
    """Check *file* and return what was found with the plan; `None` where the contract fails.

    *served* is what answers later, *agrees* tells whether the engines' tokenizer has the same
    tokens. Raises UsageError where there is nothing to render or tokenise with, or to train on.
    """
    template = taken(base.source, tools=False)
    if template is None:
        raise UsageError(
            "has no chat template to train with",
            file=base.name,
            remedy="Give the one that it will be served with: --chat-template FILE.",
        )
    if base.source.tokens.file is None:
        raise UsageError(
            "has no tokenizer.json, so that nobody can tell which tokens are trained",
            file=base.name,
            remedy="Save its tokenizer anew with save_pretrained of transformers.",
        )
    batches: list[Batch] = []
    left_out = Counter[str]()

    def take(example: Example) -> None:
        if not agrees(example.text, example.ids):
            raise UsageError(
                "the tokenizer in transformers makes other tokens of the text than tokenizer.json",
                file=file.name,
                key=f"line {example.line}",
                remedy="Save the tokenizer of the model anew with save_pretrained of transformers.",
            )
        if len(example.ids) > settings.max_length:
            left_out["long"] += 1
        else:
            batches.append(_batch(example))

    found = contract(
        file,
        served,
        trained=base.source,
        terms=replace(terms, derived=True),
        limit=limit,
        take=take,
    )
    if found.broken:
        return found, None
    left_out["unwanted"] = found.unwanted
    if not batches:
        raise UsageError(
            f"holds nothing to train on: {left_out['long']} conversations are longer than "
            f"{settings.max_length} tokens, {left_out['unwanted']} are not wanted",
            file=file.name,
            remedy="Raise --max-length, if the model can read more.",
        )
    told = TrainingFile(
        name=file.name, sha256=sha256_of(file), conversations=len(found.conversations)
    )
    plan = Plan(
        base=base,
        template=template.text,
        template_sha256=template.sha256,
        terms=terms,
        settings=settings,
        file=told,
        batches=tuple(batches),
        left_out=left_out,
    )
    return found, plan


def _batch(example: Example) -> Batch:
    ids = numpy.array(example.ids, dtype=numpy.int32)
    learnt = numpy.zeros(len(ids), dtype=bool)
    learnt[sorted(example.mask)] = True
    return Batch(ids, numpy.where(learnt, ids, IGNORED).astype(numpy.int32))

"""What every backend is: prompts in, answers out as they finish, and an account of itself."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from typing import Any, Literal, Protocol, runtime_checkable

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from .records import Adapter, ModelFile, Said, Seeding, Server, StepTiming

Setting = str | float | bool | None


class Message(Struct, frozen=True, omit_defaults=True):
    """One turn of a conversation."""

    role: str
    content: str
    """Its text."""
    beside: Mapping[str, Any] = {}
    """What else it holds, in the words of the OpenAI API: calls with their arguments as objects, an
    id, thoughts; under `content` the parts, where the content is not one text."""

    @property
    def parts(self) -> Sequence[Mapping[str, Any]]:
        """Return the parts of the content; none where it is one text."""
        parts: Sequence[Mapping[str, Any]] = self.beside.get("content", ())
        return parts


class Sampling(Struct, frozen=True, kw_only=True):
    """The decoding settings, all of them explicit: no engine's default ever applies."""

    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int | None = None
    """`None` asks for no cut; each backend says it in its engine's own way."""
    max_tokens: int = 1024
    seed: int | None = 0
    """Of the run; that of each answer follows from it, see `seed_of`."""
    stop: tuple[str, ...] = ()

    @property
    def greedy(self) -> bool:
        """Tell whether nothing is left to chance."""
        return self.temperature == 0


_TRIAL = re.compile(r"(.*)#(\d+)", re.DOTALL)


def seed_of(sampling: Sampling, key: str, trial: int = 0) -> int | None:
    """Return the seed of an answer to the prompt *key*, which may name its trial.

    It depends on nothing but the run's seed, the step and the trial, and so not on what is asked
    beside it, before it or in which session: the first 31 bits, which every engine takes, of the
    SHA-256 of `SEED KEY TRIAL`. A greedy answer depends on no seed; there it is the run's own.
    """
    if sampling.seed is None or sampling.greedy:
        return sampling.seed
    found = _TRIAL.fullmatch(key)
    key, trial = (found[1], int(found[2])) if found else (key, trial)
    digest = hashlib.sha256(f"{sampling.seed} {key} {trial}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


class Options(Struct, frozen=True, kw_only=True):
    """What a backend is opened with."""

    model: str
    """Hub id, folder or file; for a server the name that it serves the model under."""
    revision: str | None = None
    adapter: str | None = None
    adapters: tuple[str, ...] = ()
    """All that will have their turn; an engine that must keep room for them knows how much."""
    base_url: str | None = None
    api_key_variable: str = "OPENAI_API_KEY"
    """Name of the environment variable that holds the key; the key itself is never stored."""
    dtype: str | None = None
    max_model_len: int | None = None
    batch_size: int = 8
    concurrency: int = 8
    timeout: float = 1800.0
    """Seconds that a step may take, all its calls and the waits between them included."""
    tensor_parallel: int = 1
    pipeline_parallel: int = 1
    template_kwargs: Mapping[str, Setting] = {}
    """For the chat template, where a server renders it; engines that take tokens need none."""
    stream: bool = False
    """Let a server send answers piece by piece, so that the first token's time is seen."""
    extra: Mapping[str, Setting] = {}
    """Further settings by the engine's own names; recorded as given."""


class Prompt(Struct, frozen=True, kw_only=True):
    """One step to be answered."""

    key: str
    """`task-000/3`, or `task-000.1/3` where a task has several samples; in an episode with the
    number of its turn, `task-000/0/3`, and in a further trial with its number, `task-000/3#1`."""
    messages: tuple[Message, ...]
    token_ids: tuple[int, ...] | None = None
    """The rendered and tokenised prompt, for backends that take tokens."""
    tools: tuple[Mapping[str, Any], ...] | UnsetType = UNSET
    """What the model may call; not there where it may call nothing."""
    step: str | UnsetType = UNSET
    """The key of its row; not there where that is the prompt's own."""


class Feed(Sized, Iterable[Prompt | None], Protocol):
    """Prompts of which some follow from answers to others; `None` where there is none just now."""


class Answer(Struct, frozen=True, kw_only=True):
    """What came back for one prompt; a call that failed has an error and no text."""

    key: str
    text: str | None
    finish_reason: str | None = None
    """`stop`, `length` or another word, as the engine said."""
    said: Said | None = None
    """What came beside the text."""
    seconds: float | None = None
    """From the call to the whole answer."""
    timing: StepTiming | None = None
    prompt_tokens: int | None = None
    output_tokens: int | None = None
    first_token_ids: tuple[int, ...] | None = None
    """The first 8 ids of the prompt, where the engine tells them."""
    model: str | None = None
    """The model as a server's reply names it."""
    system_fingerprint: str | None = None
    """What else the reply tells of what answered."""
    error: str | None = None


LATE = "no answer within"
"""How the error of a step begins that ran out of time."""


def late(key: str, seconds: float) -> Answer:
    """Return what comes of a step that had no answer in the *seconds* that it may take."""
    return Answer(key=key, text=None, error=f"{LATE} {seconds:g} s")


class Template(Struct, frozen=True, kw_only=True):
    """The chat template that the prompts go through."""

    text: str
    source: Literal["tokenizer", "chat_template.jinja", "processor", "gguf", "server", "given"]
    special_tokens: Mapping[str, str] = {}
    """`bos_token`, `eos_token` ... as the template may name them."""
    with_tools: str | None = None
    """The text of the one that takes its place where tools are offered, if there is one."""

    def where(self, *, tools: bool) -> "Template":
        """Return the template by which conversations are rendered, with or without *tools*."""
        if not tools or self.with_tools is None:
            return self
        return replace(self, text=self.with_tools, with_tools=None)


class Encoder(Protocol):
    """Text to token ids, exactly as the engine's own tokenizer does it."""

    bos_token_id: int | None
    special_tokens: Mapping[str, str]
    """`bos_token`, `eos_token` ... for a template that is not the model's own."""

    def encode(self, text: str) -> list[int]:
        """Return the ids of *text*, special tokens read as such and none added."""

    def encode_all(self, texts: Sequence[str]) -> list[list[int]]:
        """Return what `encode` returns of each of *texts*, which may be quicker than one by one."""


class Account(Struct, frozen=True, kw_only=True):
    """What a backend says of itself, for the result file."""

    backend: str
    versions: Mapping[str, str]
    """Packages or servers that take part, by name."""
    revision: str | None = None
    adapter: Adapter | None = None
    """The adapter in use, with what loading it told; its id is never a path."""
    file: ModelFile | None = None
    """The one file that the model is."""
    server: Server | None = None
    quantisation: str | None = None
    dtype: str | None = None
    max_model_len: int | None = None
    load_seconds: float | None = None
    batch_size: int | None = None
    """Prompts that are computed at a time, or calls that are made to a server."""
    seeding: Seeding | None = None
    """What becomes of the seed of an answer; `None` where there is no chance in any."""
    attention: str | None = None
    """The kernel that computes attention, as the engine names it."""
    extra: Mapping[str, Setting] = {}


class Backend(Protocol):
    """An engine with a model loaded."""

    takes: Literal["tokens", "messages"]
    """Whether prompts are rendered and tokenised here, or by the engine from messages."""
    account: Account
    template: Template | None
    """`None` where there is none, or where a server does not tell: status `unknown (remote)`."""
    encoder: Encoder | None
    """Given by every backend that takes tokens."""

    def answers(self, prompts: Sequence[Prompt], sampling: Sampling) -> Iterator[Answer]:
        """Yield one answer for each prompt, in the order in which they finish.

        A call that fails yields an answer with `error`. Raises `DeadEngine` when no further answer
        can be had.
        """

    def close(self) -> None:
        """Give back memory, processes and connections; may be called twice."""


@runtime_checkable
class Fed(Backend, Protocol):
    """A backend whose `answers` takes a `Feed`, too, and looks for more of it while it answers."""

    in_flight: int
    """Prompts that it answers at a time."""


@runtime_checkable
class Gauged(Backend, Protocol):
    """A backend that computes in another process, and knows what that one uses."""

    def peak_memory(self) -> int | None:
        """Return the most bytes that the other process has used so far."""


Heard = Callable[[Literal["text", "thought"], str], None]
"""Takes the next piece of an answer, or of what the model thinks before it."""

STOPPED = "stopped"
"""Why an answer ended that somebody stopped."""


@runtime_checkable
class Talker(Backend, Protocol):
    """A backend that tells an answer while it comes, for somebody who waits for it."""

    def talk(
        self, prompt: Prompt, sampling: Sampling, heard: Heard, stopped: Callable[[], bool]
    ) -> Answer:
        """Return one answer, every piece of which was *heard* before; nothing is tried twice.

        *stopped* is asked again and again from the caller's own thread: once it is true, the
        answer ends with what there is. The seed is that of *sampling*, whatever the step. Raises
        DeadEngine where nobody is there to answer.
        """

    def sent(self, sampling: Sampling) -> Mapping[str, Any]:
        """Return the settings as the engine is given them, by its own names."""

    def rendered(self, prompt: Prompt) -> str | None:
        """Return the text that the model reads; `None` where the engine does not tell."""


@runtime_checkable
class Adaptable(Backend, Protocol):
    """A backend that answers through one adapter after another while the model stays loaded."""

    def use(self, adapter: str | None) -> None:
        """Answer through *adapter*, a Hub id or folder, from now on; `None` is the model alone.

        `account` and `template` are those of the adapter afterwards. Raises `UsageError` where
        there is no such adapter or it does not fit the model.
        """


_SURROGATE = re.compile("[\ud800-\udfff]")


def well_formed(text: str) -> str:
    """Join surrogate pairs in *text* and replace single surrogates, so that UTF-8 can hold it."""
    if text.isascii() or not _SURROGATE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

"""How far a file's token probabilities are from a reference's, asked of llama.cpp's own server."""

import hashlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from pathlib import PurePosixPath
from statistics import median
from typing import Any, NamedTuple

import msgspec
from huggingface_hub.utils import httpx  # type: ignore[attr-defined]  # exported on demand

from ...errors import DeadEngine, UsageError
from ...records import Machine, ModelFile
from ..weights import file_sha256
from .figures import Distance, Estimate, FileFigures, Near
from .files import gguf_of
from .server import LlamaServer

PROBABILITIES = 100
"""Tokens that are seen at a position, unless somebody asks for another number."""
MOST_PROBABILITIES = 10_000
WINDOW = 2048
"""Tokens; the longest passage has fewer."""

_MOST_REPLY = 16 << 20
_WHOLE = "a"
_SURE = 1000.0


class Tokens(NamedTuple):
    """A passage as one file's tokenizer has it."""

    language: str
    ids: tuple[int, ...]


class Seen(NamedTuple):
    """What is seen of the probabilities at one position, the most probable token first."""

    logprobs: Mapping[int, float]

    @property
    def top(self) -> int:
        """Return the most probable token."""
        return max(self.logprobs, key=lambda token: (self.logprobs[token], -token))


class Read(NamedTuple):
    """One file, with what it finds probable at every position of every passage."""

    file: ModelFile
    type: str | None
    build: str | None
    peak: int | None
    passages: tuple[Tokens, ...]
    seen: tuple[tuple[Seen, ...], ...]


Tell = Callable[[str, int, int], None]
"""The file's name, positions done, and all of them."""


@cache
def passages() -> tuple[tuple[str, str], ...]:
    """Return the passages of the fixed text, each with its language."""
    data = files(__package__).joinpath("passages.toml").read_bytes()
    told = msgspec.toml.decode(data, type=dict[str, list[str]])
    return tuple((language, one) for language, found in told.items() for one in found)


def text_sha256(limit: int | None) -> str:
    """Return the identity of what is read: the passages, and how much of each."""
    told = [f"{language}\n{text}" for language, text in passages()]
    return hashlib.sha256("\n\n".join([*told, str(limit or "")]).encode()).hexdigest()


def read(
    where: str,
    *,
    probabilities: int = PROBABILITIES,
    limit: int | None = None,
    threads: int | None = None,
    passages_of: Sequence[Tokens] | None = None,
    tell: Tell = lambda name, done, of: None,
) -> Read:
    """Return what the file at *where* finds probable: a path, a name on the Hub, or a server.

    A server is one of llama.cpp, given by its address. Of each passage the first *limit* tokens are
    read, each as the next after those before. *passages_of* are those of the reference: raises
    UsageError where this file has other tokens, or where the server does not tell probabilities;
    DeadEngine where it breaks down.
    """
    if where.startswith(("http://", "https://")):
        with httpx.Client(base_url=where.rstrip("/").removesuffix("/v1"), timeout=600) as client:
            props = _asked(client, "GET", "/props", None, where)
            path = props.get("model_path")
            name = PurePosixPath(path).name if isinstance(path, str) else None
            build = props.get("build_info")
            file, kind = ModelFile(name=name), None
            found = _walked(client, file.name or where, probabilities, limit, passages_of, tell)
            return Read(file, kind, build if isinstance(build, str) else None, None, *found)
    gguf = gguf_of(where, None)
    settings = {} if threads is None else {"n_threads": threads}
    name = gguf.path.name
    with _serving(LlamaServer(gguf, name=name, window=WINDOW, settings=settings)) as server:
        with httpx.Client(base_url=server.address, timeout=600) as client:
            try:
                found = _walked(client, name, probabilities, limit, passages_of, tell)
            except DeadEngine as error:
                if ended := server.ended():
                    raise DeadEngine(f"llama.cpp ended: {ended}", file=name) from error
                raise
        record = gguf.record(file_sha256(gguf.path))
        return Read(record, gguf.kind, f"xllamacpp {server.version}", server.peak_memory(), *found)


@contextmanager
def _serving(server: LlamaServer) -> Iterator[LlamaServer]:
    try:
        yield server
    finally:
        server.close()


def _walked(
    client: Any,
    name: str,
    probabilities: int,
    limit: int | None,
    wanted: Sequence[Tokens] | None,
    tell: Tell,
) -> tuple[tuple[Tokens, ...], tuple[tuple[Seen, ...], ...]]:
    """Return the passages in tokens, and what is seen after each token."""
    told = tuple(
        Tokens(language, _tokens(client, text, name)[:limit]) for language, text in passages()
    )
    if wanted is not None and tuple(wanted) != told:
        raise UsageError(
            "has other tokens than the reference, so nothing can be compared",
            file=name,
            remedy="Name files of one model.",
        )
    whole = _tokens(client, _WHOLE, name, special=False)[-1:]
    of = sum(len(one.ids) for one in told)
    done, seen = 0, []
    for passage in told:
        here = []
        for at in range(1, len(passage.ids) + 1):
            here.append(_seen(client, passage.ids[:at], whole, probabilities, name))
            done += 1
            tell(name, done, of)
        seen.append(tuple(here))
    return told, tuple(seen)


def _tokens(client: Any, text: str, name: str, *, special: bool = True) -> tuple[int, ...]:
    asked = {"content": text, "add_special": special, "parse_special": False}
    found = _asked(client, "POST", "/tokenize", asked, name).get("tokens")
    if not isinstance(found, list) or not all(isinstance(one, int) for one in found):
        raise _silent(name)
    return tuple(found)


def _seen(
    client: Any, ids: Sequence[int], whole: Sequence[int], probabilities: int, name: str
) -> Seen:
    """Ask for one token after *ids*, of which all but the last are in the server's cache.

    It is made to take one of *whole*, since it tells nothing of a token that is part of a letter;
    what it tells are the probabilities before that.
    """
    asked = {
        "prompt": list(ids),
        "n_predict": 1,
        "n_probs": probabilities,
        "temperature": 0.0,
        "cache_prompt": True,
        "post_sampling_probs": False,
        "logit_bias": [[token, _SURE] for token in whole],
        # The text would be there, too, and need not end with a letter.
        "response_fields": ["completion_probabilities"],
    }
    told = _asked(client, "POST", "/completion", asked, name).get("completion_probabilities")
    first = told[0] if isinstance(told, list) and told and isinstance(told[0], dict) else {}
    found = first.get("top_logprobs")
    known: dict[int, float] = {}
    for one in found if isinstance(found, list) else ():
        token, logprob = (one.get("id"), one.get("logprob")) if isinstance(one, dict) else (0, 0)
        if isinstance(token, int) and isinstance(logprob, (int, float)) and logprob <= 1e-6:
            known[token] = min(float(logprob), 0.0)
    if not known:
        raise _silent(name)
    return Seen(known)


def _asked(client: Any, method: str, path: str, body: object, name: str) -> dict[str, Any]:
    try:
        reply = client.request(method, path, json=body)
    except httpx.HTTPError as error:
        raise DeadEngine(f"does not answer: {type(error).__name__}", file=name) from error
    if reply.status_code != 200 or len(reply.content) > _MOST_REPLY:
        raise UsageError(
            f"answers {path} with status {reply.status_code}",
            file=name,
            remedy="Name a GGUF file, or the address of a server of llama.cpp.",
        )
    try:
        found = msgspec.json.decode(reply.content)
    except (msgspec.DecodeError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise _silent(name)
    return found


def _silent(name: str) -> UsageError:
    return UsageError(
        "does not tell tokens with their probabilities",
        file=name,
        remedy="Name a GGUF file, or the address of a server of llama.cpp.",
    )


# --- from what is seen to figures -----------------------------------------------------------------


def divergence(reference: Seen, other: Seen) -> float:
    """Return a lower bound of the divergence of *other* from *reference* at a position, in nats.

    Kullback-Leibler over the tokens that both show and all others taken together: what is put
    together can only bring two distributions nearer (Cover and Thomas, Elements of Information
    Theory, 2nd edition, theorem 2.7.1, the log sum inequality).
    """
    both = reference.logprobs.keys() & other.logprobs.keys()
    found = rest = left = 0.0
    for token in sorted(both):
        p, q = reference.logprobs[token], other.logprobs[token]
        found += math.exp(p) * (p - q)
        rest += math.exp(p)
        left += math.exp(q)
    others, left = 1.0 - rest, 1.0 - left
    # Below this nothing is left but what the figures were rounded to.
    if others > 1e-9:
        found += others * math.log(others / max(left, 1e-9))
    return max(found, 0.0)


def compared(reference: Read, other: Read, *, probabilities: int, limit: int | None) -> FileFigures:
    """Return how far *other* is from *reference*; standard errors are clustered by passage."""
    pairs = [
        [(divergence(p, q), p.top == q.top) for p, q in zip(ours, theirs, strict=True)]
        for ours, theirs in zip(reference.seen, other.seen, strict=True)
    ]
    languages = dict.fromkeys(one.language for one in reference.passages)
    by_language = {
        language: [
            pairs[at] for at, one in enumerate(reference.passages) if one.language == language
        ]
        for language in languages
    }
    near = _near(pairs)
    every = sorted(value for passage in pairs for value, _ in passage)
    distance = Distance(
        reference=reference.file,
        divergence=near.divergence,
        same_top=near.same_top,
        lower_bound=True,
        median=round(median(every), 6),
        high=round(every[math.ceil(0.99 * len(every)) - 1], 6),
        positions=near.positions,
        probabilities=probabilities,
        text_sha256=text_sha256(limit),
        languages={language: _near(found) for language, found in by_language.items()},
    )
    return FileFigures(
        program="cardboard",
        build=other.build,
        file=other.file,
        type=other.type,
        machine=Machine(peak_memory_bytes=other.peak),
        distance=distance,
    )


def _near(passages_: Sequence[Sequence[tuple[float, bool]]]) -> Near:
    positions = sum(map(len, passages_))
    return Near(
        positions=positions,
        divergence=_clustered([[value for value, _ in one] for one in passages_]),
        same_top=_clustered([[float(same) for _, same in one] for one in passages_]),
    )


def _clustered(groups: Sequence[Sequence[float]]) -> Estimate:
    """Return the mean over all values with its standard error, clustered by group.

    Miller 2024, arXiv 2411.00640, section 2.2, with the correction for few groups.
    """
    n, count = sum(map(len, groups)), len(groups)
    mean = math.fsum(value for one in groups for value in one) / n
    if count < 2:
        return Estimate(value=round(mean, 6))
    spread = math.fsum(math.fsum(value - mean for value in one) ** 2 for one in groups)
    error = math.sqrt(spread * count / (count - 1)) / n
    return Estimate(value=round(mean, 6), error=round(error, 6))

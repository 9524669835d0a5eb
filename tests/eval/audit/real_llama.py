"""Chat templates rendered by a real llama.cpp, over a model of one layer of zeros."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SIZE = 8
BYTES = [*range(33, 127), *range(161, 173), *range(174, 256)]


def a_model(path: Path) -> Path:
    """Write a GGUF file that a server loads in a moment: all its weights are zero."""
    import gguf
    import numpy

    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(256)
    writer.add_embedding_length(SIZE)
    writer.add_block_count(1)
    writer.add_feed_forward_length(SIZE)
    writer.add_head_count(1)
    writer.add_head_count_kv(1)
    writer.add_rope_dimension_count(SIZE)
    writer.add_layer_norm_rms_eps(1e-5)
    others = [byte for byte in range(256) if byte not in BYTES]
    letters = [chr(byte) for byte in BYTES] + [chr(256 + place) for place in range(len(others))]
    tokens = [*letters, "<s>", "</s>"]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([1] * len(letters) + [3, 3])
    writer.add_token_merges(["a b"])
    writer.add_bos_token_id(256)
    writer.add_eos_token_id(257)
    writer.add_add_bos_token(False)
    writer.add_vocab_size(len(tokens))
    shapes: dict[str, tuple[int, ...]] = {
        "token_embd": (len(tokens), SIZE),
        "output_norm": (SIZE,),
        **{f"blk.0.{name}_norm": (SIZE,) for name in ("attn", "ffn")},
        **{f"blk.0.{name}": (SIZE, SIZE) for name in ("attn_q", "attn_k", "attn_v", "attn_output")},
        **{f"blk.0.ffn_{name}": (SIZE, SIZE) for name in ("gate", "up", "down")},
    }
    for name, shape in shapes.items():
        writer.add_tensor(f"{name}.weight", numpy.zeros(shape, dtype="float32"))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


class Llama:
    """A process with llama.cpp in it: a template that makes it stop takes nobody with it."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def renders(self, template: str, bodies: Sequence[Any]) -> list[str | None] | None:
        """Return the prompt of each body; `None` for one that is refused, or all if none loads."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps([template, list(bodies)]) + "\n")
        self._process.stdin.flush()
        found: list[str | None] | None = json.loads(self._process.stdout.readline())
        return found


@contextmanager
def llama(model: Path) -> Iterator[Llama]:
    """Start llama.cpp with *model*."""
    # Its own words go to standard output, so what we are told comes by another way.
    reader, writer = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", __name__, str(model), str(writer)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=[writer],
        text=True,
    )
    os.close(writer)
    process.stdout = os.fdopen(reader, encoding="utf-8")
    try:
        yield Llama(process)
    finally:
        process.kill()
        process.communicate()


def main(model: str, told: int) -> None:
    """Answer each line of standard input with a line to the file descriptor *told*."""
    import xllamacpp

    answers = os.fdopen(told, "w", encoding="utf-8")
    for line in sys.stdin:
        template, bodies = json.loads(line)
        parameters = xllamacpp.CommonParams()
        parameters.model.path = model
        parameters.n_ctx = 64
        parameters.n_parallel = 1
        parameters.cpuparams.n_threads = 1
        parameters.n_threads_http = 1
        parameters.warmup = False
        parameters.fit_params = False
        parameters.hostnames = ["127.0.0.1"]
        parameters.port = 0
        parameters.use_jinja = True
        parameters.chat_template = template
        try:
            server = xllamacpp.Server(parameters)
        except RuntimeError:
            found = None
        else:
            found = [_applied(server.listening_address, body) for body in bodies]
            del server
        print(json.dumps(found), file=answers, flush=True)


def _applied(address: str, body: Any) -> str | None:
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(
        f"{address}/apply-template", data=json.dumps(body).encode(), headers=headers
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            prompt: str = json.loads(reply.read())["prompt"]
            return prompt
    except urllib.error.HTTPError:
        return None


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

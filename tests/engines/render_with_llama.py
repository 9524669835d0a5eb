"""What llama-cpp-python makes of conversations: python render_with_llama.py FILE < jobs.json."""

import json
import sys
from typing import Any

from llama_cpp import Llama
from llama_cpp.llama_chat_format import Jinja2ChatFormatter


def main(file: str) -> None:
    """Print a text and its tokens for each job, as the library's own chat handler has them."""
    llama = Llama(file, vocab_only=True, verbose=False)
    eos, bos = llama.token_eos(), llama.token_bos()
    formatter = Jinja2ChatFormatter(
        template=llama.metadata["tokenizer.chat_template"],
        eos_token=llama._model.token_get_text(eos),
        bos_token=llama._model.token_get_text(bos),
        stop_token_ids=[eos],
    )
    told = []
    for job in json.load(sys.stdin):
        prompt = formatter(**job)
        tokens = llama.tokenize(
            prompt.prompt.encode(), add_bos=not prompt.added_special, special=True
        )
        told.append({"text": prompt.prompt, "tokens": _plain(tokens)})
    print(json.dumps(told))


def _plain(tokens: Any) -> list[int]:
    return [int(token) for token in tokens]


if __name__ == "__main__":
    main(sys.argv[1])

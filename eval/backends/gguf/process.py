"""llama.cpp's own server as a program of its own, `python -m` this module, told by JSON.

The first line of standard input holds the settings; the first of standard output says where the
server listens, or why there is none. Each further line is a question for the most memory used so
far. The server ends with its input, and so with whoever started it, however that ends.
"""

import json
import os
import resource
import signal
import sys
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

_KILOBYTES = 1 if sys.platform == "darwin" else 1024


def main() -> None:
    """Serve until nobody is there any more."""
    # Ctrl-C is for whoever started us, who may need an answer yet.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # What llama.cpp prints must not come between our lines.
    told = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    settings = json.loads(sys.stdin.readline())
    try:
        import xllamacpp
    except ImportError as error:  # a library of the system that it is linked with
        print(json.dumps({"missing": str(error)}), file=told, flush=True)
        os._exit(1)
    params = _params(xllamacpp, settings)
    try:
        server = xllamacpp.Server(params)
    except RuntimeError as error:
        print(json.dumps({"error": str(error)}), file=told, flush=True)
        os._exit(1)
    about = {"address": server.listening_address, "version": version("xllamacpp")}
    print(json.dumps(about), file=told, flush=True)
    for _ in sys.stdin:
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KILOBYTES
        print(json.dumps({"peak_memory_bytes": used}), file=told, flush=True)
    os._exit(0)  # an answer in the making is nobody's any more


def _params(xllamacpp: Any, settings: Mapping[str, Any]) -> Any:
    """Return *settings* as llama.cpp takes them: on loopback, on a port that is free, no pages."""
    params = xllamacpp.CommonParams()
    params.model.path = settings["path"]
    params.model_alias = {settings["name"]}
    params.hostnames, params.port = ["127.0.0.1"], 0
    params.cors_origins, params.ui, params.endpoint_slots = "", False, False
    params.warmup, params.verbosity = False, 2
    params.cache_ram_mib = 0  # steps come task by task: what a slot holds is what the next needs
    params.n_ctx = settings["window"] * settings["n_parallel"]
    for name in ("n_parallel", "n_batch", "n_ubatch", "n_gpu_layers"):
        if name in settings:
            setattr(params, name, settings[name])
    guess = settings["speculative"].replace("-", "_").upper()
    guesses = xllamacpp.common_speculative_type
    params.speculative.types = [guesses[f"COMMON_SPECULATIVE_TYPE_{guess}"]]
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = settings["n_threads"]
    return params


if __name__ == "__main__":
    main()

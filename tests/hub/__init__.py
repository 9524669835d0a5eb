"""A small Hub of our own: the server side of what the real `huggingface_hub` client speaks.

It is a real HTTP server on loopback with repos, history, pull requests, tokens and quotas, and
every request can be made to fail. Nothing in it is mocked on the client's side, so what works
against it is what the client really sends. By hand, from a checkout:

    python -m tests.hub --port 8123                     # prints the variables to set
    HF_ENDPOINT=http://127.0.0.1:8123 HF_HUB_DISABLE_XET=1 HF_TOKEN=hf_ana_writes_here \\
        cardboard push --yes
    curl -X POST localhost:8123/_hub/faults -d '{"kind": "commit", "status": 500, "when": "after"}'
    curl localhost:8123/_hub/log

In a test (the fixtures are `hub`, `tiny`, `api` and `hub_process`, see `fixtures.py`):

    pytest_plugins = ("cardboard.tests.hub.fixtures",)

    def test_an_answer_that_is_lost(hub: Hub, api: HfApi) -> None:
        hub.write("acme/tiny", {"README.md": "# Tiny"})
        hub.arm(NAMED["done-but-dropped"], kind="commit")
        ...
        assert [commit.title for commit in hub.history("acme/tiny")] == [...]
        assert hub.log.count("commit", "acme/tiny") == 1

Accounts: Ana writes to the Hub's organisations, and has a read-only and a scopeless token too; Ben
is a member of nothing, so he can only propose pull requests. `NAMED` has every fault by a name;
`Fault` says what each can do; `KINDS` are the kinds of request that can be hit.

Where it is simpler than the Hub: no Xet, no forks or gating requests, licences and languages are
checked for their shape only, and files come straight from `/resolve/` but with `resolve_cache`.
"""

from .accounts import BARE_TOKEN, GUEST_TOKEN, READ_TOKEN_OF_ANA, WRITE_TOKEN
from .client import environment
from .faults import KINDS, NAMED, Fault
from .process import HubProcess
from .server import Hub
from .state import Settings

__all__ = [
    "BARE_TOKEN",
    "GUEST_TOKEN",
    "KINDS",
    "NAMED",
    "READ_TOKEN_OF_ANA",
    "WRITE_TOKEN",
    "Fault",
    "Hub",
    "HubProcess",
    "Settings",
    "environment",
]

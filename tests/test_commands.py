"""Every command of the README and of the documentation works as it is printed."""

import json
import re
import shlex
import shutil
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import current_thread, main_thread
from typing import Any

import huggingface_hub.hf_api
import pytest
from click.testing import CliRunner

from cardboard.cards.tryout import server as tryout_server
from cardboard.cli import main
from cardboard.site.assembly import server
from cardboard.tests.board.read.test_verdicts import BEGUN, judged, log, said
from cardboard.tests.cards.tryout.conftest import speaker
from cardboard.tests.eval.audit.samples import GOOD
from cardboard.tests.eval.audit.shipping import a_folder, a_gguf
from cardboard.tests.eval.speaking import STREAM, Call, Reply, pieces, speaking
from cardboard.tests.eval.speaking import said as spoken
from cardboard.tests.eval.training.test_contract import STRICT
from cardboard.tests.hub import WRITE_TOKEN, Hub, Settings
from cardboard.tests.hub.fixtures import point_client
from cardboard.tests.imports import DATA, write_lm_eval
from cardboard.tests.replays import an_answer
from cardboard.tests.standing import open_backend
from cardboard.tests.test_evaluating import expanded
from cardboard.tests.tiny import a_model, an_adapter

# peft asks transformers for something that transformers is about to rename.
pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")

ROOT = Path(__file__).parents[1]
ENGLISH = (
    "README.md",
    *(f"site/docs/en/{one.name}" for one in sorted((ROOT / "site/docs/en").glob("*.md"))),
)
SHELL = re.compile(r"^```(?:sh|bash)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
FENCED = re.compile(
    r'^```(?P<kind>\w+)(?: title="(?P<title>[^"]+)")?\n(?P<code>.*?)^```$',
    re.DOTALL | re.MULTILINE,
)
EXAMPLE = re.compile(r"^  (?:Example:|   ) (cardboard (?!eval MODEL).*)$", re.MULTILINE)

ELSEWHERE = {
    "eval --plan": "eval/run/test_plan.py",  # in processes of their own
    "shell-live": "engines/test_shell_live.py",  # 80 closed rooms
    "bfcl": "eval/suites/kinds/calls/test_bfcl.py",  # a wheel of others
    "compare-files": "eval/backends/gguf/test_distance.py",  # the engine's own probabilities
    "fetch": "cards/commands/test_store_commands.py",  # a store in the place of results/
    "--watch": "eval/commands/test_watch_command.py",  # goes on until Ctrl-C
    "suite check": "eval/commands/test_suite_commands.py",  # files of every shape
    "record eval/": "eval/commands/test_suite_commands.py",  # 50 tasks anew
    "--propose": "cards/push/test_proposals.py",  # a suite with a data set on the Hub
    "demo": "test_docs.py",
}
"""Commands that need what is not prepared here, and by which tests they are executed."""
OTHERS = ("make", "pip", "vllm", "python", "hf", "harbor", "sudo", "docker")
"""Programs that are not ours."""


def typed(page: str) -> list[str]:
    """Return the lines of a page that are typed."""
    text = (ROOT / page).read_text("utf-8")
    lines = "\n".join(SHELL.findall(text)).replace("\\\n", " ").splitlines()
    lines = [line.partition("  #")[0].rstrip() for line in lines if not line.startswith("#")]
    return [line for line in lines if line] + EXAMPLE.findall(text)


PAGES = {page: lines for page in ENGLISH if (lines := typed(page))}
REFERENCE = "site/docs/en/commands.md"
FIRST_BOARD = "site/docs/en/first-board.md"
"""Executed by `test_docs.py`, as what the README makes of own files is by `test_first_hour.py`."""
FORMATS = "site/docs/en/formats.md"
"""The files that it shows are made up."""


def executed(page: str) -> list[str]:
    """Return the lines of a page that are executed here; the reference repeats those of others."""
    ours = [line for line in PAGES[page] if line.startswith("cardboard ")]
    lines = [line for line in ours if not any(words in line for words in ELSEWHERE)]
    if page == "README.md":
        return [line for line in lines if "my-board" not in line]
    if page == REFERENCE:
        others = {line for other in PAGES if other != REFERENCE for line in PAGES[other]}
        return [line for line in lines if line not in others]
    return lines


@pytest.mark.parametrize("page", PAGES)
def test_the_korean_page_has_the_same_commands(page: str) -> None:
    korean = "README.ko.md" if page == "README.md" else page.replace("/en/", "/ko/")
    assert typed(korean) == PAGES[page]


def test_what_is_executed_elsewhere_is_said_there() -> None:
    every = [line for lines in PAGES.values() for line in lines]
    for words, place in ELSEWHERE.items():
        assert any(words in line for line in every), words
        assert re.split(r"[ /]", words)[0] in (ROOT / "tests" / place).read_text("utf-8"), place


def test_other_programs_are_few() -> None:
    first = {line.split()[0] for lines in PAGES.values() for line in lines}
    assert first == {"cardboard", *OTHERS} | {".ci/run"} & first


@pytest.mark.parametrize(
    "line", sorted({one for lines in PAGES.values() for one in lines if one.startswith("pip ")})
)
def test_what_pip_is_told_to_install_is_there(line: str) -> None:
    extras = re.findall(r"\.\[(\w+)\]", line)
    declared = (ROOT / "pyproject.toml").read_text("utf-8")
    assert all(re.search(rf"^{extra} = \[", declared, re.MULTILINE) for extra in extras)
    assert extras or line in ("pip install .", "pip download --no-deps bfcl_eval")


ORGANISATIONS = (
    *("Qwen", "google", "example-org", "org", "vendor", "LiquidAI", "mylab", "lab"),
    "your-organisation",
)
JUDGED = "2026-11-30-a.jsonl"
MODELS = (
    *("LiquidAI/LFM2-2.6B", "example-org/Model-1B-SFT", "vendor/Base-1B", "org/model", "org/new"),
    *("org/base", "org/model-1epoch", "org/model-2epoch", "your-organisation/Model-1B"),
)
"""Whose results lie in the workspace."""
TALK = [
    {"role": "user", "content": "List the files."},
    {"role": "assistant", "content": an_answer("ls")},
]


def cardboard(*words: str) -> str:
    """Run a command that has to work."""
    done = CliRunner().invoke(main, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def fill(desk: Path) -> None:
    """Write what the pages speak of into the folder *desk*, which is a workspace, too."""
    cardboard("init", str(desk), "--kind", "replay", "--title", "Ours")
    settings = (desk / "board.toml").read_text("utf-8").replace('["en", "ko"]', '["en"]', 1)
    settings = settings.replace(
        '# organisation = "your-hub-organisation"', 'organisation = "example-org"', 1
    )
    (desk / "board.toml").write_text(settings, "utf-8")
    cardboard(
        *("-C", str(desk), "eval", "noisy-oracle", "--noise", "0.3", "--suite", "shell-mini"),
        *("--backend", "scripted"),
    )
    [measured] = (desk / "results").rglob("*.json")
    result = json.loads(measured.read_text("utf-8"))
    measured.unlink()
    for model in MODELS:
        result["model"]["id"] = model
        name = f"{model.replace('/', '__')}.json"
        (desk / "results" / name).write_text(json.dumps(result))
    (desk / "results" / "shell-mini" / "kept.json").write_text(
        json.dumps(result | {"model": {"id": "org/kept"}})
    )
    result["model"]["id"] = "org/added"
    (desk / "result.json").write_text(json.dumps(result))
    (desk / "results" / "gemma.json").write_text(
        json.dumps(result | {"model": {"id": "google/gemma-4-E2B-it"}})
    )
    for name in ("../lm-eval/results", "../runs"):
        (desk / name).mkdir(parents=True)
    shutil.copyfile(desk / "result.json", desk / "../runs/model.json")
    write_lm_eval(desk / "../lm-eval/results/one", "lab/Small-1B", [1.0, 0.0])
    for part in ("00", "01"):
        shard = ("--shard", f"{int(part) + 1}/2", "--output", str(desk / "parts"))
        cardboard("eval", "oracle", "--suite", "shell-mini", "--backend", "scripted", *shard)
        [path] = (desk / "parts").iterdir()
        path.rename(desk / f"run.part{part}.json")
    (desk / "parts").rmdir()
    for model in MODELS[:2]:
        write_lm_eval(desk / "results" / model.replace("/", "__"), model, [1.0, 0.0, 1.0])
    for path in (desk / "results").glob("*/*"):
        path.write_text(path.read_text("utf-8").replace('"arc"', '"gsm8k"'), "utf-8")
        path.rename(path.with_name(path.name.replace("arc", "gsm8k")))
    cardboard("-C", str(desk), "import", "--adopt")
    shutil.copytree(desk, desk / "../as-it-was")
    (desk / "home").mkdir()
    asked = [said(n, f"Q{n}", model=0) for n in range(2)]
    judgements = log(BEGUN, *asked, judged(0, True), judged(1, False))
    (desk / "home" / JUDGED).write_bytes(judgements)
    (desk / "steps.jsonl").write_text(
        '{"suite": "corrected303", "ref_command_units": ["ls"], "pred_command_units": ["ls"]}\n'
    )
    talks = "".join(f"{json.dumps({'task_id': f't{n}', 'messages': TALK})}\n" for n in range(4))
    for name in ("talks.jsonl", "train.jsonl"):
        (desk / name).write_text(talks)
    (desk / "my.json").write_text(json.dumps(TALK))
    write_lm_eval(desk / "lm-eval-results", "lab/Small-1B", [1.0, 0.0])
    shutil.copytree(desk / "lm-eval-results", desk / "path" / "to" / "results")
    for kind in ("F16", "Q8_0", "Q4_K_M"):
        a_gguf(desk / f"model-{kind}.gguf")
    a_gguf(desk / "model.gguf")
    for name in ("bench.jsonl", "kld.log"):
        [found] = (DATA / "llama-cpp").rglob(name)
        shutil.copyfile(found, desk / name)
    a_model(desk / "my-model", "Qwen3Config", template=GOOD)


def publish_models(hub: Hub, folder: Path) -> None:
    """Put the models that the pages name on the Hub."""
    tiny = a_model(folder / "tiny", "Qwen3Config")
    strict = a_model(folder / "strict", template=STRICT)
    adapter = an_adapter(folder / "adapter", tiny, seed=1)
    for name, source in {
        "Qwen/Qwen3-0.6B": tiny,
        "Qwen/Qwen3-8B": tiny,
        "Qwen/Qwen3-32B": tiny,
        "google/gemma-2-2b-it": strict,
        "google/gemma-4-E2B-it": a_folder(folder / "gemma", GOOD),
        "example-org/epoch-1": adapter,
        "example-org/epoch-2": adapter,
    }.items():
        hub.write(
            name, {one.name: one.read_bytes() for one in source.iterdir() if one.suffix != ".md"}
        )
    file = a_gguf(folder / "Qwen3-0.6B-Q8_0.gguf")
    hub.write("Qwen/Qwen3-0.6B-GGUF", {file.name: file.read_bytes()})
    for name in MODELS:
        hub.write(name, {"config.json": b"{}"})


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give a folder with all that the pages speak of, in reach of a Hub and of a server."""
    folder = tmp_path_factory.mktemp("pages")
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        hub = stack.enter_context(Hub(Settings(organisations=ORGANISATIONS)))
        point_client(patch, hub.url, folder / "home")
        patch.setattr(huggingface_hub.hf_api.api, "endpoint", hub.url)  # peft's own look-ups
        patch.setenv("HF_TOKEN", WRITE_TOKEN)
        fill(folder / "all" / "desk")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            publish_models(hub, folder)
        patch.setattr("cardboard.eval.run.loaded.open_backend", open_backend)
        patch.setattr("cardboard.cards.tryout.models.open_backend", open_backend)
        end_at_once(patch)
        yield folder / "all" / "desk"


def end_at_once(patch: pytest.MonkeyPatch) -> None:
    """Let what would go on until Ctrl-C listen on a port that is free; a talk ends by itself."""
    patch.setattr("cardboard.cards.commands.try_command._wait", lambda: None)
    for module in (server, tryout_server):
        patch.setattr(module, "serving", on_a_free_port(module.serving))
    patch.setattr(tryout_server, "EVERYWHERE", "127.0.0.1")
    patch.setattr(tryout_server, "own_address", lambda: "127.0.0.1")


def on_a_free_port(serving: Callable[..., Any]) -> Callable[..., Any]:
    return lambda what, port, **more: serving(what, 0, **more)


def answered(call: Call) -> Reply:
    """Answer a server's call, in pieces where it asks for that."""
    if call.body.get("stream"):
        return Reply(pieces([an_answer("ls")]), headers=STREAM)
    return Reply(spoken(an_answer("ls")))


@pytest.fixture(scope="module")
def places() -> Iterator[dict[str, str]]:
    """Give by the addresses that pages print those of servers which are there."""
    model = speaker("model", ())
    model.chat = answered
    with speaking(model) as one:
        address = one.url.removesuffix("/v1")
        yield {f"http://127.0.0.1:{port}": address for port in (8000, 8080)}


@pytest.mark.parametrize("page", [one for one in PAGES if one != FIRST_BOARD and executed(one)])
def test_the_commands_of_a_page_work_as_printed(
    page: str,
    desk: Path,
    places: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = shutil.copytree(desk.parent, tmp_path / "all") / "desk"
    monkeypatch.chdir(folder)
    files = before(page)
    wrong = []
    for line in executed(page):
        for name, code in files.pop(line, ()):
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).write_text(code, "utf-8")
        if "init my-board" in line:
            shutil.rmtree("my-board", ignore_errors=True)
        with serving_site(line, folder, places) as told:
            done = run(told)
        if done.exit_code != code_of(line):
            wrong.append(f"{line}\n{done.exit_code} {done.output[-600:]} {done.exception}")
    assert not wrong, "\n\n".join(wrong)


def before(page: str) -> dict[str, list[tuple[str, str]]]:
    """Return by a line the files that the page shows before it, which a reader writes."""
    shown: dict[str, list[tuple[str, str]]] = {}
    waiting: list[tuple[str, str]] = []
    for block in FENCED.finditer((ROOT / page).read_text("utf-8")):
        if block["title"] in ("board.toml", "models.toml"):  # parts of what is there
            continue
        if block["title"]:
            waiting.append((block["title"], block["code"]))
        elif block["kind"] == "sh" and waiting:
            shown[block["code"].splitlines()[0]] = waiting
            waiting = []
    return shown if page != FORMATS else {}


CODES = {
    "watch": 130,  # Ctrl-C
    "cardboard status": 1,  # a card was never pushed
    "--limit 8": 1,  # the result is not complete
    "8080 --all": 1,  # the server's template is none
    "accept http": 1,  # it answers all questions alike
}
"""How commands end that say more than 0, as their help tells."""


def code_of(line: str) -> int:
    """Return the exit code that *line* ends with."""
    return next((code for words, code in CODES.items() if words in line), 0)


def interrupt(seconds: float) -> None:
    """Press Ctrl-C, as soon as the main thread has nothing to do."""
    if current_thread() is main_thread():
        raise KeyboardInterrupt


@contextmanager
def serving_site(line: str, folder: Path, places: dict[str, str]) -> Iterator[str]:
    """Give *line* with the addresses of servers that are there, the published site among them."""
    for printed, here in places.items():
        line = line.replace(printed, here)
    if "https://example.org/board/" not in line:
        yield line
        return
    if not Path("build/site").exists():
        cardboard("site")
    with server.serving(folder / "build" / "site", 0) as url:
        yield line.replace("https://example.org/board/", url)


def run(line: str) -> Any:
    """Type a line, and answer whatever it asks with yes."""
    command, _, file = line.replace(" > ", " >> ").partition(" >> ")
    words = [*expanded(shlex.split(command)[1:], Path())]
    if words[0] == "verify" and not Path("build/site").exists():
        cardboard("site")
    if words[0] == "eval" and "--resume" not in words:  # each is an example by itself
        for path in Path("results/shell-mini").glob("*--*.json"):
            path.unlink()
    with pytest.MonkeyPatch.context() as patch:
        if words[0] in ("serve", "watch"):
            patch.setattr(time, "sleep", interrupt)
        if words[0] == "push":  # it asks whether to send what it shows
            patch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda self: True)
        done = CliRunner().invoke(main, words, input="y\n")
    for talk in Path("home").glob("*") if words[0] == "try" else ():
        if talk.name != JUDGED:  # nobody judged anything in the others
            talk.unlink()
    if file:
        with Path(file).open("a", encoding="utf-8") as added:
            added.write(done.stdout)
    return done

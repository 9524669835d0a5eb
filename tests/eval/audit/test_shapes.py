"""Small models made for one behaviour each: what has to be found, and nothing else."""

import json
from pathlib import Path
from typing import Any

import pytest

from cardboard.eval.audit.audit import audit
from cardboard.eval.audit.reports import Audit
from cardboard.eval.audit.sources.resolve import open_source

TOKENS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<s>", "</s>", "[INST]", "[/INST]"]
TURN = "{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}"
PROMPT = "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
CHATML = "{% for m in messages %}" + TURN + "{% endfor %}" + PROMPT
INST = (
    "{% for m in messages %}{% if m['role'] == 'user' %}"
    "{{ '[INST] ' + m['content'] + ' [/INST] ' }}"
    "{% elif m['role'] == 'assistant' %}{{ m['content'] + eos_token }}{% endif %}{% endfor %}"
)
IM: dict[str, Any] = {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"}
S: dict[str, Any] = {"eos_token": "</s>", "pad_token": "<|endoftext|>", "bos_token": "<s>"}

RESPONSE: dict[str, Any] = {
    "start_anchor": "<|im_start|>assistant\n",
    "fields": {"content": {"close": ["<|im_end|>", "<|endoftext|>"]}},
}

SHAPES: dict[str, tuple[str, dict[str, Any], str, set[str]]] = {
    "BOS missing, and no tokenizer.json": (
        CHATML,
        {**IM, "bos_token": "<s>", "add_bos_token": True, "tokenizer": False},
        "audit-bos-missing",
        {"audit-bos-missing"},
    ),
    "a prompt that ends in a blank": (
        "{{ bos_token }}{% if messages[0].role == 'system' %}{{ raise_exception('none') }}"
        "{% endif %}" + INST,
        S,
        "audit-prompt-boundary",
        {"audit-prompt-boundary"},
    ),
    "thoughts stripped from history": (
        CHATML.replace(
            TURN,
            "{% set c = m['content'] %}{% if '</think>' in c %}"
            "{% set c = c.split('</think>')[-1] %}{% endif %}"
            "{{ '<|im_start|>' + m['role'] + '\n' + c + '<|im_end|>\n' }}",
        ).replace("assistant\n", "assistant\n<think>\n"),
        IM,
        "audit-thoughts-stripped",
        {"audit-thoughts-stripped", "audit-thinking-ignored"},
    ),
    "a second system turn dropped": (
        "{% if messages[0]['role'] == 'system' %}<|im_start|>system\n{{ messages[0]['content'] }}"
        "<|im_end|>\n{% endif %}"
        + CHATML.replace("messages %}", "messages if m.role != 'system' %}"),
        IM,
        "audit-second-system-lost",
        {"audit-second-system-lost"},
    ),
    "a pad token that ends turns": (
        CHATML,
        {**IM, "pad_token": "<|im_end|>"},
        "audit-pad-ends-turn",
        {"audit-pad-ends-turn"},
    ),
    "a pad token that is EOS and ends none": (
        CHATML,
        {"eos_token": "</s>", "pad_token": "</s>", "stops": [2, 4]},
        "audit-pad-is-eos",
        set(),
    ),
    "an EOS that only the tokenizer names": (
        CHATML,
        {**IM, "stops": None},
        "audit-eos-untold",
        {"audit-eos-untold"},
    ),
    "a template in a file of its own": (CHATML, IM, "audit-only-jinja", set()),
    "a template in the settings as well": (
        CHATML,
        {**IM, "chat_template": CHATML},
        "audit-tools-ignored",
        set(),
    ),
    "answers that are taken apart by what is there": (
        CHATML,
        {**IM, "response_template": RESPONSE},
        "audit-tools-ignored",
        set(),
    ),
    "answers that are taken apart by another start": (
        CHATML,
        {**IM, "response_template": {**RESPONSE, "start_anchor": ["<|turn>model\n"]}},
        "audit-response-template",
        {"audit-response-template"},
    ),
    "answers that are taken apart by another end": (
        CHATML,
        {**IM, "response_template": {**RESPONSE, "fields": {"content": {"close": "</s>"}}}},
        "audit-response-template",
        {"audit-response-template"},
    ),
    "answers that are taken apart by nothing": (
        CHATML,
        {**IM, "response_template": {"fields": []}},
        "audit-response-template",
        {"audit-response-template"},
    ),
    "contents as parts alone": (
        CHATML.replace(
            TURN,
            "<|im_start|>{{ m.role }}\n{% for p in m['content'] %}{% if p['type'] == 'text' %}"
            "{{ p['text'] }}{% endif %}{% endfor %}<|im_end|>\n",
        ),
        IM,
        "audit-parts-only",
        set(),
    ),
    "parts of users alone": (
        CHATML.replace(
            "m['content']",
            "(m['content'] if m['role'] != 'user' else m['content'] | map(attribute='text')"
            " | join)",
        ),
        IM,
        "audit-parts-only",
        set(),
    ),
    "the last answer closed otherwise": (
        "{% for m in messages %}<|im_start|>{{ m.role }}{% if m.role == 'assistant' %}"
        "{% generation %}<m>{{ m.content }}{{ '<|endoftext|>' if loop.last else '<|im_end|>' }}"
        "{% endgeneration %}{% else %}<m>{{ m.content }}<|im_end|>{% endif %}{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant{% endif %}",
        {"eos_token": "<|endoftext|>", "pad_token": "<s>"},
        "audit-prompt-short",
        set(),
    ),
    "alternation and no system turn": (
        "{% for m in messages %}{% if m['role'] == 'system' or (m['role'] == 'user') !="
        " (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}"
        "{% endfor %}" + CHATML,
        IM,
        "audit-alternation",
        set(),
    ),
    "answers that are marked": (
        CHATML.replace(
            TURN,
            "{{ '<|im_start|>' + m['role'] + '\n' }}{% if m['role'] == 'assistant' %}"
            "{% generation %}{{ m['content'] + '<|im_end|>' }}{% endgeneration %}{% else %}"
            "{{ m['content'] + '<|im_end|>' }}{% endif %}{{ '\n' }}",
        ),
        IM,
        "audit-tools-ignored",
        set(),
    ),
    "a switch by another name": (
        CHATML + "{{ '<think>\n' if thinking is defined and thinking }}",
        IM,
        "audit-thinking-other",
        set(),
    ),
}
"""Template, settings, what is found, and all warnings and errors."""


def a_model(
    folder: Path,
    template: str | None,
    *,
    tokenizer: bool = True,
    stops: Any = "eos_token",
    **settings: Any,
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    if template is not None:
        (folder / "chat_template.jinja").write_text(template, encoding="utf-8")
    (folder / "config.json").write_text('{"model_type": "llama"}')
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    ends = [TOKENS.index(settings["eos_token"])] if stops == "eos_token" else stops
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": ends}))
    if tokenizer:
        a_byte_tokenizer().save(str(folder / "tokenizer.json"))
    return folder


def a_byte_tokenizer() -> Any:
    """Return a tokenizer of bytes whose pairs with a blank before a letter are one token."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    pairs = [("Ġ", letter) for letter in "TWAI"]
    vocabulary = [*TOKENS, *letters, *("".join(pair) for pair in pairs)]
    model = models.BPE({one: place for place, one in enumerate(vocabulary)}, pairs)
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(one, special=True) for one in TOKENS])
    return tokenizer


def audited(where: Path) -> Audit:
    [found] = audit([open_source(str(where))])
    return found


def codes(one: Audit, *severities: str) -> set[str]:
    return {
        finding.code
        for finding in one.all_findings
        if not severities or finding.severity in severities
    }


@pytest.fixture(scope="module")
def audits(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Audit]:
    folder = tmp_path_factory.mktemp("shapes")
    models = [
        a_model(folder / str(place), template, **settings)
        for place, (template, settings, _, _) in enumerate(SHAPES.values())
    ]
    return dict(zip(SHAPES, audit([open_source(str(one)) for one in models]), strict=True))


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_shows_what_it_is_made_for_and_nothing_else(
    audits: dict[str, Audit], name: str
) -> None:
    _, _, code, grave = SHAPES[name]
    assert code in codes(audits[name])
    assert codes(audits[name], "warning", "error") == grave


BARE = {
    "a BOS that nobody tells": "{{ bos_token + '[INST] ' + messages[0]['content'] + ' [/INST]' }}",
    "an EOS that nobody tells": "{{ bos_token }}" + INST.replace(" [/INST] ", " [/INST]"),
    "a further token that nobody tells": "{{ image_token ~ bos_token + pad_token }}" + CHATML,
}


@pytest.mark.parametrize("name", BARE)
def test_a_template_alone_is_given_tokens_and_no_error_is_made_of_them(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / "bare.jinja"
    path.write_text(BARE[name], encoding="utf-8")
    found = audited(path)
    system_is_dropped = {"audit-system-lost"} if name.startswith("an EOS") else set()
    assert codes(found, "error") == system_is_dropped
    assert {cell.check: cell.state for cell in found.checks}["bos"] == "unknown"


def test_a_folder_whose_settings_name_no_bos_is_another_thing(tmp_path: Path) -> None:
    folder = a_model(tmp_path / "m", "{{ bos_token + messages[0]['content'] }}", **IM)
    assert "audit-user-refused" in codes(audited(folder), "error")


def a_header(path: Path, template: str, tokens: list[str], kinds: list[int], **ids: int) -> Path:
    import gguf

    writer = gguf.GGUFWriter(path, "qwen2")
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    for name, number in ids.items():
        writer.add_uint32(f"tokenizer.ggml.{name}_token_id", number)
    writer.add_chat_template(template)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    return path


STOPPING = [
    (["<|endoftext|>", "<|im_start|>", "<|im_end|>"], "<|im_end|>", True),
    (["<|endoftext|>", "<|start|>", "<|end|>", "<|return|>", "<|call|>"], "<|end|>", False),
    (["<|endoftext|>", "<|start|>", "<|end|>", "<|return|>"], "<|end|>", True),
    (["<|endoftext|>", "<|start|>", "</s>"], "</s>", False),
    (["<|endoftext|>", "<|im_start|>", "<|fin|>"], "<|fin|>", False),
]


@pytest.mark.parametrize(("tokens", "end", "stops"), STOPPING)
def test_llama_cpp_stops_at_texts_that_it_knows(
    tmp_path: Path, tokens: list[str], end: str, stops: bool
) -> None:
    """Also where the file calls them plain words, but for `</s>`."""
    kinds = [3, 3, *(1 for _ in tokens[2:])]
    file = a_header(tmp_path / "m.gguf", CHATML.replace("<|im_end|>", end), tokens, kinds, eos=0)
    grave = codes(audited(file), "error")
    assert (grave & {"audit-end-not-stop", "audit-end-not-token"} == set()) == stops


def test_a_gguf_without_bos_is_rendered_with_an_empty_text(tmp_path: Path) -> None:
    tokens = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    file = a_header(tmp_path / "m.gguf", "{{ bos_token + '' }}" + CHATML, tokens, [3, 3, 3], eos=2)
    assert codes(audited(file), "error", "warning") == set()


@pytest.mark.parametrize("name", ["tekken.json", "tokenizer.model.v3", "tokenizer.mm.model.v11m1"])
def test_a_model_of_mistral_common_is_not_told_to_lack_a_template(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_text('{"config": {}, "vocab": []}')
    (tmp_path / "params.json").write_text("{}")
    found = audited(tmp_path)
    assert codes(found) == {"audit-mistral-common"}
    assert {pick.place for pick in found.picks} == {f"mistral-common: {name}"}


def test_settings_are_what_is_read_from_outside(tmp_path: Path) -> None:
    path = tmp_path / "bare.jinja"
    path.write_text(
        "{% macro say(m, end='') %}{{ m.content ~ end ~ lead }}{% endmacro %}"
        "{% set ns = namespace(n=0) %}{% set lead = prefix | default('') %}"
        "{% for m in messages if m.role != skipped %}{% if m.role == 'user' %}"
        "{% set name, content = 'u', m.content %}{% endif %}{{ name ~ say(m) }}{% set ns.n = 1 %}"
        "{% for k, v in m.items() %}{{ k if k != 'content' }}{{ loop.index ~ v if verbose }}"
        "{% endfor %}{% endfor %}{% set enable_thinking = enable_thinking | default(true) %}"
        "{{ enable_thinking and '' }}",
        encoding="utf-8",
    )
    cells = {cell.check: cell.values for cell in audited(path).checks}
    assert cells["kwargs"] == {"names": "enable_thinking, prefix, skipped, verbose"}


@pytest.mark.parametrize("name", ["chat_template.jinja", "tokenizer.json", "tokenizer_config.json"])
def test_a_file_that_is_a_link_out_of_its_folder_is_refused(tmp_path: Path, name: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("correct horse battery staple")
    folder = a_model(tmp_path / "m", CHATML, **IM)
    (folder / name).unlink()
    (folder / name).symlink_to(secret)
    found = audited(folder)
    told = [one.values for one in found.findings if one.code == "audit-file-unreadable"]
    assert told[0] == {"name": name, "reason": "is a link to a place outside its folder"}
    assert "horse" not in str(found)


def test_a_template_that_is_named_and_links_elsewhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("correct horse battery staple")
    (tmp_path / "m").mkdir()
    link = tmp_path / "m" / "chat_template.jinja"
    link.symlink_to(tmp_path / "secret")
    assert codes(audited(link)) == {"audit-file-unreadable"}


def test_links_within_a_folder_and_those_of_the_hubs_cache_are_followed(tmp_path: Path) -> None:
    folder = a_model(tmp_path / "m", None, **IM)
    (folder / "files").mkdir()
    (folder / "files" / "t").write_text(CHATML)
    (folder / "chat_template.jinja").symlink_to("files/t")
    assert codes(audited(folder), "error") == set()
    cached = tmp_path / "models--org--m" / "snapshots" / "0a1b"
    (cached.parents[1] / "blobs").mkdir(parents=True)
    (cached.parents[1] / "blobs" / "f00").write_text(CHATML)
    cached.mkdir(parents=True)
    (cached / "chat_template.jinja").symlink_to("../../blobs/f00")
    assert [one.place for one in open_source(str(cached)).templates] == ["chat_template.jinja"]

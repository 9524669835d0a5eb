"""The usual constructs of Ollama's templates are rendered as Go does; of others nothing is said."""

import pytest

from cardboard.eval.audit.rendering.probes import TOOLS
from cardboard.eval.sandbox.go_templates import Refused, TooLong, rendered
from cardboard.eval.sandbox.go_values import CannotTell

TALK = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Hi"},
    {"role": "assistant", "content": "Hello"},
    {"role": "user", "content": "Bye"},
]
CALL = {"id": "c1", "function": {"name": "tide", "arguments": {"b": 1, "a": "<목포>"}}}
CALLED = [
    {"role": "user", "content": "Hi"},
    {"role": "assistant", "content": "", "tool_calls": [CALL]},
    {"role": "tool", "content": "06:40", "name": "tide"},
]
CHATML = (
    "{{- range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n"
    "{{ end }}<|im_start|>assistant\n"
)
LLAMA3 = (
    "{{- if .System }}<S>{{ .System }}</S>{{ end }}\n"
    "{{- range $i, $_ := .Messages }}\n"
    "{{- $last := eq (len (slice $.Messages $i)) 1 }}\n"
    '{{- if eq .Role "user" }}<U>{{ .Content }}</U>\n'
    '{{- else if eq .Role "assistant" }}<A>{{ .Content }}{{ if not $last }}</A>{{ end }}\n'
    "{{- end }}\n"
    '{{- if and $last (ne .Role "assistant") }}<A>{{ end }}\n'
    "{{- end }}"
)
PAIRS = (
    "{{ if .System }}<|system|>{{ .System }}\n{{ end }}{{ if .Prompt }}<|user|>{{ .Prompt }}\n"
    "{{ end }}<|assistant|>{{ .Response }}\n"
)


def render(text: str, messages: object = TALK, **known: object) -> str:
    return rendered(
        text, {"messages": messages, "tools": None, **known}, "2026-01-15T09:30:00", 9999
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (CHATML, "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n"
         "<|im_start|>assistant\nHello<|im_end|>\n<|im_start|>user\nBye<|im_end|>\n"
         "<|im_start|>assistant\n"),
        (LLAMA3, "<S>Be brief.</S><U>Hi</U><A>Hello</A><U>Bye</U><A>"),
        (PAIRS, "<|system|>Be brief.\n<|user|>Hi\n<|assistant|>Hello\n<|user|>Bye\n<|assistant|>"),
        ("{{ .Prompt }}", "HiHelloBye"),
        ("{{ range .Messages }}{{ break }}{{ end }}x {{- /* no */ -}} y", "xy"),
        ("{{ with .System }}{{ . }}{{ else }}none{{ end }}{{ len .Messages }}", "Be brief.4"),
        ('{{ $n := 0 }}{{ range .Messages }}{{ $n = 1 }}{{ end }}{{ $n }}', "1"),
        ('{{ printf "%s|%d" "a" 2 }}{{ len .Messages }}', "a|24"),
        ('{{ range .Messages }}{{ if eq .Role "user" "x" }}{{ .Content }}{{ end }}{{ end }}',
         "HiBye"),
        ("{{ (index .Messages 1).Content }}{{ .Messages | len }}{{ .Absent }}", "Hi4<no value>"),
        ("{{ if .IsThinkSet }}1{{ else }}{{ .Think }}{{ end }} {{ currentDate }}{{.Messages|len}}",
         "false 2026-01-154"),
        ("{{ print 1 2 \"a\" }}{{ range .Messages }}{{ else }}empty{{ end }}", "1 2a"),
    ],
)  # fmt: skip
def test_templates_come_out_as_go_renders_them(text: str, expected: str) -> None:
    assert render(text) == expected


def test_turns_of_one_role_are_joined_before_a_template_sees_them() -> None:
    twice = [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]
    assert render("{{ range .Messages }}[{{ .Content }}]{{ end }}", twice) == "[a\n\nb]"


def test_calls_and_tools_are_written_as_go_writes_json() -> None:
    calls = (
        "{{ range .Messages }}{{ range .ToolCalls }}{{ .Function.Name }}{{ .Function.Arguments }}"
    )
    text = (
        calls
        + "{{ range $k, $v := .Function.Arguments }}{{ $k }}={{ $v }} {{ end }}{{ end }}{{ end }}"
    )
    assert render(text, CALLED) == 'tide{"a":"\\u003c목포\\u003e","b":1}a=<목포> b=1 '
    tools = render("{{ range .Tools }}{{ . }}{{ end }}{{ len .Messages }}", CALLED, tools=TOOLS)
    assert tools.startswith(
        '{"type":"function","function":{"name":"tide_table","description":"조석표'
    )
    assert '"parameters":{"type":"object","required":["harbour"],"properties":{' in tools


def test_thinking_is_seen_where_it_is_asked_for() -> None:
    text = (
        "{{ if and .IsThinkSet .Think }}on{{ else if .IsThinkSet }}off{{ end }}{{ len .Messages }}"
    )
    assert [render(text, enable_thinking=one) for one in (True, False)] == ["on4", "off4"]


@pytest.mark.parametrize(
    "text",
    [
        '{{ template "x" . }}', '{{ define "x" }}{{ end }}', "{{ call .Messages }}",
        "{{ .Messages }}",
        "{{ range .Messages }}", "{{ end }}", "{{ toTypeScriptType 1 }}{{ .Messages }}", "{{ if }}",
        "{{ .Messages", "{{ range .Messages }}{{ .Function.Name.String }}{{ end }}" + "{{ a.b }}",
        "{{ $a, $b := 1 }}", "{{ range 5 }}{{ end }}{{ .Messages.Foo }}",
        "{{ if true }}" * 60 + "{{ end }}" * 60, "{{ " + "(" * 60 + "1" + ")" * 60 + " }}",
    ],
)  # fmt: skip
def test_what_is_not_known_is_not_guessed(text: str) -> None:
    with pytest.raises((CannotTell, Refused)):
        render(text)


def test_what_ollama_refuses_is_refused() -> None:
    for text in ("{{ range .Messages }}{{ .Nothing }}{{ end }}", "{{ index .Messages 9 }}"):
        with pytest.raises(Refused):
            render(text)


def test_a_template_has_a_bound_on_steps_and_length() -> None:
    many = [{"role": role, "content": "x" * 50} for role in ("user", "assistant") * 200]
    loop = "{{ range .Messages }}" * 4 + "x" + "{{ end }}" * 4
    with pytest.raises(Refused):
        render(loop, many)
    root = "{{ range $.Messages }}" * 4 + "{{ end }}" * 4
    with pytest.raises(CannotTell, match="steps"):
        render(root, many)
    with pytest.raises(TooLong):
        render("{{ range .Messages }}{{ .Content }}{{ end }}", many)

"""A small grammar of what real chat templates are made of, for properties over templates."""

from hypothesis import strategies as st

CONTENTS = (
    "{{ m.content }}",
    "{{ m['content'] }}",
    "{{ m.content | trim }}",
    "{{ m['content'].strip() }}",
    "{{ m.content or '' }}",
    "{{ m.content if m.content is string else '' }}",
    "{{ '\\n' + m.content }}",
    "{{ '[' ~ m.content ~ ']' }}",
    "{{ m.content.split('</think>')[-1].lstrip('\\n') }}",
    "{{ m.content.replace('lamp', 'light') }}",
    "{% if 'think' in m.content %}{{ m.content }}{% else %}{{ m.content | upper }}{% endif %}",
    "{% set text = m.content %}{{ text }}",
    "{{ m.get('content', '') }}",
    "{{ say(m.content) }}",
    "{{ m.content | default('none') }}",
    "{{ m.content[:5] }}{{ m.content[5:] }}",
)
HEADS = (
    "",
    "{{ bos_token }}",
    "{{ bos_token if bos_token is defined }}",
    "{%- if messages[0].role == 'system' %}{{ messages[0].content }}\n{% endif %}",
    "{% if tools %}{{ tools | tojson }}\n{% endif %}",
    "{% if tools %}\n{{ tools | tojson(indent=2) }}\n{% endif %}",
    "{% for tool in tools or [] %}{{ tool.function.name }}: {{ tool | tojson }}\n{% endfor %}",
    "{% if tools is defined and tools is not none %}{{ tools | length }}{% endif %}",
    "{% if enable_thinking is defined and not enable_thinking %}/no_think{% endif %}",
    "{{ strftime_now('%d %B %Y') }}\n",
    "{% set ns = namespace(count=0) %}{% for m in messages %}{% set ns.count = ns.count + 1 %}"
    "{% endfor %}{{ ns.count }}",
    "{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('take turns') }}{% endif %}{% endfor %}",
    "{#- a comment -#}\n",
    "{{ messages | map(attribute='role') | join(',') }}",
    "{{ messages | selectattr('role', 'equalto', 'user') | list | length }}",
    "{% set first = messages[0] %}{{ first['role'] | title }}",
    "{{ date_string if date_string is defined else 'today' }}",
)
LOOPS = ("messages", "messages[0:]", "messages if m.role != 'system'", "messages[::-1]")
LEADS = (
    "<|im_start|>{{ m.role }}\n",
    "{{ '<|' + m['role'] + '|>' }}\n",
    "{% if m.role == 'assistant' %}model{% else %}{{ m.role }}{% endif %}: ",
    "{{ {'assistant': 'model'}.get(m.role, m.role) }}\n",
    "{%- if loop.first %}>{% endif -%} {{ loop.index }}",
    "  {% if m.role == 'user' %}\n  U\n  {% elif m.role == 'assistant' %}\n  A\n  {% else %}\n  X\n"
    "  {% endif %}\n",
)
CALLS = (
    "",
    "{% for call in m.tool_calls or [] %}{{ call.function.name }}({{ call.function.arguments | "
    "tojson }}){% endfor %}",
    "{% if m.tool_calls %}{% for call in m.tool_calls %}{% if not loop.first %}, {% endif %}"
    "{{ call.function.name }}{% for name, value in call.function.arguments.items() %} {{ name }}="
    "{{ value }}{% endfor %}{% endfor %}{% endif %}",
    "{% if m.tool_calls is defined and m.tool_calls %}{{ m.tool_calls[0].id }}{% endif %}",
    "{% if m.reasoning_content %}<think>{{ m.reasoning_content }}</think>{% endif %}",
)
ENDS = (
    "\n",
    "<|im_end|>\n",
    "{{ eos_token }}",
    "{{- '\\n' }}",
    "{% if not loop.last %}\n{% endif %}",
)
TAILS = (
    "",
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}",
    "{{ '<|im_start|>assistant\n' if add_generation_prompt }}",
    "{%- if add_generation_prompt -%}\n  {{- '<model>' -}}\n{%- endif -%}",
)
MACRO = "{% macro say(text, mark='') %}{{ mark }}{{ text }}{% endmacro %}"
TURNS = (
    "{{% {lead}for m in {loop} %}}{turn}{{% endfor %}}",
    "{{%- for m in {loop} %}}\n{turn}\n{{%- endfor %}}\n",
)


@st.composite
def templates(draw: st.DrawFn) -> str:
    """Return a template of a head, turns with contents and calls, and a generation prompt."""
    one = st.sampled_from
    heads = "".join(draw(st.lists(one(HEADS), max_size=3, unique=True)))
    turn = "".join(draw(one(part)) for part in (LEADS, CONTENTS, CALLS, ENDS))
    form = draw(one(TURNS))
    body = form.format(lead="", loop=draw(one(LOOPS)), turn=turn)
    if draw(st.booleans()) and "<|im_end|>" in body:
        body = body.replace("<|im_end|>", "{% generation %}<|im_end|>{% endgeneration %}")
    return MACRO + heads + body + draw(one(TAILS))

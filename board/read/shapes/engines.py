"""Replay results of engines that cut, continue or rewrite their prompts in ways of their own."""

from msgspec.structs import replace

from ....eval.records import Model
from ...words import machines
from . import model_names
from .replay import replay, with_backend, with_rule
from .source import Adapted, Source


def prefix_lm(source: Source) -> Adapted:
    """Adapt the files of prefix language models, whose long prompts lost their middle."""
    template, shards = source.inner("prompt_template"), source.count("num_shards") or 1
    index = source.count("shard_index")
    adapted = replay(
        source,
        shard=(index, shards) if index is not None and shards > 1 else None,
    )
    adapted = with_rule(adapted, "truncate-middle")
    return with_rule(adapted, "condition-prefix") if template.text("condition_prefix") else adapted


def llama_cpp(source: Source) -> Adapted:
    """Adapt the files of llama.cpp, which were saved again and again before the run had ended."""
    repository, filename = source.text("repo_id"), source.text("filename")
    named = model_names.model(source)
    if repository and model_names.like_hub_id(repository):
        short = source.text("model_short")
        named = Model(
            id=repository,
            quantisation=model_names.quantisation_of(filename) if filename else named.quantisation,
            label=short if short and not machines.is_local(short) else named.label,
        )
    adapted = replay(
        source,
        model=named,
    )
    return with_backend(adapted, "llama_cpp")


def suffix_rescue(source: Source) -> Adapted:
    """Adapt the files of SGLang LLaDA, which added a hint of the format to every prompt.

    The status says so: such a prompt is not what the model's chat template makes.
    """
    adapted = replay(source)
    result, suffix = adapted.result, source.inner("prompt_template").text("llada_prompt_suffix")
    if result is None or suffix is None:
        return adapted
    status = result.prompts.template_status or "unknown"
    extra = {
        **result.protocol.extra,
        "llada_prompt_suffix": machines.without_paths(suffix)[:300],
    }
    result = replace(
        result,
        prompts=replace(result.prompts, template_status=f"{status}+suffix"),
        protocol=replace(result.protocol, extra=extra),
    )
    return with_rule(Adapted(adapted.kind, result), "prompt-suffix")

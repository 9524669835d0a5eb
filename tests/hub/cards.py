"""Model cards as the Hub reads them: front matter, and what `validate-yaml` has to say."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

FRONT_MATTER = re.compile(r"^\s*---(?:\r\n|\r|\n)([\S\s]*?)(?:\r\n|\r|\n)---[ \t]*(?:\r\n|\n|$)")
HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(?:/[A-Za-z0-9][\w.-]*)?")
LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]+)*|multilingual|code")
LICENSE = re.compile(r"[a-z0-9][a-z0-9.+-]*")


@lru_cache(maxsize=4096)
def load_yaml(text: str) -> object:
    """Return the plain value of a YAML 1.2 document; raise ValueError if it is none.

    Values are kept and shared, because the same text is read many times: do not change them.
    """
    try:
        value: object = YAML(typ="safe", pure=True).load(text)
    except (YAMLError, ValueError) as error:
        raise ValueError(" ".join(str(error).split())) from error
    return value


def metadata(readme: bytes) -> Mapping[str, object]:
    """Return the front matter of a README; what is missing or broken reads as empty."""
    found = FRONT_MATTER.match(readme.decode(errors="replace"))
    try:
        value = load_yaml(found[1]) if found else None
    except ValueError:
        return {}
    return {str(key): each for key, each in value.items()} if isinstance(value, dict) else {}


def validate(readme: str) -> tuple[list[str], list[str]]:
    """Return the errors and the warnings that `validate-yaml` gives for a README.

    The Hub's own lists of licences and languages are not public: here a licence or language has
    only to look like one. Ids are checked for their shape, never looked up.
    """
    found = FRONT_MATTER.match(readme)
    if not found:
        return [], ["empty or missing yaml metadata in repo card"]
    try:
        value = load_yaml(found[1])
    except ValueError as error:
        return [f"YAML metadata: {error}"], []
    if value is None:
        return [], ["empty or missing yaml metadata in repo card"]
    if not isinstance(value, dict):
        return ["YAML metadata must be a mapping"], []
    return list(_errors(value)), []


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _errors(card: Mapping[str, object]) -> Iterator[str]:
    patterns = {
        "base_model": (HUB_ID, "Use a model id from https://hf.co/models."),
        "datasets": (HUB_ID, "Use a dataset id from https://hf.co/datasets."),
        "language": (LANGUAGE, "It must be an ISO 639-1, 639-2 or 639-3 code."),
        "license": (LICENSE, "Use a license id from https://hf.co/docs/hub/repositories-licenses."),
    }
    for key, (pattern, remedy) in patterns.items():
        for value in _listed(card.get(key, [])):
            if not isinstance(value, str) or not pattern.fullmatch(value):
                yield f'"{key}" with value "{value}" is not valid. {remedy}'
    tags = card.get("tags", [])
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        yield '"tags" must be an array of strings'
    if "model-index" in card:
        yield from _index_errors(card["model-index"])


def _index_errors(index: object) -> Iterator[str]:
    for number, model in enumerate(_listed(index)):
        if not isinstance(model, dict) or not isinstance(model.get("name"), str):
            yield f'"model-index[{number}].name" is required'
            continue
        for place, result in enumerate(_listed(model.get("results", []))):
            where = f"model-index[{number}].results[{place}]"
            for key, need in (("task", ["type"]), ("dataset", ["type", "name"])):
                part = result.get(key) if isinstance(result, dict) else None
                for name in need:
                    if not isinstance(part, dict) or not isinstance(part.get(name), str):
                        yield f'"{where}.{key}.{name}" is required'
            metrics = result.get("metrics") if isinstance(result, dict) else None
            for metric in _listed(metrics):
                if not isinstance(metric, dict) or not {"type", "value"} <= metric.keys():
                    yield f'"{where}.metrics" needs "type" and "value"'

"""`cardboard audit`: what chat templates there are, what they do, and what is wrong with them."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...eval.commands.train_command import rule_options
from .load import words_of, workspace_of

if TYPE_CHECKING:
    from ...eval.audit.reports import Audit
    from ...eval.audit.sources.sources import Source

EXAMPLES = """Examples:

\b
cardboard audit google/gemma-4-E2B-it
cardboard audit ./my-model --against google/gemma-4-E2B-it
cardboard audit model-Q4_K_M.gguf http://127.0.0.1:8080
cardboard audit ./my-model --messages my.json
cardboard audit --render-contract train.jsonl --model ./my-model
"""


@click.command(epilog=EXAMPLES)
@click.argument("sources", nargs=-1, metavar="SOURCE...")
@click.option("--revision", help="Of models on the Hub.")
@click.option("--against", metavar="SOURCE", help="Compare with this model, file or result.")
@click.option(
    "--messages",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Show this conversation as each engine would send it, instead of auditing.",
)
@click.option(
    "--template-kwarg",
    "kwargs",
    multiple=True,
    metavar="NAME=VALUE",
    help="Tell whether the templates read this setting.",
)
@click.option(
    "--render-contract",
    "train",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Check that a model is trained on FILE as it will be served.",
)
@click.option("--model", metavar="SOURCE", help="What the training file is for.")
@click.option("--trained-with", metavar="SOURCE", help="Whose template it is trained with.")
@rule_options
@click.option("--each-answer", is_flag=True, help="Each answer is trained by itself.")
@click.option("--limit", type=click.IntRange(1), help="Read so many conversations.")
@click.option(
    "--api-key-variable",
    default="OPENAI_API_KEY",
    show_default=True,
    metavar="NAME",
    help="Environment variable that holds a server's key.",
)
@click.option("--lint/--no-lint", default=True, help="Ask chatlint, where it is installed.")
@click.option("--save", is_flag=True, help="Keep the audits in the workspace, for the judge.")
@click.option("--name", help="The model's id as published; by default the source's name.")
@click.option("--all", "everything", is_flag=True, help="Also print notes and what is right.")
@click.option(
    "--format", "form", type=click.Choice(("text", "json")), default="text", help="How to print."
)
@click.option("--lang", default="en", show_default=True, help="Language of the findings.")
@click.pass_context
def audit(context: click.Context, /, **given: Any) -> None:
    """Audit the chat templates of each SOURCE; exit with 1 where something is wrong.

    A SOURCE is a model on the Hub, a folder of a model or adapter, a GGUF or .jinja file, a
    Modelfile of Ollama, or the address of a server.
    """
    words_of(given["lang"])  # told before anything is read
    if given["train"] is not None:
        wrong = _contract(given)
    elif given["messages"] is not None:
        wrong = _preview(given)
    else:
        wrong = _audit(context, given)
    if wrong:
        context.exit(1)


def _preview(given: dict[str, Any]) -> bool:
    """Print a conversation as engines would send it; return whether one of them refuses it."""
    from ...eval.audit.preview import preview
    from ...eval.audit.rendering.conversation_file import read_conversation
    from ...eval.run.options import settings
    from ..show.audit_tables import print_previews

    if not given["sources"]:
        raise click.UsageError("--messages FILE needs a SOURCE.")
    conversation = read_conversation(given["messages"])
    kwargs = settings(given["kwargs"], "--template-kwarg")
    sources = [_asked(where, conversation.body(kwargs), given) for where in given["sources"]]
    sent = preview(sources, conversation, kwargs=kwargs)
    shown = list(zip(sources, sent, strict=True))
    print_previews(shown, form=given["form"], language=given["lang"])
    tried = [one for each in sent for one in each if one.sha256 or one.engine == "server"]
    return any(one.prompt is None for one in tried)


def _asked(where: str, body: dict[str, Any], given: dict[str, Any]) -> "Source":
    """Open a source; a server is sent the conversation alone."""
    from ...eval.audit.sources.server_source import server_prompt
    from ...eval.audit.sources.sources import Source

    if not where.startswith(("http://", "https://")):
        return _open(where, given)
    rendered = server_prompt(where, body, given["api_key_variable"])
    return Source(name=where, kind="server", renders={"": rendered})


def _audit(context: click.Context, given: dict[str, Any]) -> bool:
    """Print the audits of the sources; return whether one has an error."""
    from ...eval.run.options import settings
    from ..show.audit_tables import print_audits
    from ..workspace.audits import write_audit

    if not given["sources"]:
        raise click.UsageError("Name a SOURCE, or --render-contract FILE with --model.")
    if given["name"] and len(given["sources"]) > 1:
        raise click.UsageError("--name is for one SOURCE.")
    if given["save"] and not given["name"] and any("://" in one for one in given["sources"]):
        raise click.UsageError("--save of a server needs --name: its address is nobody's business.")
    workspace = workspace_of(context) if given["save"] else None
    audits = _audits(given, settings(given["kwargs"], "--template-kwarg"))
    print_audits(audits, form=given["form"], language=given["lang"], everything=given["everything"])
    for one in audits:
        # What could not be read, or holds no template, must not take the place of what was found.
        if workspace is not None and one.kind not in ("unreadable", "result"):
            path = write_audit(workspace.root, one)
            click.echo(f"Kept in {path.parent.name}/{path.name}", err=True)
    return any(finding.severity == "error" for one in audits for finding in one.all_findings)


def _audits(given: dict[str, Any], kwargs: dict[str, Any]) -> "list[Audit]":
    """Return an audit of each source, also of one that cannot be read."""
    from msgspec.structs import replace

    from ...eval.audit.audit import audit as audit_of
    from ...eval.audit.drift import drift
    from ...eval.audit.reports import with_findings
    from ...eval.errors import UsageError

    sources = [_opened(where, given) for where in given["sources"]]
    for where, source in zip(given["sources"], sources, strict=True):
        if source.kind == "result" and given["against"] is None:
            remedy = "Compare it with what is shipped: cardboard audit MODEL --against RESULT."
            raise UsageError("keeps only the hash of its template", file=where, remedy=remedy)
    if given["name"]:
        sources = [replace(source, name=given["name"]) for source in sources]
    audits = audit_of(sources, kwargs=kwargs, linting=given["lint"], comparing=True)
    if given["against"] is None:
        return audits
    other = _open(given["against"], given)
    return [
        with_findings(one, drift(source, other))
        for source, one in zip(sources, audits, strict=True)
    ]


def _opened(where: str, given: dict[str, Any]) -> "Source":
    """Open a source; one that is there and cannot be read is a finding, not the end."""
    from ...eval.audit.findings import found
    from ...eval.audit.sources.sources import Source
    from ...eval.errors import CardboardError, UsageError

    try:
        return _open(where, given)
    except UsageError:
        raise
    except CardboardError as error:
        reason = found("audit-source-unreadable", error=error.what)
        return Source(name=error.file or where, kind="unreadable", findings=(reason,))


def _open(where: str, given: dict[str, Any]) -> "Source":
    from ...eval.audit.sources.resolve import open_source

    key = given["api_key_variable"]
    return open_source(where, revision=given["revision"], api_key_variable=key)


def _contract(given: dict[str, Any]) -> bool:
    """Print what is wrong with a training file; return whether something is."""
    from ...eval.training.contract import contract, terms_of
    from ..show.audit_tables import print_contract

    if given["model"] is None or given["sources"]:
        raise click.UsageError("--render-contract goes with --model SOURCE, and no other SOURCE.")
    trained = given["trained_with"]
    found = contract(
        given["train"],
        _open(given["model"], given),
        trained=None if trained is None else _open(trained, given),
        terms=terms_of(given["rules"], given["served_rules"], each=given["each_answer"]),
        limit=given["limit"],
    )
    print_contract(found, form=given["form"], language=given["lang"])
    return any(finding.severity == "error" for finding in found.findings)

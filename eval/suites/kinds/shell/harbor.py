"""Scenarios as task folders of Harbor 1.4: the same rooms in containers, for its programs to run.

What a room does and Harbor has no word for is in each folder: the setup runs when the container has
started (its programs must live), `panic` is a program, and the test ends what still runs before it
looks. There, whether a job was found cannot be told, and screens and clock are the container's.
"""

import shlex
from collections.abc import Iterable, Iterator

from .rows import ShellRow

SCHEMA = "1.4"
IMAGE = "debian:12-slim"
PACKAGES = (
    *("asciinema", "bash", "ca-certificates", "coreutils", "curl", "diffutils", "file"),
    *("findutils", "git", "gzip", "iproute2", "jq", "make", "mawk", "openssl", "patch", "procps"),
    *("python3", "sed", "sqlite3", "tar", "tmux", "unzip", "util-linux", "xz-utils", "zip"),
)
"""What the scenarios use, and the terminal that Harbor's Terminus wants to find."""
SECONDS = 180.0
"""What an episode may take, as in a room of ours."""
_CHECK_SECONDS = 120.0

_PANIC = {
    "en": "If the job cannot be done, run `panic` with the reason as its words, and stop. "
    "Otherwise stop when the job is done.",
    "ko": "할 수 없는 일이면 이유를 인자로 넘겨 `panic`을 실행하고 멈추세요. "
    "그렇지 않으면 일을 마친 뒤 멈추세요.",
}

_DOCKERFILE = """\
FROM {image}
RUN apt-get update \\
 && apt-get install -y --no-install-recommends {packages} \\
 && rm -rf /var/lib/apt/lists/*
RUN useradd --create-home --uid 1000 --shell /bin/bash dev \\
 && install -d -o dev -g dev /var/lib/panic /home/dev/{folder} \\
 && install -d -m 700 /srv/room
ENV LANG=C.UTF-8 LC_ALL=C.UTF-8 TZ=UTC
COPY --chmod=700 begin setup /srv/room/
COPY --chmod=755 panic /usr/local/bin/
WORKDIR /home/dev/{start}
"""

_BEGIN = """\
#!/bin/bash
# Make the first state of the room, once. The setup is gone before anybody types.
set -eu
[ -e /srv/room/setup ] || exit 0
cd /home/dev/{folder}
runuser -u dev -- env HOME=/home/dev USER=dev \\
  bash -c 'bash -eu -o pipefail <(cat <&3) < /dev/null 3<&-' \\
  3< /srv/room/setup < /dev/null > /dev/null 2>&1
rm /srv/room/setup
"""

_PANIC_PROGRAM = """\
#!/bin/sh
# Give up, and say why.
printf '%s\\n' "$*" > /var/lib/panic/reason
"""

_TEST = """\
#!/bin/bash
# Ends what still runs, then looks. Reward 1: ended as it should, and the check is met.
mkdir -p /job /logs/verifier
ps -u dev -o args= > /job/processes
pkill -KILL -u dev
cp "$(dirname "$0")/check.sh" /job/check && chmod -R a+rX /job
cd /home/dev/{folder} && timeout {seconds:g} runuser -u dev -- env -i HOME=/home/dev USER=dev \\
  LANG=C.UTF-8 LC_ALL=C.UTF-8 TZ=UTC PATH=/usr/bin:/bin \\
  bash -eux -o pipefail /job/check < /dev/null
met=$?
[ {sign} /var/lib/panic/reason ]
ended=$?
if [ $met = 0 ] && [ $ended = 0 ]; then reward=1; else reward=0; fi
echo $reward > /logs/verifier/reward.txt
"""

_SOLVE = """\
#!/bin/bash
# What the reference types.
set -m
cd ~/{start}
"""

_TASK = """\
schema_version = "{schema}"

[task]
name = {name}
version = {version}
description = {description}
keywords = {keywords}

[metadata]
suite = {suite}
task_id = {task_id}
group = {group}
directive = {directive}
outcome = {outcome}
language = {language}
scenario_sha256 = {sha256}

[verifier]
timeout_sec = {check:.1f}
user = "root"

[agent]
timeout_sec = {seconds:.1f}
user = "dev"

[environment]
build_timeout_sec = 600.0
cpus = 1
memory_mb = 1024
storage_mb = 2048
network_mode = "no-network"

[environment.healthcheck]
command = "/srv/room/begin"
interval_sec = 2.0
timeout_sec = 60.0
"""


def folders(rows: Iterable[ShellRow], *, suite: str, version: str) -> Iterator[tuple[str, str]]:
    """Yield each file of the task folders, its path below the folder of all and its text."""
    for row in rows:
        for path, text in _files(row, suite, version).items():
            yield f"{row.task_id}/{path}", text


def _files(row: ShellRow, suite: str, version: str) -> dict[str, str]:
    typed = "".join(command for turn in row.oracle for command in turn.commands)
    typed += f"panic {shlex.quote(row.reason)}\n" if row.reason else ""
    shown = row.text.strip() or f"```\n{row.screen}\n```"
    sign = "-s" if row.outcome == "blocked" else "! -e"
    return {
        "instruction.md": f"{shown}\n\n{_PANIC[row.language]}\n",
        "task.toml": _task(row, suite, version),
        "environment/Dockerfile": _DOCKERFILE.format(
            image=IMAGE, packages=" ".join(PACKAGES), folder=row.folder, start=row.start
        ),
        "environment/begin": _BEGIN.format(folder=row.folder),
        "environment/panic": _PANIC_PROGRAM,
        "environment/setup": row.setup,
        "tests/test.sh": _TEST.format(folder=row.folder, sign=sign, seconds=_CHECK_SECONDS / 2),
        "tests/check.sh": row.check,
        "solution/solve.sh": _SOLVE.format(start=row.start) + typed,
    }


def _task(row: ShellRow, suite: str, version: str) -> str:
    of = row.reference
    texts = {
        "name": f"{suite}/{row.task_id}",
        "version": version,
        "description": f"{row.group}: {row.directive}, {row.outcome}",
        "suite": f"{suite} {version}",
        "task_id": row.task_id,
        "group": row.group,
        "directive": row.directive,
        "outcome": row.outcome,
        "language": row.language,
        "sha256": of["scenario_sha256"],
    }
    keywords = ", ".join(map(_quoted, ("terminal", row.group, row.directive, row.language)))
    return _TASK.format(
        schema=SCHEMA,
        keywords=f"[{keywords}]",
        check=_CHECK_SECONDS,
        seconds=SECONDS,
        **{key: _quoted(text) for key, text in texts.items()},
    )


def _quoted(text: str) -> str:
    """Return *text* as TOML writes it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    shown = (one if one.isprintable() else f"\\u{ord(one):04x}" for one in escaped)
    return f'"{"".join(shown)}"'

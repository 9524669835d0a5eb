"""Questions to a model that has tools: which figures there are, and how tools are offered."""

from ..kind import Kind, Offered
from .baselines import BASELINES
from .bfcl import CATEGORIES as BFCL
from .prompting import account, prompted, told
from .rows import CallsRow
from .scoring import METRICS, SCORER, beside, identity, lines, recount, score, summarise

LANGUAGES = ("en", "ko", "ar", "zh", "fr", "de", "ja", "pt", "es")
CATEGORIES = (
    "one-call", "choice", "repeated", "several", "no-tool", "missing", "after-result", *BFCL,
)  # fmt: skip

CALLS = Kind(
    name="calls",
    metrics=METRICS,
    divisions=("category", "language"),
    groups=(*CATEGORIES, *LANGUAGES),
    row=CallsRow,
    score=score,
    scorer=SCORER,
    offered=Offered(prompted=prompted, account=account),
    beside=beside,
    units=identity,
    baselines=BASELINES,
    recount=recount,
    summarise=summarise,
    lines=lines,
    right=lambda reference: None,
    told=told,
)

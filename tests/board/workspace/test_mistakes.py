"""The mistakes that a new user makes in board.toml and models.toml: one line, key and remedy."""

import codecs

import pytest

from cardboard.board.judge.build import load_boards
from cardboard.board.workspace.configuration import open_workspace
from cardboard.eval.errors import ConfigError

BOARD = """\
[board]
title = { en = "A" }
[[suites]]
name = "mini"
version = "1"
steps = 6
"""
NOTE = '[[notes]]\nid = "n"\nkind = "limit"\nwhen = "score > 3"\ntext = { en = "a", ko = "b" }\n'
REPORTED = BOARD + 'kind = "reported"\n[[suites.metrics]]\nid = "acc"\nranked = true\n'


def told(folder, board=BOARD, models=None):
    """Return what is said of a workspace with these files."""
    (folder / "board.toml").write_text(board, "utf-8")
    if models is not None:
        (folder / "models.toml").write_text(models, "utf-8")
    with pytest.raises(ConfigError) as caught:
        open_workspace(folder)
    return caught.value.format_message()


def edited(old, new):
    """Return the board with *new* in place of *old*."""
    assert old in BOARD
    return BOARD.replace(old, new)


IN_BOARD = {
    "a title without languages": (
        '[board]\ntitle = "My board"\n',
        "board.title: must be a table, and is a text in quotes."
        ' Write title = { en = "My board", ko = "..." }',
    ),
    "a key in front of its table": (
        'organisation = "lab"\n' + BOARD,
        "organisation: no such key. It belongs under [board].",
    ),
    "a misspelt table": (
        edited("[board]", "[bord]"),
        "bord: no such key. The nearest known key is board.",
    ),
    "a misspelt key": (
        BOARD + 'titel = { en = "Mini" }\n',
        "suites[0].titel: no such key. The nearest known key is title.",
    ),
    "one bracket": (
        edited("[[suites]]", "[suites]"),
        "suites: must be a list, and is a table. Write [[suites]] with two brackets, once for each",
    ),
    "a number for a text": (
        edited('version = "1"', "version = 1"),
        'suites[0].version: must be a text in quotes, and is a whole number. Write version = "1"',
    ),
    "a text for a number": (
        edited("steps = 6", 'steps = "6"'),
        "suites[0].steps: must be a whole number, and is a text in quotes. Write steps = 6",
    ),
    "a number that is too small": (
        edited("steps = 6", "steps = 0"),
        "suites[0].steps: 0 must be at least 1. Write a number that is at least 1.",
    ),
    "a key that is missing": (
        edited('version = "1"\n', ""),
        'suites[0]: version is missing. Add version = "..."',
    ),
    "a text for a list": (
        edited("[board]", '[board]\nlanguages = "en"'),
        'board.languages: must be a list, and is a text in quotes. Write languages = ["en"]',
    ),
    "a protocol that is nowhere": (
        BOARD + 'protocol = "gredy"\n[protocols.greedy]\ntemperature = 0.0\n',
        "suites[0].protocol: names the protocol 'gredy', which is not configured."
        " Did you mean greedy? Add a table [protocols.gredy].",
    ),
    "a misspelt finding": (
        BOARD + '[policy]\nincomplet = "off"\n',
        "policy.incomplet: no such finding. Did you mean incomplete?"
        " The codes are those that `cardboard check` prints.",
    ),
    "a verdict that is none": (
        BOARD + '[policy]\nincomplete = "warn"\n',
        'policy.incomplete: "warn" is none of its words. Did you mean warning?'
        " Write one of: unranked, warning, info, off.",
    ),
    "a misspelt limit": (
        BOARD + "[thresholds]\nanswer-cut = 3\n",
        "thresholds.answer-cut: no such limit. Did you mean answers-cut? Limits:"
        " answers-blank, answers-cut,"
        " answers-equal-reference, valid-json-low.",
    ),
    "a kind that is none": (
        BOARD + 'kind = "replays"\n',
        "suites[0].kind: there is no kind 'replays'. Did you mean replay?"
        " Kinds: replay, home, shell, calls, reported.",
    ),
    "a unit that is none": (
        REPORTED + 'unit = "percentage"\n',
        'suites[0].metrics[0].unit: "percentage" is none of its words. Did you mean percent?'
        " Write one of: share, percent, points, seconds, tokens, bytes, count, bits, ratio.",
    ),
    "a metric with a name for people": (
        REPORTED.replace('"acc"', '"Accuracy (%)"'),
        'suites[0].metrics[0].id: "Accuracy (%)" does not fit.'
        " Write lower-case letters, digits and _, as in bits_per_byte.",
    ),
    "an overview of a misspelt suite": (
        BOARD + '[overview]\nsuites = ["min"]\n',
        "overview.suites[0]: there is no suite 'min'. Did you mean mini? Suites: mini-1.",
    ),
    "a text without quotes": (
        edited('"mini"', "mini"),
        'line 4: is not TOML: invalid value: name = mini. Put the text in quotes: name = "mini"',
    ),
    "a colon": (
        edited('name = "mini"', 'name: "mini"'),
        "line 4: is not TOML: expected '=' after a key in a key/value pair: name: \"mini\"."
        ' Write name = "mini"',
    ),
    "a word of Python": (
        BOARD + "[hub]\neval_results = True\n",
        "line 8: is not TOML: invalid value: eval_results = True. Write eval_results = true",
    ),
    "a decimal comma": (
        BOARD + "[fits]\nmargin = 0,5\n",
        "line 8: is not TOML: expected newline or end of document after a statement: margin = 0,5."
        " Write margin = 0.5",
    ),
    "a path of Windows": (
        BOARD + 'rows = "C:\\Users\\rows.jsonl"\n',
        'line 7: is not TOML: invalid hex value: rows = "C:\\Users\\rows.jsonl".'
        " Write rows = '...' with single quotes: there a backslash is a backslash.",
    ),
    "a table that stands twice": (
        BOARD + '[board]\ntitle = { en = "B" }\n',
        "line 7: is not TOML: cannot declare ('board',) twice: [board]. Each table and key stands"
        " once: put both into one, or begin a list with [[...]].",
    ),
    "a country for a language": (
        edited("[board]", '[board]\nlanguages = ["en", "kr"]'),
        "board.languages[1]: there is no catalogue for the language 'kr'. Did you mean ko?"
        " There are: en, ko, zh. Another one is a file locale/CODE.po with the messages that you"
        " translate.",
    ),
    "the name of a language for cards": (
        BOARD + '[cards]\nlanguages = ["English"]\n',
        "cards.languages[0]: there is no catalogue for the language 'English'. Did you mean en?"
        " There are: en, ko, zh. Another one is a file locale/CODE.po with the messages that you"
        " translate.",
    ),
    "no language": (
        edited("[board]", "[board]\nlanguages = []"),
        'board.languages: is empty. Write languages = ["en"]',
    ),
    "a language that stands twice": (
        edited("[board]", '[board]\nlanguages = ["en", "en"]'),
        "board.languages[1]: en is there twice. Name each language once.",
    ),
    "a title in no language of the board": (
        edited("en =", "fr ="),
        'board.title: has no text in en or ko. Write title = { en = "..." }',
    ),
    "an address without https": (
        edited("[board]", '[board]\nsite_url = "example.org"'),
        "board.site_url: is no address of a web page. Write an address that begins with https://,"
        " or delete the key.",
    ),
    "an address for an organisation": (
        edited("[board]", '[board]\norganisation = "https://huggingface.co/lab"'),
        "board.organisation: 'https://huggingface.co/lab' is no name on the Hub. Write the name"
        " alone, without an address, spaces or slashes.",
    ),
    "a date for a version": (
        edited('"1"', "2026-11-01"),
        'suites[0].version: must be a text in quotes, and is a date. Write version = "..."',
    ),
    "a suite without a name": (
        edited('"mini"', '""'),
        "suites[0].name: '' holds neither letter nor digit. Files and addresses are called by it."
        ' Write name = "..."',
    ),
    "two suites whose names differ in case": (
        BOARD + '[[suites]]\nname = "Mini"\nversion = "1"\n',
        "suites[1]: Mini 1 is there twice. Delete one, or give it another name: no result would fit"
        " just one of them.",
    ),
    "a metric that stands twice": (
        REPORTED + '[[suites.metrics]]\nid = "acc"\n',
        "suites[0].metrics[1].id: acc is there twice. Put both tables into one, or give it another"
        " id.",
    ),
    "a verdict that is a number": (
        BOARD + "[policy]\nincomplete = 1\n",
        "policy.incomplete: must be a text in quotes, and is a whole number."
        ' Write incomplete = "unranked"',
    ),
    "a colour with a name": (
        BOARD + '[colours.light]\nlink = "blue"\n',
        'colours.light.link: "blue" does not fit. Write # and six of the signs 0-9 and a-f, as in'
        " #1a6fb5.",
    ),
    "a colour outside a scheme": (
        BOARD + '[colours]\nlink = "#1a6fb5"\n',
        "colours.link: no such key. It belongs under [colours.light].",
    ),
    "a misspelt section": (
        BOARD + '[cards]\nsections = ["sumary", "results"]\n',
        "cards.sections[0]: there is no section 'sumary'. Did you mean summary? Sections: summary,"
        " results, trained, measured, notes, interpretation, run, output, safety, reading.",
    ),
    "a key that no card tells": (
        BOARD + '[cards]\nkeys = ["licence"]\n',
        "cards.keys[0]: no card tells 'licence'. Did you mean license? Keys: language,"
        " library_name, pipeline_tag, tags, base_model, base_model_relation, datasets, license,"
        " model-index.",
    ),
    "a misspelt word for a template": (
        BOARD + '[templates]\naccepted = ["gemma4_native", "chat_templates"]\n',
        "templates.accepted[1]: no result says 'chat_templates' of its template. Did you mean"
        " chat_template?",
    ),
    "a misspelt column": (
        BOARD + '[[columns]]\nname = "scor"\n',
        "columns[0].name: there is no column 'scor'. Did you mean score? Columns: rank, model,"
        " score, seconds, base, parameters, size, leader, organisation, family, relation, backend,"
        " evidence, template, date, level, findings, and the ids of metrics.",
    ),
    "a note that stands twice": (
        BOARD + NOTE + NOTE,
        "notes[1].id: n is there twice. Give each note an id of its own.",
    ),
    "a note for a misspelt kind": (
        BOARD + NOTE + 'suite_kind = "replays"\n',
        "notes[0].suite_kind: there is no kind 'replays'. Did you mean replay?"
        " Kinds: replay, home, shell, calls, reported.",
    ),
    "too many workers": (
        BOARD + "[hub]\nworkers = 64\n",
        "hub.workers: 64 must be at most 32. Write a number that is at most 32.",
    ),
    "no finite number": (
        BOARD + "[fits]\nmargin = inf\n",
        "fits.margin: is no finite number. Write a number, or leave the key out.",
    ),
    "a file of JSON": (
        '{"board": {"title": "A"}}',
        'line 1: is not TOML: invalid statement: {"board": {"title": "A"}}. Write TOML and not'
        " JSON: [TABLE] on a line, and KEY = VALUE on lines below it.",
    ),
    "an empty file": ("", "board is missing. Add it as a table of its own: [board]"),
    "a bracket that is left open": (
        edited("[board]", "[board"),
        "line 1: is not TOML: expected ']' at the end of a table declaration: [board. Close the"
        " bracket: [board]",
    ),
}
IN_MODELS = {
    "a name with dots": (
        "[LFM2.5-1B]\nepoch = 1\n",
        '[LFM2.5-1B]: a name with dots stands in quotes. Write ["LFM2.5-1B"]',
    ),
    "a key in no table": (
        'license = "mit"\n',
        "license: stands in no model's table. Put it below the name of its model:"
        ' ["organisation/model"] and license = ...',
    ),
    "a number for a repository": (
        '["m"]\nrepo = 3\n',
        "m.repo: must be a text in quotes or true or false, and is a whole number."
        ' Write repo = "..."',
    ),
    "a list of links": (
        '["m"]\nlinks = ["x"]\n',
        'm.links: must be a table, and is a list. Write links = { paper = "https://..." }',
    ),
    "a document's misspelt key": (
        '["m".document]\nproviders = { en = "x" }\n',
        "m.document.providers: no such key. The nearest known key is provider.",
    ),
    "the same alias for two": (
        '["m"]\naliases = ["x"]\n["n"]\naliases = ["x"]\n',
        "n.aliases: stands for two models, m and n. Give each name to one model only.",
    ),
    "a misspelt key": (
        '["m"]\nepochs = 2\n',
        "m.epochs: no such key. The nearest known key is epoch.",
    ),
    "a class that is none": (
        '["m"]\nclass = "model"\n',
        'm.class: "model" is none of its words. Did you mean models? Write one of: models, sweep.',
    ),
    "a size with its unit": (
        '["m"]\nparameters = "1.2B"\n',
        "m.parameters: must be a number, and is a text in quotes. Write parameters = 1.2",
    ),
    "one alias": (
        '["m"]\naliases = "x"\n',
        'm.aliases: must be a list, and is a text in quotes. Write aliases = ["x"]',
    ),
    "words in no language": (
        '["m"]\ntraining = "two epochs"\n',
        "m.training: must be a table, and is a text in quotes."
        ' Write training = { en = "two epochs", ko = "..." }',
    ),
    "a name without quotes": (
        '[org/m]\nlicense = "mit"\n',
        "line 1: is not TOML: expected ']' at the end of a table declaration: [org/m]."
        ' Put the name in quotes: ["org/m"]',
    ),
    "curly quotes": (
        '["m"]\nlicense = \u201cmit\u201d\n',
        "line 2: is not TOML: invalid value: license = \u201cmit\u201d."
        ' Write straight quotes: "...".',
    ),
    "a model that is no table": (
        "m = 2\n",
        "m: must be a table, and is a whole number. Write it as a table of its own: [m]",
    ),
}


@pytest.mark.parametrize(("board", "said"), IN_BOARD.values(), ids=IN_BOARD)
def test_a_mistake_in_the_board_is_told_with_its_key_and_what_to_write(tmp_path, board, said):
    assert told(tmp_path, board) == f"board.toml: {said}"


@pytest.mark.parametrize(("models", "said"), IN_MODELS.values(), ids=IN_MODELS)
def test_a_mistake_on_a_model_is_told_with_its_key_and_what_to_write(tmp_path, models, said):
    assert told(tmp_path, models=models) == f"models.toml: {said}"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_file_with_a_byte_order_mark_is_read(tmp_path, encoding):
    data = BOARD.encode(encoding)
    assert data.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16))
    (tmp_path / "board.toml").write_bytes(data)
    assert open_workspace(tmp_path).settings.suites[0].name == "mini"


def test_an_older_korean_encoding_is_named(tmp_path):
    (tmp_path / "board.toml").write_bytes(BOARD.replace('"A"', '"가"').encode("cp949"))
    with pytest.raises(ConfigError, match=r"board\.toml: is not UTF-8\. Save it as UTF-8"):
        open_workspace(tmp_path)


@pytest.mark.parametrize("ends", ["\r\n", "\r"])
def test_whatever_ends_its_lines_a_file_is_read(tmp_path, ends):
    (tmp_path / "board.toml").write_bytes(BOARD.replace("\n", ends).encode())
    assert open_workspace(tmp_path).settings.suites[0].name == "mini"


def test_utf_16_without_a_mark_and_a_folder_are_named(tmp_path):
    (tmp_path / "board.toml").write_bytes(BOARD.encode("utf-16-le"))
    with pytest.raises(ConfigError, match=r"board\.toml: is not UTF-8\. Save it as UTF-8"):
        open_workspace(tmp_path)
    (tmp_path / "board.toml").unlink()
    (tmp_path / "board.toml").mkdir()
    with pytest.raises(ConfigError, match=r"board\.toml: is a folder\. A file belongs there"):
        open_workspace(tmp_path)


IN_NOTES = {
    "scor >= q75(score)": "when: there is no figure 'scor'. Did you mean score?",
    "score >= q75(scor)": "when: there is no figure 'scor'. Did you mean score?",
    "score = 3": "when: is no condition. Two signs compare: ==. Write e.g. `score >= q75(score)`.",
    "score > 3 && epoch > 2": "when: is no condition. Join conditions by the words and, or, not:"
    " `score >= q75(score)` and epoch > 1.",
    "score": "when: 'score' is no comparison. Write e.g. `score >= q75(score)`.",
}


@pytest.mark.parametrize(("when", "said"), IN_NOTES.items(), ids=IN_NOTES)
def test_a_mistake_in_a_note_is_told_by_whatever_reads_the_results(tmp_path, when, said):
    (tmp_path / "results").mkdir()
    note = NOTE.replace("score > 3", when)
    (tmp_path / "board.toml").write_text(BOARD + note, "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_boards(open_workspace(tmp_path))
    assert caught.value.format_message() == f"board.toml: notes.n.{said}"

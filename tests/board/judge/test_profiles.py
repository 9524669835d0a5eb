"""Names and profiles: models.toml decides, and what a name suggests is marked as guessed."""

from cardboard.board.judge.profiles import Directory
from cardboard.board.workspace.settings import Family, Profile
from cardboard.eval.records import Model
from cardboard.tests.making import a_workspace

FAMILIES = {"lfm": Family(title={"en": "LFM"}, match=("lfm",))}


def named(model, **models):
    return Directory(a_workspace(families=FAMILIES, models=models)).name(Model(id=model))


def test_an_alias_in_any_case_leads_to_the_one_name():
    profile = Profile(aliases=("ouro_sft",), family="lfm", parameters=1.4, active_parameters=1.4)
    found = named("OURO_SFT", **{"org/Ouro-1.4B": profile})
    assert (found.name, found.profile) == ("org/Ouro-1.4B", profile)


def test_family_and_sizes_are_read_from_an_unknown_name_and_marked():
    profile = named("org/LFM2-24B-A2B-SFT").profile
    assert (profile.family, profile.parameters, profile.active_parameters) == ("lfm", 24.0, 2.0)
    assert profile.guessed == ("active_parameters", "family", "parameters")


def test_nothing_is_guessed_where_the_profile_says_it():
    profile = named("org/LFM2-24B", **{"org/LFM2-24B": Profile(parameters=23.8)}).profile
    assert profile.parameters == 23.8
    assert profile.guessed == ("family",)


def test_a_version_number_is_no_size():
    assert named("org/LFM2.5-Terminal").profile.parameters is None


def test_a_number_beyond_any_model_is_no_size():
    assert named(f"org/LFM2-{'9' * 400}B").profile.parameters is None


def test_a_base_model_is_never_guessed():
    assert named("org/LFM2-24B-SFT").profile.base_model is None


def test_a_quantised_name_of_its_own_keeps_its_profile():
    models = {"org/m-GGUF:Q4_K_M": Profile(family="lfm")}
    directory = Directory(a_workspace(families=FAMILIES, models=models))
    found = directory.name(Model(id="org/m-GGUF", quantisation="Q4_K_M"))
    assert (found.name, found.profile.family) == ("org/m-GGUF:Q4_K_M", "lfm")

"""What every backend shares: the seed of an answer, and texts that UTF-8 can hold."""

from hypothesis import given
from hypothesis import strategies as st

from cardboard.eval.engine import Sampling, seed_of, well_formed

WARM = Sampling(temperature=0.7, seed=5)


@given(st.integers(), st.text(), st.integers(0, 99))
def test_a_seed_follows_from_run_step_and_trial_and_suits_every_engine(
    seed: int, key: str, trial: int
) -> None:
    warm = Sampling(temperature=0.7, seed=seed)
    found = seed_of(warm, key, trial)
    assert found == seed_of(warm, key, trial)
    assert found is not None
    assert 0 <= found < 2**31


def test_seeds_are_those_of_yesterday_and_of_every_machine() -> None:
    assert seed_of(WARM, "task-000/3") == 1173966228
    assert seed_of(WARM, "task-000/3", trial=1) == 1943719791


def test_runs_steps_and_trials_have_seeds_of_their_own() -> None:
    seeds = [
        seed_of(Sampling(temperature=0.7, seed=seed), f"t/{step}", trial)
        for seed in range(9)
        for step in range(9)
        for trial in range(9)
    ]
    assert len(set(seeds)) == len(seeds)


def test_greedy_answers_need_no_seed_of_their_own() -> None:
    assert seed_of(Sampling(seed=5), "t/0") == 5
    assert seed_of(Sampling(temperature=1.0, seed=None), "t/0") is None


def test_half_a_character_is_replaced_and_two_halves_are_joined() -> None:
    assert well_formed("a\ud83d") == "a\ufffd"
    assert well_formed("\ud83d\ude00 안녕") == "😀 안녕"

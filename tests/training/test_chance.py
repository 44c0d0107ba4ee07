import numpy as np

from embedding_explorer.training import chance


def test_every_epoch_has_its_own_order_which_the_seed_decides() -> None:
    first, second = (chance.epoch_order(1, epoch, 50, shuffle=True) for epoch in (0, 1))
    assert sorted(first) == sorted(second) == list(range(50))
    assert list(first) != list(second)
    assert list(first) == list(chance.epoch_order(1, 0, 50, shuffle=True))
    assert list(chance.epoch_order(1, 0, 5, shuffle=False)) == [0, 1, 2, 3, 4]


def test_steps_go_on_in_the_middle_as_from_the_start() -> None:
    whole = list(chance.all_batches(3, 23, True, 4, 2, 0, 9))
    rest = list(chance.all_batches(3, 23, True, 4, 2, 4, 9))
    assert len(whole) == 9
    for (step, batches), (other, same) in zip(whole[4:], rest, strict=True):
        assert step == other
        assert [list(each) for each in batches] == [list(each) for each in same]


def test_an_epoch_has_every_picture_once() -> None:
    batches = [batch for _, step in chance.all_batches(3, 23, True, 4, 2, 0, 3) for batch in step]
    assert sorted(np.concatenate(batches)) == list(range(23))
    assert max(map(len, batches)) == 4


def test_a_single_picture_left_over_is_joined_by_another() -> None:
    assert [len(each) for each in chance.step_batches(np.arange(9), 1, 8, 1)] == [2]
    assert [len(each) for each in chance.step_batches(np.arange(1), 0, 8, 1)] == [1]


def test_numbers_differ_by_purpose_and_place() -> None:
    found = {chance.derived(5, purpose, place) for purpose in range(4) for place in range(10)}
    assert len(found) == 40
    assert all(0 <= each < 2**63 for each in found)

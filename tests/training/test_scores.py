import numpy as np

from embedding_explorer.training.scores import BestPictures, Judgement, Tally, best

SCORES = np.array([[0.7, 0.2, 0.1], [0.1, 0.123456, 0.776544], [0.3, 0.4, 0.3]], np.float32)


def test_best_classes_come_first_in_percent() -> None:
    assert best(SCORES, ["a", "b", "c"], 2)[:2] == [[("a", 70.0), ("b", 20.0)], [("c", 77.65), ("b", 12.35)]]


def test_outputs_without_a_label_are_left_out() -> None:
    assert best(SCORES, ["a", "b"])[1] == [("b", 12.35), ("a", 10.0)]


def judged(classes: list[int | None]) -> Judgement:
    tally = Tally(3)
    tally.add(SCORES, classes)
    return tally.judgement()


def test_accuracies_and_confusions() -> None:
    found = judged([0, 1, None]).to_json()
    assert found == {
        "top1_accuracy": 50.0,
        "top5_accuracy": 100.0,
        "confusion_matrix": [[1, 0, 0], [0, 0, 1], [0, 0, 0]],
        "per_class_accuracy": [100.0, 0.0, None],
    }


def test_unknown_classes_do_not_count() -> None:
    found = judged([None, 7, -1])
    assert found.top1_accuracy is None
    assert found.confusion_matrix.sum() == 0


def test_best_pictures_of_every_class_batch_by_batch() -> None:
    found, names = BestPictures(3, 2), [f"{row}.png" for row in range(len(SCORES))]
    for start in range(0, len(SCORES), 2):
        found.add(SCORES[start : start + 2], names[start : start + 2])
    for label in range(3):
        rows = sorted(range(len(SCORES)), key=lambda row: -SCORES[row, label])[:2]
        assert found.of(label) == [(names[row], round(100 * float(SCORES[row, label]), 2)) for row in rows]
    assert len(found.names) <= 6
    many = BestPictures(3, 9)
    many.add(SCORES, names)
    assert len(many.of(2)) == len(SCORES)

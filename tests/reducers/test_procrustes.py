from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from embedding_explorer.reducers.pca import fit_axes, load_axes
from embedding_explorer.reducers.procrustes import Turn, fit_turn
from embedding_explorer.reducers.umap import FittedUmap, fit_umap, load_umap

RANDOM = np.random.default_rng(0)
POINTS = RANDOM.normal(size=(60, 3)).astype(np.float32) * (5, 2, 1)


def distance(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.linalg.norm(a - b, axis=1).mean())


def test_a_rotated_copy_is_turned_back_exactly() -> None:
    spun = Rotation.from_euler("xyz", (20, 130, -75), degrees=True).apply(POINTS) + np.array([3, -2, 8])
    np.testing.assert_allclose(fit_turn(spun, POINTS)(spun), POINTS, atol=1e-5)


def test_a_mirrored_copy_too() -> None:
    np.testing.assert_allclose(fit_turn(POINTS * (-1, 1, 1), POINTS)(POINTS * (-1, 1, 1)), POINTS, atol=1e-5)


def test_the_scale_is_kept() -> None:
    turn = fit_turn(3 * POINTS, POINTS)
    np.testing.assert_allclose(turn.rotation @ turn.rotation.T, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(np.ptp(turn(3 * POINTS), axis=0), 3 * np.ptp(POINTS, axis=0), rtol=1e-5)


def test_no_other_turn_comes_nearer() -> None:
    target = Rotation.random(rng=1).apply(POINTS) + RANDOM.normal(size=POINTS.shape)
    best = ((fit_turn(POINTS, target)(POINTS) - target) ** 2).sum()
    middle = POINTS - POINTS.mean(0), target - target.mean(0)
    others = [((each.apply(middle[0]) - middle[1]) ** 2).sum() for each in Rotation.random(300, rng=2)]
    assert best < min(others)


def test_points_without_extent_are_only_moved() -> None:
    flat = np.ones((5, 3), np.float32)
    np.testing.assert_allclose(fit_turn(flat, 4 * flat)(flat), 4 * flat)


def test_the_same_points_give_the_same_bits(tmp_path: Path) -> None:
    first, second = fit_turn(POINTS, POINTS[::-1]), fit_turn(POINTS, POINTS[::-1])
    first.save(tmp_path / "turn.npz")
    for turn in (second, Turn.load(tmp_path / "turn.npz")):
        assert np.array_equal(first(POINTS), turn(POINTS))


def test_new_rows_follow_turned_axes(tmp_path: Path) -> None:
    leading = RANDOM.normal(size=(40, 6)).astype(np.float32)
    turned = fit_axes(leading).turned(fit_turn(leading[:, :3], leading[:, 2::-1]))
    turned.save(tmp_path)
    np.testing.assert_array_equal(load_axes(tmp_path)(leading), turned.points)
    assert distance(turned.points, leading[:, :3]) > 0.5


def test_new_rows_follow_a_turned_umap(tmp_path: Path) -> None:
    leading = RANDOM.normal(size=(50, 6)).astype(np.float32)
    fitted = fit_umap(leading)
    spun = Turn(Rotation.from_euler("z", 90, degrees=True).as_matrix().T, np.array([1.0, 2, 3]))
    turned: FittedUmap = fitted.turned(spun)
    turned.save(tmp_path)
    np.testing.assert_allclose(turned.points, spun(fitted.points))
    row = leading[:3] + np.float32(0.01)
    assert distance(load_umap(tmp_path)(row), spun(fitted.transform(row))) < 0.5


def test_a_layout_that_begins_at_another_stays_like_it() -> None:
    centres = RANDOM.normal(size=(6, 10)) * 4
    leading = (centres[np.arange(300) % 6] + RANDOM.normal(size=(300, 10))).astype(np.float32)
    later = (leading + RANDOM.normal(size=leading.shape) * 0.3).astype(np.float32)
    first = fit_umap(leading)
    alone, begun = fit_umap(later, seed=7), fit_umap(later, seed=7, start=first.points)
    assert begun.params["init"] == "given" and alone.params["init"] != "given"
    turned = [fit_turn(each.points, first.points)(each.points) for each in (begun, alone)]
    assert distance(turned[0], first.points) < 0.6 * distance(turned[1], first.points)
    assert distance(turned[0], first.points) < 0.4 * distance(alone.points, first.points)
    again = fit_umap(later, seed=7, start=first.points)
    assert np.array_equal(again.points, begun.points)


def test_a_layout_without_numbers_is_no_start() -> None:
    leading = RANDOM.normal(size=(50, 6)).astype(np.float32)
    assert fit_umap(leading, start=np.full((50, 3), np.nan, np.float32)).params["init"] == "spectral"

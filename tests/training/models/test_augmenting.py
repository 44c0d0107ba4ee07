import colorsys

import numpy as np
import pytest
import torch
from torch import Generator, Tensor

from embedding_explorer.training.models import augmenting


def generator(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def pictures(count: int = 64, channels: int = 3, height: int = 8, width: int = 8) -> Tensor:
    return torch.randint(0, 256, (count, channels, height, width), generator=generator(9)).float()


def is_one_of(x: Tensor, options: list[Tensor]) -> list[int]:
    """Which of the options a picture is."""
    return [next(i for i, each in enumerate(options) if torch.equal(each[n], x[n])) for n in range(len(x))]


@pytest.mark.parametrize(("kind", "axes"), [("fliplr", [(3,)]), ("flipud", [(2,)]), ("fliplrud", [(3,), (2,), (2, 3)])])
def test_flips_happen_half_of_the_time(kind: str, axes: list[tuple[int, ...]]) -> None:
    x = pictures(400)
    found = is_one_of(augmenting.flip(x, kind, generator()), [x, *(x.flip(each) for each in axes)])
    counts = np.bincount(found, minlength=len(axes) + 1) / len(x)
    assert np.allclose(counts, 1 / (len(axes) + 1), atol=0.08)


@pytest.mark.parametrize(("kind", "quarters"), [("rot90", (0, 1, 3)), ("rot180", (0, 2)), ("rotall", (0, 1, 2, 3))])
def test_quarter_turns_are_equally_likely(kind: str, quarters: tuple[int, ...]) -> None:
    x = pictures(400)
    found = is_one_of(augmenting.turn(x, kind, generator()), [x.rot90(each, (2, 3)) for each in quarters])
    assert np.allclose(np.bincount(found) / len(x), 1 / len(quarters), atol=0.08)


def test_hue_saturation_and_value_are_those_of_the_standard_library() -> None:
    x = pictures(4) / 255
    hsv = torch.stack(augmenting._to_hsv(x), 1)
    for n, c, r in ((0, 0, 0), (1, 3, 5), (3, 7, 7)):
        assert hsv[n, :, c, r].tolist() == pytest.approx(colorsys.rgb_to_hsv(*x[n, :, c, r].tolist()), abs=1e-5)
    assert torch.allclose(augmenting._to_rgb(*hsv.unbind(1)), x, atol=1e-5)


def test_colours_shift_by_the_deviations() -> None:
    x = torch.tensor([200.0, 100.0, 100.0]).view(1, 3, 1, 1).repeat(2000, 1, 4, 4)
    shifted = augmenting.shift_colours(x, (0.02, 0.0, 0.05), generator())
    _, saturation, value = augmenting._to_hsv(shifted / 255)
    assert torch.allclose(saturation, torch.tensor(0.5), atol=1e-3)
    assert value[:, 0, 0].std().item() == pytest.approx(0.05, rel=0.1)
    assert torch.equal(shifted[:, :, 0, 0], shifted[:, :, 3, 3])


def test_noise_and_contrast_have_the_sizes_asked_for() -> None:
    x = pictures(200)
    assert (augmenting.noise(x, 0.03, generator()) - x).std().item() == pytest.approx(0.03 * 255, rel=0.02)
    changed = augmenting.contrast(x, 0.5, generator())
    assert torch.allclose(changed.mean((2, 3)), x.mean((2, 3)), atol=1e-2)
    factor = changed.std((2, 3)) / x.std((2, 3))
    assert factor.min() > 0.49 and factor.max() < 1.51 and factor.std() > 0.2


def test_whitening() -> None:
    x = augmenting.whiten(torch.cat([pictures(3), torch.full((1, 3, 8, 8), 7.0)]))
    assert torch.allclose(x[:3].mean((1, 2, 3)), torch.zeros(3), atol=1e-5)
    assert torch.allclose(x[:3].std((1, 2, 3), correction=0), torch.ones(3), atol=1e-5)
    assert not x[3].any()


def test_rotation_keeps_size_and_shape_of_what_is_turned() -> None:
    x = torch.zeros(50, 1, 41, 61)
    x[:, :, 15:26, 25:36] = 1  # a square in the middle of an oblong picture keeps its area
    turned = augmenting.rotate_and_zoom(x, 45, 0, generator())
    assert turned.shape == x.shape and not torch.allclose(turned, x, atol=0.1)
    assert torch.allclose(turned.sum((1, 2, 3)), x.sum((1, 2, 3)), rtol=0.03)
    assert torch.allclose(augmenting.rotate_and_zoom(x, 0, 0, generator()), x, atol=1e-4)
    areas = augmenting.rotate_and_zoom(x, 0, 0.1, generator()).sum((1, 2, 3)) / x.sum((1, 2, 3))
    assert areas.sqrt().std().item() == pytest.approx(0.1, rel=0.4)


def test_crops_are_pieces_of_the_picture() -> None:
    x = torch.arange(10.0 * 12).view(1, 1, 10, 12).repeat(300, 1, 1, 1)
    cropped = augmenting.random_crop(x, 7, generator())
    assert cropped.shape == (300, 1, 7, 7)
    corners = cropped[:, 0, 0, 0]
    assert set((corners // 12).tolist()) == set(range(4)) and set((corners % 12).tolist()) == set(range(6))
    assert torch.equal(cropped[:, 0] - corners[:, None, None], x[:, 0, :7, :7])
    assert augmenting.centre_crop(x, 6)[0, 0, 0, 0] == 2 * 12 + 3

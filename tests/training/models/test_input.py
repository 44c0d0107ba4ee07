import numpy as np
import pytest
import torch

from embedding_explorer.errors import BadInput
from embedding_explorer.training.models.input import Feed, mean_of, mean_tensor
from embedding_explorer.training.options import FLIPS, Augmentation
from tests.training.sources import Arrays, shades


def test_the_mean_is_exact_and_rounded_half_up() -> None:
    pixels = np.array([[[[0]], [[1]]], [[[1]], [[2]]], [[[1]], [[4]]], [[[0]], [[3]]]], np.uint8)
    assert mean_of(Arrays(pixels, np.zeros(4, np.int64), ["a"])).ravel().tolist() == [1, 3]
    source = shades(600, side=5, channels=3)
    assert np.array_equal(mean_of(source), np.floor(source.batch(np.arange(600))[0].mean(0) + 0.5))


def test_mean_crop_and_scale() -> None:
    pixels = torch.arange(48, dtype=torch.uint8).view(1, 4, 4, 3)
    mean = np.full((4, 4, 3), 10, np.uint8)
    mean[0] = 20
    image, pixel = mean_tensor("image", mean), mean_tensor("pixel", mean)
    assert mean_tensor("none", mean) is None
    assert pixel is not None and pixel.flatten().tolist() == [12.5] * 3
    fed = Feed(image, crop=2, scale=0.5).plain(pixels)
    assert fed.shape == (1, 3, 2, 2)
    assert fed[0, :, 0, 0].tolist() == [(15 - 10) / 2, (16 - 10) / 2, (17 - 10) / 2]
    assert Feed(image).plain(torch.zeros(1, 6, 6, 3)).shape == (1, 3, 6, 6)  # of another size, as with dont_resize


def test_training_without_changes_is_what_inference_sees() -> None:
    pixels = torch.randint(0, 256, (3, 6, 6, 1), dtype=torch.uint8)
    feed = Feed(mean_tensor("image", np.full((6, 6, 1), 99, np.uint8)))
    assert torch.equal(feed.training(pixels, torch.Generator()), feed.plain(pixels))


@pytest.mark.parametrize("flip", FLIPS)
def test_a_network_that_mirrors_draws_what_the_flip_to_the_left_draws_and_nobody_flips_twice(flip: str) -> None:
    pixels = torch.randint(0, 256, (40, 6, 6, 1), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))

    def fed(flip: str, mirror: bool) -> torch.Tensor:
        feed = Feed(None, 4, 1.0, Augmentation(flip=flip, noise=0.1, rotation=9), mirror).to(torch.device("cpu"))
        return feed.training(pixels, torch.Generator().manual_seed(1))

    both = {"none": "fliplr", "flipud": "fliplrud"}.get(flip, flip)
    assert torch.equal(fed(flip, True), fed(both, False))
    assert torch.equal(fed(flip, True), fed(flip, False)) is (flip == both)


def test_a_mirror_turns_half_of_the_training_pictures_and_none_elsewhere() -> None:
    pixels = torch.arange(4, dtype=torch.uint8).view(1, 1, 4, 1).repeat(400, 4, 1, 1)
    feed = Feed(mirror=True)
    first = feed.training(pixels, torch.Generator().manual_seed(1))[:, 0, 0, 0]
    assert set(first.tolist()) == {0, 3} and 160 < (first == 3).sum() < 240
    assert torch.equal(feed.plain(pixels), Feed().plain(pixels))


def test_all_changes_together() -> None:
    change = Augmentation("fliplrud", "rotall", 20, 0.1, 0.03, 0.5, True, (0.02, 0.04, 0.06))
    feed = Feed(None, 5, 1.0, change)
    pixels = torch.randint(0, 256, (8, 9, 9, 3), dtype=torch.uint8)
    first, again, other = (feed.training(pixels, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert first.shape == (8, 3, 5, 5) and first.isfinite().all()
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_changes_that_pictures_cannot_have_are_refused() -> None:
    with pytest.raises(BadInput, match="rot180"):
        Feed(augmentation=Augmentation(turn="rot90")).check((3, 8, 9))
    with pytest.raises(BadInput, match="three channels"):
        Feed(augmentation=Augmentation(hsv=(0.1, 0.1, 0.1))).check((1, 8, 8))


@pytest.mark.parametrize(
    "change",
    [
        Augmentation(flip="fliplr"),
        Augmentation(turn="rot180"),
        Augmentation(rotation=20),
        Augmentation(scale=0.1),
        Augmentation(noise=0.03),
        Augmentation(contrast=0.5),
        Augmentation(hsv=(0.1, 0.1, 0.1)),
    ],
)
def test_each_change_alone_changes_pictures(change: Augmentation) -> None:
    pixels = torch.randint(0, 256, (16, 9, 9, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    feed = Feed(augmentation=change)
    assert not torch.allclose(feed.training(pixels, torch.Generator().manual_seed(1)), feed.plain(pixels), atol=0.5)

"""Coordinates that look like those of real pictures: what UMAP makes of clusters, and what PCA makes of the same."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float32]
LATENT = 12  # dimensions of the space in which clusters lie
BACKGROUND = 0.03  # share of pictures that belong to no cluster
CLUSTERS_A_LABEL = (1, 2, 3)


@dataclass(frozen=True)
class Structure:
    """N pictures in K clusters.

    label: (N,) uint8. cluster: (N,) int32, -1 for background. along: (N,) float64, the place on the cluster's filament,
    -1 to 1. scatter: (N, LATENT) float64, normal. centres: (K, LATENT) float64. seed: of all of it.
    """

    label: NDArray[np.uint8]
    cluster: NDArray[np.int32]
    along: NDArray[np.float64]
    scatter: NDArray[np.float64]
    centres: NDArray[np.float64]
    seed: int

    def latent(self) -> NDArray[np.float64]:
        """(N, LATENT): clusters that overlap."""
        return self.centres[self.cluster] * (self.cluster >= 0)[:, None] + 0.8 * self.scatter

    def features(self, dimension: int) -> NDArray[np.float16]:
        """(N, dimension) float16: the latent space, turned."""
        turn = np.random.default_rng(self.seed + 1).normal(size=(LATENT, dimension))
        return (self.latent() @ turn).astype(np.float16)


def structure(images: int, labels: int, seed: int) -> Structure:
    """Pictures in upload order, which says nothing about where they lie; labels and clusters of unequal size."""
    random = np.random.default_rng(seed)
    owner = np.repeat(np.arange(labels), random.choice(CLUSTERS_A_LABEL, labels))
    weight = random.lognormal(0, 0.7, len(owner))
    cluster = random.choice(len(owner), images, p=weight / weight.sum()).astype(np.int32)
    label = owner[cluster].astype(np.uint8)
    cluster[random.random(images) < BACKGROUND] = -1
    centres = random.normal(size=(len(owner), LATENT)) * np.linspace(3, 1, LATENT)
    return Structure(label, cluster, random.uniform(-1, 1, images), random.normal(size=(images, LATENT)), centres, seed)


def pca_points(made: Structure) -> Points:
    """(N, 3) float32: the three directions in which the latent space is widest, in the order of their width."""
    latent = made.latent()
    centred = latent - latent.mean(axis=0)
    _, _, axes = np.linalg.svd(centred[:: max(1, len(centred) // 20_000)], full_matrices=False)
    return (centred @ axes[:3].T).astype(np.float32)


def umap_points(made: Structure) -> Points:
    """(N, 3) float32: separate islands, round or drawn out along a curve, and a haze between them."""
    random = np.random.default_rng(made.seed + 2)
    count = len(made.centres)
    centre = islands(count, random)
    length = np.where(random.random(count) < 0.5, random.uniform(0.8, 2.2, count), 0.2)
    width = random.uniform(0.12, 0.38, (count, 3))
    direction, bend = unit(random.normal(size=(2, count, 3)))
    of, s = made.cluster, made.along[:, None]
    # A bent line with knots, denser here and there, is what UMAP makes of pictures that change gradually.
    knots = s + 0.15 * np.sin(9 * s)
    curve = direction[of] * knots + bend[of] * (0.7 * s**2 - 0.25)
    points = centre[of] + curve * length[of][:, None] + made.scatter[:, :3] * width[of] * (1.2 - 0.5 * np.abs(s))
    haze = 2 * np.tanh(made.scatter[:, :3] / 2) * centre.std(axis=0)
    return np.where((of < 0)[:, None], haze, points).astype(np.float32)


def islands(count: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Centres (count, 3) in a flattened ball, pushed apart where they are too close."""
    centre = random.normal(size=(count, 3)) * (4.5, 4.0, 2.5)
    for _ in range(60):
        apart = centre[:, None] - centre[None, :]
        distance = np.linalg.norm(apart, axis=2) + np.eye(count)
        push = np.where((distance < 2.2) & (distance > 0), (2.2 - distance) / distance, 0)
        np.fill_diagonal(push, 0)
        centre += 0.25 * (apart * push[:, :, None]).sum(axis=1)
    return centre


def unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each of length 1."""
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)

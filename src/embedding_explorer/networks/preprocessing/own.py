"""The explorer's own networks in the words of the networks API."""

from embedding_explorer.images.decode import InputSpec
from embedding_explorer.networks.preprocessing.fields import ImageInput, Preprocessing


def describe(spec: InputSpec, tensor_name: str = "data") -> Preprocessing:
    """What such a network takes when it is served through the networks API (networks contract, section 15).

    The whole image fits the square; `spec.resize`, a rim that is cut off when datasets are made, cannot be said in
    these words. Mean and deviation are not said either: that step belongs to the served model.
    """
    size = f"{spec.size}x{spec.size}"
    image = ImageInput(tensor_name, "NCHW", "CROP", size, "RGB", pixel_scaling=1.0)
    return Preprocessing((image,), batched_output=False)

"""`architecture.json`: which of torchvision's networks a state dict belongs to, read without torchvision."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from embedding_explorer.errors import BadInput

FILE = "architecture.json"
MAX_BYTES = 65_536
MAX_CLASSES = 100_000
# torchvision's classification models, as `torchvision.models.list_models(module=torchvision.models)` says.
_NAMES = """alexnet convnext_base convnext_large convnext_small convnext_tiny densenet121 densenet161 densenet169 densenet201
efficientnet_b0 efficientnet_b1 efficientnet_b2 efficientnet_b3 efficientnet_b4 efficientnet_b5 efficientnet_b6
efficientnet_b7 efficientnet_v2_l efficientnet_v2_m efficientnet_v2_s googlenet inception_v3 maxvit_t mnasnet0_5
mnasnet0_75 mnasnet1_0 mnasnet1_3 mobilenet_v2 mobilenet_v3_large mobilenet_v3_small regnet_x_16gf regnet_x_1_6gf
regnet_x_32gf regnet_x_3_2gf regnet_x_400mf regnet_x_800mf regnet_x_8gf regnet_y_128gf regnet_y_16gf regnet_y_1_6gf
regnet_y_32gf regnet_y_3_2gf regnet_y_400mf regnet_y_800mf regnet_y_8gf resnet101 resnet152 resnet18 resnet34
resnet50 resnext101_32x8d resnext101_64x4d resnext50_32x4d shufflenet_v2_x0_5 shufflenet_v2_x1_0 shufflenet_v2_x1_5
shufflenet_v2_x2_0 squeezenet1_0 squeezenet1_1 swin_b swin_s swin_t swin_v2_b swin_v2_s swin_v2_t vgg11 vgg11_bn
vgg13 vgg13_bn vgg16 vgg16_bn vgg19 vgg19_bn vit_b_16 vit_b_32 vit_h_14 vit_l_16 vit_l_32 wide_resnet101_2
wide_resnet50_2"""
NAMES = tuple(_NAMES.split())
# These alone have auxiliary classifiers and a step in front that changes the scale of its input.
WITH_AUXILIARY = ("googlenet", "inception_v3")
_FLAGS = ("aux_logits", "transform_input")


@dataclass(frozen=True)
class Architecture:
    """A network of torchvision and the options that it is built with."""

    name: str
    options: Mapping[str, int | bool] = field(default_factory=dict)


def read_architecture(path: Path) -> Architecture:
    """The architecture in a file; raises BadInput, naming the first fault."""
    value = _object(path)
    if unknown := value.keys() - {"name", "options"}:
        raise BadInput(f'has the unknown key {min(unknown)[:80]!r}; it has a "name" and may have "options"')
    name, options = value.get("name"), value.get("options", {})
    if name not in NAMES:
        raise BadInput(f"must name one of torchvision's classification models ({', '.join(NAMES)}), not {_shown(name)}")
    if not isinstance(options, dict):
        raise BadInput(f'must have an object as "options", not {_shown(options)}')
    for key, option in options.items():
        _check_option(name, key, option)
    return Architecture(name, options)


def _object(path: Path) -> dict[str, object]:
    if path.stat().st_size > MAX_BYTES:
        raise BadInput(f"has more than {MAX_BYTES} bytes")
    try:
        value = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise BadInput("is no JSON") from error
    if not isinstance(value, dict):
        raise BadInput('must be an object such as {"name": "resnet50", "options": {"num_classes": 10}}')
    return value


def _check_option(name: str, key: str, option: object) -> None:
    if key == "num_classes":
        if type(option) is not int or not 1 <= option <= MAX_CLASSES:
            raise BadInput(f"must have a whole number from 1 to {MAX_CLASSES} as num_classes, not {_shown(option)}")
    elif key not in _FLAGS:
        raise BadInput(f"has the unknown option {key[:80]!r}; known are num_classes, {', '.join(_FLAGS)}")
    elif name not in WITH_AUXILIARY:
        raise BadInput(f"has the option {key}, which {name} does not take; {' and '.join(WITH_AUXILIARY)} do")
    elif not isinstance(option, bool):
        raise BadInput(f"must have true or false as {key}, not {_shown(option)}")


def _shown(value: object) -> str:
    return repr(value)[:80]

"""`s_graph` of a run without a structure graph: the layers of a traced network, derived from its computation graph.

The steps are those of the contract's chapter 8.4; steps 7 and 8 (virtual nodes, copies of activations), which it leaves
open, are not done.
"""

from collections import defaultdict
from typing import Any

from embedding_explorer.runs.graph_tree import MAX_EDGES, Node, Tree, check

# Classes of torch.nn that are drawn as one node. Containers, embeddings, upsampling and transformers are not.
IN_DIMENSIONS = """
Conv ConvTranspose LazyConv LazyConvTranspose MaxPool MaxUnpool AvgPool LPPool AdaptiveMaxPool AdaptiveAvgPool
FractionalMaxPool ReflectionPad ReplicationPad ZeroPad ConstantPad CircularPad BatchNorm LazyBatchNorm InstanceNorm
LazyInstanceNorm Dropout
"""
OTHERS = """
Linear Bilinear LazyLinear Identity Flatten Unflatten MultiheadAttention BertLayer BertEmbeddings
ELU Hardshrink Hardsigmoid Hardtanh Hardswish LeakyReLU LogSigmoid PReLU ReLU ReLU6 RReLU SELU CELU GELU GLU Sigmoid
SiLU Mish Softplus Softshrink Softsign Tanh Tanhshrink Threshold Softmin Softmax Softmax2d LogSoftmax
AdaptiveLogSoftmaxWithLoss
GroupNorm SyncBatchNorm LayerNorm RMSNorm LocalResponseNorm CrossMapLRN2d
Dropout AlphaDropout FeatureAlphaDropout
RNNBase RNN LSTM GRU RNNCellBase RNNCell LSTMCell GRUCell
L1Loss MSELoss CrossEntropyLoss CTCLoss NLLLoss NLLLoss2d PoissonNLLLoss GaussianNLLLoss KLDivLoss BCELoss
BCEWithLogitsLoss MarginRankingLoss HingeEmbeddingLoss MultiLabelMarginLoss HuberLoss SmoothL1Loss SoftMarginLoss
MultiLabelSoftMarginLoss CosineEmbeddingLoss MultiMarginLoss TripletMarginLoss TripletMarginWithDistanceLoss
LinearCrossEntropyLoss
"""
LAYERS = frozenset(f"{kind}{n}d" for kind in IN_DIMENSIONS.split() for n in (1, 2, 3)) | frozenset(OTHERS.split())
INPUT, OUTPUT = "input", "output"
# What only carries values from one operation to another; labels as step 5 makes them.
PLUMBING = frozenset(
    ("TupleConstruct", "TupleUnpack", "ListConstruct", "Constant", "size", "NumToTensor", "Int", "slice", "to")
)


def derived_graph(tree: Tree) -> list[dict[str, Any]]:
    """The flat list of nodes; raises LimitExceeded. The tree stays as it is."""
    kept = {node.uid: node for node in chosen(tree)}
    nodes = {uid: flat(node) for uid, node in kept.items()}
    for uid, node in nodes.items():
        node["targets"] = {t["id"]: t for t in wanted_targets(kept[uid], nodes)}
    remove_plumbing(nodes)
    return [rendered(node) for node in nodes.values()]


def chosen(tree: Tree) -> list[Node]:
    """The nodes that stay, in order; steps 1 to 3."""
    found: list[Node] = []
    for node in tree.top:
        name = node.label.lower()
        if name == INPUT and len(node.children) > 1:
            for child in node.children:
                keep(child, found)
        elif name in (INPUT, OUTPUT):
            found.append(node)
        else:
            keep(node, found)
    return found


def keep(node: Node, found: list[Node]) -> bool:
    """Note what stays of a node and its inside; whether it is a layer or has one inside."""
    if is_layer(node):
        found.append(node)
        return True
    place = len(found)
    layers = [keep(child, found) for child in node.children]
    if any(layers):
        return True
    found.insert(place, node)
    return False


def is_layer(node: Node) -> bool:
    """Whether the node's label is the class of a layer, its name in brackets left out."""
    return bool(node.children) and node.label.partition("[")[0] in LAYERS


def wanted_targets(node: Node, kept: dict[str, Any]) -> list[dict[str, Any]]:
    """The edges of a node to others that stay; step 4."""
    ids = [uid for uid in node.targets if uid in kept and not (OUTPUT in uid and uid != OUTPUT)]
    targets = [node.targets[uid].to_json(uid) for uid in ids]
    if not node.op and len(targets) > 1 and any(target["info"] for target in targets):
        return [target for target in targets if target["info"]]
    return targets


def flat(node: Node) -> dict[str, Any]:
    """The node alone, at the top; step 5."""
    label = node.op.partition("::")[2].replace("_", "") if "::" in node.op else node.label
    made = {"label": label, "parent": "", "uid": node.uid, "op": node.op, "layer": 1, "attrs": node.attrs}
    return {**made, "targets": {}, "sub_net": []}


def remove_plumbing(nodes: dict[str, dict[str, Any]]) -> None:
    """Let the edges of what only carries values start where those to it start; step 6."""
    into: dict[str, dict[str, None]] = defaultdict(dict)
    for uid, node in nodes.items():
        for target in node["targets"]:
            into[target][uid] = None
    edges = sum(len(node["targets"]) for node in nodes.values())
    for uid in [uid for uid, node in nodes.items() if node["label"] in PLUMBING]:
        onward = nodes.pop(uid)["targets"]
        before = [source for source in into.pop(uid, {}) if source in nodes]
        edges += len(before) * len(onward)
        check("edges", edges, MAX_EDGES)
        for source in before:
            del nodes[source]["targets"][uid]
            for target, edge in onward.items():
                if target in nodes and target != source:
                    nodes[source]["targets"].setdefault(target, edge)
                    into[target][source] = None


def rendered(node: dict[str, Any]) -> dict[str, Any]:
    """As the answer has it: names without slashes."""
    targets = [{**target, "id": flat_name(target["id"])} for target in node["targets"].values()]
    return {**node, "uid": flat_name(node["uid"]), "targets": targets}


def flat_name(uid: str) -> str:
    """A full name in a graph without scopes; also how tags of feature maps spell it."""
    return uid.replace("/", "to")

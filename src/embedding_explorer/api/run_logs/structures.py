"""Parameters of the endpoints of embeddings, tensors, graphs, hyper-parameters and the contract's chapter 9."""

from embedding_explorer.api.run_logs.parameters import Endpoint

RUN_TAG = ("run", "tag")
RUN_TAG_STEP = ("run", "tag", "step")
STEP = ("step",)
ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint("projector", RUN_TAG),
    # `reducer=umap` is our own: the contract refuses any `method` but its two.
    Endpoint("projector_data", (*RUN_TAG_STEP, "method"), optional=("dims", "reducer"), integers=("step", "dims")),
    Endpoint("projector_raw", RUN_TAG_STEP, integers=STEP),
    Endpoint("projector_sample", (*RUN_TAG, "index"), integers=("index",), dialects=True),
    Endpoint("graph", ("run",), optional=("tag",), dialects=True),
    Endpoint("exception", RUN_TAG, dialects=True),
    Endpoint("exception_data", RUN_TAG_STEP, integers=STEP),
    Endpoint("exception_hist", RUN_TAG_STEP, integers=STEP, dialects=True),
    Endpoint("exception_box", (*RUN_TAG_STEP, "up", "down"), integers=STEP, numbers=("up", "down")),
    Endpoint("hyperparm", ("run",), dialects=True),
    Endpoint("featuremap", (*RUN_TAG, "range", "task"), integers=("range",)),
    Endpoint("transformer_text", RUN_TAG),
    Endpoint("transformer_image", (*RUN_TAG, "l", "x", "y", "g", "r")),
    Endpoint("state", (*RUN_TAG, "pos", "range"), integers=("pos", "range")),
    Endpoint(
        "state_select", (*RUN_TAG, "pattern", "threshold", "length"), integers=("length",), numbers=("threshold",)
    ),
)

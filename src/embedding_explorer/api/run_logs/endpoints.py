"""Every endpoint of the API, with its parameters (contract, chapter 6) and the other names that it has."""

from embedding_explorer.api.run_logs import structures
from embedding_explorer.api.run_logs.parameters import Endpoint

RUN_TAG, STEP_RUN_TAG = ("run", "tag"), ("step", "run", "tag")
# `wait` is our own: seconds until `init` answers though not all is read. Our page asks for none, and shows what there is.
INIT = Endpoint("init", ("id", "trainJobName"), optional=("wait",), numbers=("wait",))
OWN = (
    Endpoint("getCategory", dialects=True),
    Endpoint("scalar", RUN_TAG, optional=("form",)),
    Endpoint("image", RUN_TAG),
    Endpoint("image_raw", STEP_RUN_TAG, integers=("step",), dialects=True),
    Endpoint("histogram", RUN_TAG, optional=("samples",), integers=("samples",)),
    Endpoint("distribution", RUN_TAG, optional=("samples",), integers=("samples",)),
    Endpoint("text", RUN_TAG, dialects=True),
    Endpoint("audio", RUN_TAG),
    Endpoint("audio_raw", STEP_RUN_TAG, integers=("step",), dialects=True),
)
ENDPOINTS = (*OWN, *structures.ENDPOINTS)
ALIASES = {"hyperparm": ("hyperparam", "hparams")}
# Spellings of parameters, the first being the one that is used here.
SPELLINGS = {"id": ("id", "uid"), "trainJobName": ("trainJobName", "train_job_name", "trainjobname")}

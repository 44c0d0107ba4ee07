"""Event files of trainings: found, read, followed, and answered from.

All of this room but `listing`, the checks of `reduction` and what these two import works in a process of its own
(`jobs.log_reader`), which alone holds the packages tensorboard and protobuf. The web process knows only the names of the
endpoints and sends them typed arguments; what an endpoint returns goes back as bytes.

How to add an endpoint:

1. Write a function here, `def projector(logs: LogSet, *, dialect: str, run: str, tag: str) -> object`, one keyword for
   each parameter of the contract (optional ones with their default), and put it into a table `{"projector": projector}`
   that `answers.ENDPOINTS` takes in (`answers.py`: scalars and media; `structures.py`: everything else).
2. Describe its parameters in `api/run_logs` (`parameters.Endpoint`; tables in `endpoints.py` and `structures.py`).

An endpoint returns a JSON value (numpy arrays of float64 or integers included; NaN and infinities become null by
themselves, float32 must become float64 first so that no digit is lost) or `Media` (bytes; in the dialect `web` they
become a data URL by themselves). It raises `NoLogData`, `NoLogStep` or `BadLogParameter` of `errors`.
"""

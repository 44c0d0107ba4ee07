"""Features in, three coordinates out: fit, transform, save and load the reducers.

`fit_pca` turns features (N, D) into leading components (N, K); each reducer of the table works on those. A further one
is a function that fits, one that loads, and a line here.
"""

from embedding_explorer.errors import UnknownReducer
from embedding_explorer.reducers.base import Reducer
from embedding_explorer.reducers.pca import fit_axes, load_axes
from embedding_explorer.reducers.umap import fit_umap, load_umap

REDUCERS = {
    "pca": Reducer(fit=fit_axes, load=load_axes),
    "umap": Reducer(fit=fit_umap, load=load_umap, takes_start=True),
}


def find_reducer(name: str) -> Reducer:
    """Give the reducer of that name.

    Raises:
        UnknownReducer: There is none; the message lists those there are.
    """
    try:
        return REDUCERS[name]
    except KeyError:
        raise UnknownReducer(f"Invalid reducing method. Available: {', '.join(REDUCERS)}", reducer=name) from None

"""umap-learn's weighted graph, from a neighbour graph of ours: all that touches its private functions.

Its functions are taken as they are, as Python, and compiled so that the machine code is kept on the disk: umap-learn
compiles them anew in each process, which takes five seconds. (McInnes, Healy, Melville: UMAP, arXiv:1802.03426.)
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer import machine_code
from explorer.projection.graph import Graph


@dataclass(frozen=True, eq=False)
class Edges:
    """A symmetric weighted graph of n rows, row by row: those of row i are `starts[i]` … `starts[i + 1]`.

    `others` int32 and `weights` float32 (m,), weights in (0, 1].
    """

    starts: NDArray[np.int64]
    others: NDArray[np.int32]
    weights: NDArray[np.float32]


def fuzzy_edges(graph: Graph, epochs: int) -> Edges:
    """The fuzzy union of all rows' neighbourhoods, without the edges too weak to be drawn once in `epochs`.

    As `umap.umap_.fuzzy_simplicial_set` with precomputed neighbours makes it, and `simplicial_set_embedding` prunes it.
    """
    from scipy.sparse import csr_matrix

    smooth, strengths = _from_umap()
    n, k = graph.rows.shape
    sigmas, rhos = smooth(graph.distances, float(k))
    rows, columns, values, _ = strengths(graph.rows, graph.distances, sigmas, rhos)
    directed = csr_matrix((values, (rows, columns)), shape=(n, n))
    directed.eliminate_zeros()
    transposed = directed.T.tocsr()
    union = directed + transposed - directed.multiply(transposed)
    union.data[union.data < union.data.max(initial=0.0) / epochs] = 0.0
    union.eliminate_zeros()
    return Edges(union.indptr.astype(np.int64), union.indices.astype(np.int32), union.data.astype(np.float32))


def curve(spread: float, min_dist: float) -> tuple[float, float]:
    """The a and b of 1 / (1 + a·d^2b), UMAP's likeness of two points at distance d on the map."""
    a, b = _umap().find_ab_params(spread, min_dist)
    return float(a), float(b)


def epochs_per_sample(weights: NDArray[np.float32], epochs: int) -> NDArray[np.float32]:
    """Every how many epochs each edge is drawn, float32 (m,)."""
    return np.asarray(_umap().make_epochs_per_sample(weights, epochs), np.float32)


@cache
def _umap() -> Any:
    """The module that holds umap-learn's functions; importing it warns of a TensorFlow that nobody here asked for."""
    with machine_code.kept(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from umap import umap_
    return umap_


@cache
def _from_umap() -> tuple[Callable[..., Any], Callable[..., Any]]:
    """umap-learn's `smooth_knn_dist` and `compute_membership_strengths`, compiled with its own types."""
    import numba

    number = numba.types.float32
    smooth = dict.fromkeys(("psum", "lo", "mid", "hi"), number)
    strengths = {"knn_dists": number[:, ::1], "sigmas": number[::1], "rhos": number[::1], "val": number}

    def compiled(function: Any, types: dict[str, Any]) -> Callable[..., Any]:
        return machine_code.compiled(function.py_func, nogil=True, locals=types)

    return compiled(_umap().smooth_knn_dist, smooth), compiled(_umap().compute_membership_strengths, strengths)

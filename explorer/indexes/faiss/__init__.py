"""Faiss: flat, cells, codes, graphs, and all that its factory puts together (github.com/facebookresearch/faiss)."""

from __future__ import annotations

from explorer.indexes.faiss.cells import FaissIvf, FaissIvfpq
from explorer.indexes.faiss.factory import FaissFactory
from explorer.indexes.faiss.flat import FaissFlat, FaissSq
from explorer.indexes.faiss.graph import FaissHnsw

TYPES = (FaissFlat(), FaissIvf(), FaissIvfpq(), FaissSq(), FaissHnsw(), FaissFactory())

"""What a configuration of TensorFlow's Embedding Projector says, as JSON or as protocol buffer text."""

from __future__ import annotations


def is_config(head: bytes) -> bool:
    """Whether a file begins as a projector's configuration does: embeddings, each with the path of a tensor."""
    return b"embeddings" in head[:4096] and (b"tensorPath" in head or b"tensor_path" in head)

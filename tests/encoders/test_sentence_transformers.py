"""Folders of sentence-transformers: what is done without the library, and what is never done."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from explorer.encoders import encoder_named, types
from explorer.encoders.sentence_transformers import PIP, SentenceTransformers
from explorer.errors import BadFile, Unavailable

MODULES = [
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
    {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
]


def folder(tmp_path: Path, modules: object) -> Path:
    (tmp_path / "modules.json").write_text(json.dumps(modules))
    return tmp_path


@pytest.mark.skipif(find_spec("sentence_transformers") is not None, reason="the library is here")
def test_without_the_library_it_says_how_to_get_it(tmp_path: Path) -> None:
    assert types()["sentence-transformers"].takes(str(folder(tmp_path, MODULES)))
    with pytest.raises(Unavailable, match="pip install") as told:
        encoder_named(str(tmp_path))
    assert PIP in str(told.value)


@pytest.mark.parametrize(
    ("modules", "what"),
    [
        ([{"path": "", "type": "os.system"}], "code that is not the library's own"),
        ([{"path": "../..", "type": "sentence_transformers.models.Transformer"}], "outside its folder"),
        ([], "cannot be read"),
        ({"a": 1}, "cannot be read"),
    ],
)
def test_other_peoples_code_is_not_run(tmp_path: Path, modules: object, what: str) -> None:
    with pytest.raises(BadFile, match=what):
        SentenceTransformers().opened(str(folder(tmp_path, modules)))


def test_a_pickle_is_not_opened(tmp_path: Path) -> None:
    (folder(tmp_path, MODULES) / "pytorch_model.bin").write_bytes(b"\x80\x04")
    with pytest.raises(BadFile, match="never unpickled"):
        SentenceTransformers().opened(str(tmp_path))
    (tmp_path / "model.safetensors").write_bytes(b"")
    assert SentenceTransformers().opened(str(tmp_path)).name == str(tmp_path)


STAND_IN = """
import numpy as np
class SentenceTransformer:
    def __init__(self, folder, local_files_only, trust_remote_code):
        assert local_files_only and not trust_remote_code
    def encode(self, texts, **options):
        return np.array([[len(text), 1, 2] for text in texts], "f4")
    def encode_query(self, texts, **options):
        return -self.encode(texts)
"""
"""What the library promises, in a file that is found in its place: the library itself weighs gigabytes."""


def test_it_asks_the_library(tmp_path: Path) -> None:
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "sentence_transformers.py").write_text(STAND_IN)
    (tmp_path / "model").mkdir()
    model = folder(tmp_path / "model", MODULES)
    script = f"""
import sys; sys.path.insert(0, {str(tmp_path / "library")!r})
from explorer.encoders import encoder_named
encoder = encoder_named({str(model)!r})
print(encoder.encode(["abc"] * 40).shape, encoder.encode_query("four").tolist(), encoder.dimensions)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "(40, 3) [-4.0, -1.0, -2.0] 3", done.stderr

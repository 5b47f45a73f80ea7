"""Files of kinds that are not read here: made by their own libraries, never executed, and told in a sentence."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import pickle
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from explorer.errors import BadFile, Refused
from explorer.formats import archives, reading

VECTORS = np.arange(60, dtype=np.float32).reshape(12, 5)


class Bomb:
    """What a hostile pickle holds: loading it makes a folder."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.mark),)


def refused(path: Path) -> Refused:
    with pytest.raises(Refused) as caught:
        reading.recognised(path)
    said = str(caught.value)
    assert said.startswith(f"{path}: ")
    assert "\n" not in said
    return caught.value


def test_the_bomb_is_one(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(Bomb(tmp_path / "mark")))
    assert (tmp_path / "mark").is_dir()


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("name", ["x.pkl", "x.bin", "x.npy", "x.csv", "x.txt"])
def test_a_pickle_is_never_unpickled_whatever_its_name(tmp_path: Path, protocol: int, name: str) -> None:
    mark = tmp_path / "mark"
    path = tmp_path / name
    for held in (Bomb(mark), VECTORS, [Bomb(mark), VECTORS], {"a": VECTORS.tolist(), "b": Bomb(mark)}):
        path.write_bytes(pickle.dumps(held, protocol))
        error = refused(path)
        assert "never unpickled" in str(error)
        assert not mark.exists()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "zlib": zlib.compress,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "none": bytes,
}


@pytest.mark.parametrize("how", PACKERS)
def test_a_joblib_file_is_a_pickle_however_it_is_compressed(tmp_path: Path, how: str) -> None:
    mark = tmp_path / "mark"
    for name in ("x.joblib", "x.pkl", "x.dat"):
        path = tmp_path / name
        path.write_bytes(PACKERS[how](pickle.dumps([Bomb(mark), VECTORS])))
        assert "never unpickled" in str(refused(path))
        assert not mark.exists()


@pytest.mark.parametrize("compress", [0, 3, ("zlib", 3), ("gzip", 3), ("bz2", 3), ("xz", 3), ("lzma", 3)])
def test_what_joblib_itself_writes(tmp_path: Path, compress: object) -> None:
    joblib = pytest.importorskip("joblib")
    joblib.dump(VECTORS, tmp_path / "x.joblib", compress=compress)
    error = refused(tmp_path / "x.joblib")
    assert error.code[0] == "import numpy, joblib"


def run(error: Refused) -> Path:
    """Run the lines of a refusal, as somebody would who trusts the file; returns what they saved."""
    assert len(error.code) == 2
    for line in error.code:
        compile(line, "lines", "exec")
    exec("\n".join(error.code), {})
    return Path(str(error).split(": ", 1)[0]).with_suffix(".npy")


def test_the_lines_save_the_vectors_of_a_pickle(tmp_path: Path) -> None:
    path = tmp_path / 'it\'s a "name".pkl'
    path.write_bytes(pickle.dumps(VECTORS.tolist()))
    np.testing.assert_array_equal(reading.read(run(refused(path))).vectors, VECTORS)


@pytest.mark.parametrize(("module", "suffix"), [("gzip", ".gz"), ("bz2", ".bz2"), ("lzma", ".xz")])
def test_the_lines_save_the_vectors_of_a_compressed_pickle(tmp_path: Path, module: str, suffix: str) -> None:
    path = tmp_path / f"x.pkl{suffix}"
    how = {"gzip": "gzip", "bz2": "bzip2", "lzma": "xz"}[module]
    path.write_bytes(PACKERS[how](pickle.dumps(VECTORS)))
    np.testing.assert_array_equal(np.load(run(refused(path))), VECTORS)


def test_the_lines_save_the_vectors_of_an_array_of_objects(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    objects = np.empty(12, object)
    objects[:] = list(VECTORS)
    np.save(path, objects)
    with pytest.raises(Refused, match="would have to be unpickled") as caught:
        reading.read(path)
    run(caught.value)
    np.testing.assert_array_equal(reading.read(path).vectors, VECTORS)


def test_matlab_files(tmp_path: Path) -> None:
    from scipy.io import savemat

    path = tmp_path / "x.mat"
    savemat(path, {"NAME": VECTORS})
    error = refused(path)
    assert "MATLAB" in str(error)
    np.testing.assert_array_equal(np.load(run(error)), VECTORS)
    savemat(path, {"NAME": VECTORS}, format="4")
    assert "MATLAB" in str(refused(path))


def torch_like(path: Path, mark: Path) -> None:
    """A file as torch.save writes one: a pickle and the numbers, in a zip archive."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Bomb(mark), 2))
        archive.writestr("archive/data/0", VECTORS.tobytes())
        archive.writestr("archive/version", "3\n")


def test_torch_files(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    for name in ("x.pt", "x.pth", "x.bin", "x.npz"):
        torch_like(tmp_path / name, mark)
        assert "PyTorch" in str(refused(tmp_path / name))
        assert "weights_only=True" in str(refused(tmp_path / name))
    legacy = tmp_path / "old.pth"
    legacy.write_bytes(pickle.dumps(119547037146038801333356, 2) + pickle.dumps(Bomb(mark), 2))
    assert "PyTorch" in str(refused(legacy))
    assert not mark.exists()


def npy(vectors: np.ndarray[Any, Any]) -> bytes:
    file = io.BytesIO()
    np.save(file, vectors)
    return file.getvalue()


def test_archives_name_what_could_be_opened(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("read me", "hello")
        archive.writestr("deep/words.csv", "a,b\n1,2\n")
    assert "unpack it first, and open deep/words.csv from it" in str(refused(path))
    for suffix, mode in ((".tar", "w"), (".tar.gz", "w:gz"), (".tar.bz2", "w:bz2"), (".tar.xz", "w:xz")):
        path = tmp_path / f"x{suffix}"
        with tarfile.open(path, mode) as archive_:
            for name, body in (("note", b"hello"), ("vectors.npy", npy(VECTORS))):
                about = tarfile.TarInfo(name)
                about.size = len(body)
                archive_.addfile(about, io.BytesIO(body))
        assert "open vectors.npy from it" in str(refused(path))
    with zipfile.ZipFile(tmp_path / "y.zip", "w") as archive:
        archive.writestr("note.xyz", "hello")
    assert "none of a kind that can be read here" in str(refused(tmp_path / "y.zip"))
    (tmp_path / "z.zip").write_bytes(b"PK\3\4" + bytes(50))
    assert "empty or damaged" in str(refused(tmp_path / "z.zip"))


def test_a_compressed_file_is_to_be_unpacked(tmp_path: Path) -> None:
    (tmp_path / "x.z").write_bytes(zlib.compress(npy(VECTORS)))
    assert "compressed by zlib; unpack it first" in str(refused(tmp_path / "x.z"))
    (tmp_path / "x.lz4").write_bytes(b"\x04\x22\x4d\x18 rest")
    assert "unlz4 x.lz4" in str(refused(tmp_path / "x.lz4"))


def test_a_bomb_is_only_looked_into(tmp_path: Path) -> None:
    squeezed = zlib.compressobj(9, wbits=31)
    body = squeezed.compress(bytes(1 << 26)) + squeezed.flush()
    assert len(archives.unpacked(body)) == 512
    assert len(archives.unpacked(body, 1 << 20)) == 1 << 20
    (tmp_path / "x.csv.gz").write_bytes(body)
    with pytest.raises(BadFile, match=r"unpacks to more than|inside is no vectors"):
        reading.read(tmp_path / "x.csv.gz")


@pytest.mark.parametrize(
    ("name", "head", "said"),
    [
        ("x.png", b"\x89PNG\r\n\x1a\n", "picture"),
        ("x", b"\xff\xd8\xff\xe0", "picture"),
        ("x", b"GIF89a", "picture"),
        ("x.pdf", b"%PDF-1.7", "document"),
        ("x.mp4", b"\0\0\0\x18ftypmp42", "sound or video"),
        ("x.gguf", b"GGUF\3\0\0\0", "model"),
        ("x.onnx", b"\x08\x07\x12\x07pytorch", "model"),
        ("x.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "spreadsheet"),
        ("x.7z", b"7z\xbc\xaf\x27\x1c", "7z archive"),
        ("x.mat", b"MATLAB 7.3 MAT-file, Platform: GLNXA64", "HDF5 inside"),
        ("x", b"\x7fELF\2\1\1", "program"),
        ("x.rda", b"RDX3\nX\n", "file of R"),
        ("x.rds", gzip.compress(b"X\n\0\0\0\2"), "readRDS"),
        ("x.xyz", b"\1\2\3\4nothing that is known", "no format that can be read here fits it"),
        ("x.npy", b"\1\2\3\4nothing that is known", "not what its name says"),
    ],
)
def test_other_kinds_are_named(tmp_path: Path, name: str, head: bytes, said: str) -> None:
    path = tmp_path / name
    path.write_bytes(head + bytes(100))
    assert said in str(refused(path))


def test_a_spreadsheet_is_told_from_other_archives(tmp_path: Path) -> None:
    for name, inside, said in (("a.dat", "xl/workbook.xml", "spreadsheet"), ("b.dat", "word/document.xml", "document")):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("[Content_Types].xml", "<Types/>")
            archive.writestr(inside, "<x/>")
        assert said in str(refused(tmp_path / name))


def test_it_crosses_a_process_border_with_its_lines(tmp_path: Path) -> None:
    from explorer.errors import fields_of, named

    (tmp_path / "x.pkl").write_bytes(pickle.dumps(VECTORS))
    error = refused(tmp_path / "x.pkl")
    again = named(type(error).__name__, str(error), fields_of(error))
    assert isinstance(again, Refused) and isinstance(again, BadFile)
    assert (again.code, str(again)) == (error.code, str(error))
    assert str(error).endswith("; ".join(error.code))

"""Bad input and wrong usage: one line that says what is wrong, status 2, nothing on standard output."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import BAD, Run

PLAIN = str(BAD / "plain.npy")
QUERY = ("query", PLAIN, "--row", "1")
ANNOY = (*QUERY, "--index", "annoy")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("info",), "required: FILE (see explorer info --help)"),
        (("info", PLAIN, "more\nand more"), "unrecognized arguments: more and more"),
        (("--nope",), "unrecognized arguments: --nope"),
        (("query", PLAIN), "one of the arguments --row --name --vector --expr --text is required"),
        ((*QUERY, "--name", "a"), "not allowed with argument --row"),
        (("query", PLAIN, "--row", "x"), "invalid int value: 'x'"),
        ((*QUERY, "--js"), "unrecognized arguments: --js"),
        ((*QUERY, "--k", "0"), f"{PLAIN}: --k is at least 1, not 0."),
        (("query", PLAIN, "--row", "-1"), f"{PLAIN}: There is no row #-1; rows go from #0 to #49."),
        (("query", PLAIN, "--row", "50"), "There is no row #50; rows go from #0 to #49."),
        (("query", PLAIN, "--name", "nobody"), "The rows here have no names"),
        (("query", PLAIN, "--vector", "1, 2"), "The query has 2 numbers; the vectors here have 12."),
        (("query", PLAIN, "--vector", "one"), "is not numbers"),
        (("query", PLAIN, "--expr", "a - b"), "a"),
        (("query", PLAIN, "--text", "frozen water"), "text encoder"),
        (("query", str(BAD / "zero-vectors.npy"), "--row", "0", "--metric", "cosine"), "try euclidean"),
        (("query", "sample:words", "--name", "quen"), "did you mean “queen”"),
        ((*QUERY, "--metric", "far"), "there are cosine, euclidean, dot, manhattan"),
        ((*QUERY, "--index", "tree"), "--index tree is no index type (exact, annoy"),
        ((*QUERY, "--set", "trees=5"), "exact has no parameter “trees”"),
        ((*ANNOY, "--set", "trees"), "--set takes KEY=VALUE, not “trees”."),
        ((*ANNOY, "--set", "trees=many"), "trees is a whole number, not “many”."),
        ((*ANNOY, "--set", "trees=0"), "trees is 1 to"),
        ((*ANNOY, "--set", "search_k=-3"), "search_k is 1 to"),
        ((*ANNOY, "--set", "leaves=3"), "annoy has no parameter “leaves”; it has trees, seed, search_k."),
        ((*QUERY, "--read", "vectors"), "--read takes KEY=VALUE, not “vectors”."),
        ((*QUERY, "--read", "colour=red"), "no parameter “colour”"),
        ((*QUERY, "--metadata", "none.tsv"), "none.tsv: there is no such file."),
        ((*QUERY, "--positions", "none.npy"), "none.npy: cannot be read"),
        ((*QUERY, "--positions", PLAIN), "holds 50 × 12 numbers; the positions of this set are 50 × 2."),
        (("query", "sample:nothing", "--row", "1"), "there are wordnet, fashion, words, digits, clusters."),
        (("demo", "nothing"), "there are wordnet, fashion, words, digits, clusters."),
        (("recall", PLAIN, "--queries", "0"), "--queries is at least 1, not 0."),
        (("recall", PLAIN, "--seed", "-1"), "--seed is 0 to 4294967295, not -1."),
        (("build", PLAIN), "--out PATH says where the index is saved"),
        (("build", PLAIN, "--index", "exact", "--out", "x"), "has no file of its own"),
        (("build", PLAIN, "--out", "/none/x.ann"), "/none/x.ann: there is no folder /none"),
        (("project", PLAIN, "--out", "/none/x.npy"), "/none/x.npy: there is no folder /none"),
        (("project", PLAIN, "--out", "."), "folder"),
        (("project", PLAIN, "--out", "x", "--set", "size=3"), "umap has no parameter “size”"),
        (("project", PLAIN, "--out", "x", "--method", "tsne"), "choose from"),
        (("project", PLAIN, "--out", "x", "--seed", "-1"), "--seed is 0 to"),
        (("snapshot", PLAIN, "--out", "x.png", "--size", "10"), "--size is WIDTHxHEIGHT"),
        (("snapshot", PLAIN, "--out", "x.png", "--size", "99999x1"), "--size is WIDTHxHEIGHT"),
        (("snapshot", PLAIN, "--out", "/none/x.png"), "/none/x.png: there is no folder /none"),
        (("snapshot", PLAIN, "--out", "x.gif"), "x.gif: a picture's name ends in .png"),
        (("snapshot", PLAIN, "--out", "x.png", "--k", "1001"), "--k is at most 1,000"),
        (("snapshot", PLAIN, "--out", "x.png", "--index", "tree"), "“tree” is no index type"),
        (("open", "--metadata", "x.tsv"), "--metadata and --positions go with a FILE."),
        (("none.npy",), "none.npy: there is no such file."),
        (("inof",), "did you mean explorer info?"),
        (("sample:nothing",), "there are wordnet"),
    ],
    ids=lambda value: " ".join(value).replace(PLAIN, "FILE").replace(str(BAD), "") if isinstance(value, tuple) else "",
)
def test_one_line_says_what_is_wrong(
    explorer: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert said in explorer(*arguments).sentence
    assert [path.name for path in tmp_path.iterdir() if path.name != "cache"] == []


def test_an_error_after_the_file_is_known_names_it(explorer: Run, named: Path) -> None:
    assert explorer("query", named, "--name", "itm 3").sentence.startswith(f"{named}: ")


def test_a_folder_and_an_unreadable_name_are_sentences(explorer: Run, tmp_path: Path) -> None:
    assert str(tmp_path) in explorer("info", tmp_path).sentence
    assert explorer("info", "").sentence
    assert explorer("info", "x" * 5000 + ".npy").sentence


def test_what_nobody_foresaw_is_a_line_too(explorer: Run, named: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A library that breaks in our process; status 1, since it is not the input that is bad."""

    def broken(*arguments: object, **options: object) -> None:
        raise RuntimeError("the library\nbroke")

    monkeypatch.setattr(np, "save", broken)
    done = explorer("project", named, "--method", "pca", "--out", named.with_name("xy.npy"))
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith("explorer: something unforeseen happened (RuntimeError: the library broke)")
    assert done.err.count("\n") == 1
    assert not named.with_name("xy.npy").exists()

#!/bin/sh
# annoy_wheel.sh PYTHON FOLDER: builds a wheel of Annoy that runs on every machine, into FOLDER.
#
# Annoy is published as source only, and its setup.py compiles for the very processor that it stands on (-march=native:
# elsewhere an illegal instruction) with -ffast-math (which makes infinity undefined: one neighbour instead of ten under
# some compilers). These flags replace all of its own; what is repeated of them is needed for threads.
set -eu
python=$1
folder=$2
here=$(cd "$(dirname "$0")" && pwd)

flags=-D_CRT_SECURE_NO_WARNINGS,-fpermissive,-O3,-fno-math-errno,-fno-trapping-math,-fno-signed-zeros,-fassociative-math
flags=$flags,-DANNOYLIB_MULTITHREADED_BUILD,-std=c++14
case $(uname -m) in
    x86_64 | amd64) flags=$flags,-march=x86-64-v2 ;;
esac

version=$(sed -n 's/^annoy==\([0-9.]*\).*/\1/p' "$here/constraints.txt")
key="annoy $version $flags $("$python" -V)"
if [ -f "$folder/annoy.key" ] && [ "$(cat "$folder/annoy.key")" = "$key" ]; then
    exit 0
fi

rm -rf "$folder"
mkdir -p "$folder"
# no cache: pip keeps wheels by name and version and would hand out one that was built with other flags
ANNOY_COMPILER_ARGS=$flags "$python" -m pip wheel --quiet --quiet --no-deps --no-cache-dir --no-binary annoy \
    --build-constraint "$here/constraints.txt" --wheel-dir "$folder" "annoy==$version"
echo "$key" > "$folder/annoy.key"

#!/bin/sh
# Renews the pictures of the README: the program takes them of itself.
set -eu
cd "$(dirname "$0")/.."
shot() { .venv/bin/python -m explorer snapshot "$@"; }
shot sample:wordnet --text "musical instrument with strings" --set trees=10 --no-click \
    --out packaging/pictures/wordnet-dark.png
shot sample:fashion --row 42 --set trees=5 --theme light --out packaging/pictures/fashion-light.png
shot sample:wordnet --name guitar --set trees=10 --set seed=1 --view replay --no-click \
    --out packaging/pictures/why-annoy.png
shot sample:wordnet --name guitar --index faiss-ivf --set seed=1 --set nprobe=1 --view structure --theme light \
    --no-click --out packaging/pictures/why-ivf.png
shot sample:wordnet --name thunder --index faiss-hnsw --set seed=1 --set M=4 --set efSearch=16 --view why --no-click \
    --out packaging/pictures/why-hnsw.png

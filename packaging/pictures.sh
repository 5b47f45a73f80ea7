#!/bin/sh
# Renews the pictures of the README: the program takes them of itself.
set -eu
cd "$(dirname "$0")/.."
shot() { .venv/bin/python -m explorer snapshot "$@"; }
shot sample:wordnet --text "musical instrument with strings" --set trees=10 --no-click \
    --out packaging/pictures/wordnet-dark.png
shot sample:fashion --row 42 --set trees=5 --theme light --out packaging/pictures/fashion-light.png

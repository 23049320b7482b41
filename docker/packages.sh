#!/bin/sh
# `make lock`: the names of the packages of each image, by what its dependency group needs; versions are those of requirements.lock.
set -eu
cd "$(dirname "$0")/.."
for image in nats gateway registry spooler converter webhooks agent tools embedded; do
    "${1:-.venv/bin/uv}" pip compile -q --universal --no-annotate --no-header --no-emit-index-url --python-version 3.11 \
        --group "$image" --constraint requirements.lock | sed 's/[ =;\[].*//' >"docker/packages/$image.txt"
done

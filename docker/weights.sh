#!/bin/sh
# Bake the ImageNet weights of resnet50 into the image: weights.sh try|require|none
set -eu
mkdir -p "$TORCH_HOME/hub/checkpoints"
[ "$1" = none ] && exit 0
if embedding-explorer networks fetch resnet50 --data /tmp/weights; then
  mv /tmp/weights/models/*.pth "$TORCH_HOME/hub/checkpoints/"
elif [ "$1" = require ]; then
  exit 1
else
  echo "WARNING: the weights of resnet50 could not be fetched; this image uses the embedded network unless" >&2
  echo "WARNING: they are put into data/models later. Build with --build-arg WEIGHTS=require to insist." >&2
fi

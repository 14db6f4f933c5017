#!/bin/sh
# Builds the agent: build.sh OUTPUT. The image and the tests build it so.
set -eu
cd "$(dirname "$0")"
CGO_ENABLED=0 GOWORK=off exec go build -trimpath -buildvcs=false -ldflags='-s -w' -o "$1" .

#!/bin/sh
# Records the verdicts of AWS's own matcher anew, into infra/local/events/ruler-corpus.jsonl. Needs Java 17 and Maven; the
# tests need neither, as the recording is part of the repository.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mvn -q -B dependency:build-classpath -Dmdep.outputFile="$work/classpath"
node corpus.ts >"$work/corpus"
java -cp "$(cat "$work/classpath")" Record.java <"$work/corpus" >"$work/recorded"
mv "$work/recorded" ../../../infra/local/events/ruler-corpus.jsonl

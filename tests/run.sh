#!/bin/sh
# All Python tests, in two lanes at once: most of them wait more than they work. What the first lane says comes at its end.
set -u
pytest="${PYTEST:-.venv/bin/pytest} -p no:cacheprovider"
said=$(mktemp)
trap 'rm -f "$said"' EXIT

$pytest --color=no --ignore=tests/persistence/crash tests/persistence tests/browser >"$said" 2>&1 &
lane=$!
trap 'kill "$lane"; exit 130' INT TERM
$pytest --ignore=tests/persistence --ignore=tests/browser && $pytest tests/persistence/crash
second=$?
wait "$lane"
first=$?
cat "$said"
[ "$first" -eq 0 ] && [ "$second" -eq 0 ]

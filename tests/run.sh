#!/bin/sh
# All Python tests, in two lanes at once: most of them wait more than they work. What the first lane says comes at its end.
set -u
pytest="${PYTEST:-.venv/bin/pytest} -p no:cacheprovider"
said=$(mktemp)
trap 'rm -f "$said"; kill "$first" 2>/dev/null' EXIT
first=

$pytest --color=no --ignore=tests/persistence/crash tests/persistence tests/browser >"$said" 2>&1 &
first=$!
$pytest --ignore=tests/persistence --ignore=tests/browser && $pytest tests/persistence/crash
second=$?
wait "$first"
first=$?
cat "$said"
[ "$first" -eq 0 ] && [ "$second" -eq 0 ]

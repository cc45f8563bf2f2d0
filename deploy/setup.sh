#!/bin/sh
# Prepares this checkout: `.venv` from a lock file, and the Debian packages beside it.
# Usage: deploy/setup.sh runtime|dev
# A second call changes nothing and takes a moment.
set -eu
cd "$(dirname "$0")/.."
kind=$1
font_package=fonts-wqy-microhei
system_packages=""
[ "$kind" = runtime ] || system_packages="chromium postgresql redis-server"

say() { printf '%s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
can_apt() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

apt_install() {
    say "installing Debian packages: $*"
    export DEBIAN_FRONTEND=noninteractive
    apt-get install -y -q --no-install-recommends "$@" >/dev/null 2>&1 </dev/null || {
        apt-get update -q >/dev/null 2>&1 </dev/null || true
        apt-get install -y -q --no-install-recommends "$@" >/dev/null </dev/null
    }
}

is_supported() {
    "$1" -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))' 2>/dev/null
}

find_python() {
    for candidate in ${PYTHON:-} python3 python3.12 python3.11; do
        if is_supported "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    die "Python 3.11 or 3.12 is needed, and python3 here is $(python3 -V 2>&1 || echo missing).
Install one of them (Debian 12: apt install python3 python3-venv; Ubuntu 24.04: the same),
or name one: make PYTHON=/path/to/python3.12 ..."
}

make_venv() {
    python=$(find_python)
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        if can_apt; then
            apt_install "python$version-venv"
        else
            die "Python's venv module is missing. Install it: sudo apt install python$version-venv"
        fi
    fi
    say "making .venv with $("$python" -V)"
    "$python" -m venv --clear .venv
}

install_locked() {
    stamp=.venv/.installed-$kind
    wanted=$(cat pyproject.toml deploy/requirements/*.lock | sha256sum)
    [ "$(cat "$stamp" 2>/dev/null || true)" != "$wanted" ] || return 0
    say "installing the locked packages (the first time takes a minute or two)"
    locks="-r deploy/requirements/build.lock -r deploy/requirements/runtime.lock"
    [ "$kind" = runtime ] || locks="-r deploy/requirements/dev.lock"
    # shellcheck disable=SC2086  # the options are meant to be split
    .venv/bin/python -m pip --disable-pip-version-check install -q --no-deps --require-hashes $locks
    .venv/bin/python -m pip --disable-pip-version-check install -q --no-deps --no-build-isolation -e .
    echo "$wanted" >"$stamp"
}

install_system_packages() {
    command -v dpkg-query >/dev/null || {
        say "not a Debian system; wanted: a Chinese font $system_packages"
        return 0
    }
    missing=""
    for package in $system_packages; do
        dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
            missing="$missing $package"
    done
    # Any font that posters can be drawn with will do, not only the one proposed.
    .venv/bin/python -c 'import qr; qr.find_cjk_font()' 2>/dev/null ||
        missing="$missing $font_package"
    [ -n "$missing" ] || return 0
    if can_apt; then
        # shellcheck disable=SC2086  # a list of packages
        apt_install $missing || say "could not install:$missing"
    else
        say "for everything to work: sudo apt install$missing"
    fi
}

[ "$(uname -sm)" = "Linux x86_64" ] ||
    die "The locked MediaPipe runs on Linux x86_64 only; this is $(uname -sm)."
is_supported .venv/bin/python || make_venv
install_locked
install_system_packages

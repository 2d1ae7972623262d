#!/bin/sh
# Copyright (c) 2026 The linuxnet.macvlan authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Prepares a checkout for lint and tests: the Python environment in .venv, system programs that the tests call, and the
# link by which Ansible finds the collection in its own checkout. Does nothing, quickly, when all of that is there.
# PYTHON=python3.12 selects another interpreter.
set -eu
cd "$(dirname "$0")/../.."
python=${PYTHON:-python3}

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

apt_install() {
    command -v apt-get >/dev/null || fail "please install $* (this script installs packages only on Debian and Ubuntu)"
    [ "$(id -u)" = 0 ] || fail "please install as root: apt-get install $*"
    say "installing $*"
    export DEBIAN_FRONTEND=noninteractive
    output=$(apt-get -qq update </dev/null 2>&1) || fail "apt-get update: $output"
    output=$(apt-get -qq install --yes --no-install-recommends "$@" </dev/null 2>&1) || fail "apt-get install: $output"
}

# the collection at the path that Ansible needs; generated, so that no link is shipped
link=collections/ansible_collections/linuxnet/macvlan
if [ ! -e "$link/galaxy.yml" ]; then
    mkdir -p "$(dirname "$link")"
    ln -sfn ../../.. "$link"
fi

# the Python environment
command -v "$python" >/dev/null || fail "$python not found: Python 3.11 or newer is needed"
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "$python is Python $version, but ansible-core on the controller needs 3.11 or newer:" \
        "install a newer one and run  make setup PYTHON=python3.12"
if ! .venv/bin/python -c 'import pip' 2>/dev/null; then
    "$python" -c 'import ensurepip, venv' 2>/dev/null || apt_install "python$version-venv"
    say "creating .venv with Python $version"
    rm -rf .venv
    "$python" -m venv .venv
fi
stamp=$(cat requirements.txt requirements-dev.txt | sha256sum)
if [ "$(cat .venv/requirements.sha256 2>/dev/null)" != "$stamp" ]; then
    say "installing the packages of requirements-dev.txt (about half a minute)"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
    echo "$stamp" >.venv/requirements.sha256
fi

# programs that the tests in network namespaces call; `make test-unit` and `make lint` do not need them
missing=
while read -r program package; do
    command -v "$program" >/dev/null || missing="$missing $package"
done <<EOF
ip iproute2
ping iputils-ping
sysctl procps
arping arping
nft nftables
dnsmasq dnsmasq-base
kea-dhcp4 kea-dhcp4-server
kea-dhcp6 kea-dhcp6-server
dhcpd isc-dhcp-server
keepalived keepalived
EOF
if [ -n "$missing" ]; then
    if [ "$(id -u)" = 0 ]; then
        # shellcheck disable=SC2086  # a list of package names
        apt_install $missing
    else
        say "not installed, but needed by the tests in network namespaces:$missing"
    fi
fi

# shellcheck shell=bash disable=SC2034
# Shared by scripts/run and scripts/test: installs missing Debian packages, configures and builds the release preset.
# To be sourced by a script that has `set -euo pipefail`. Everything here reports on standard error, so that standard
# output belongs to the caller.

repository="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)"
release="$repository/build/release"

# README.md gives the reason for each.
build_packages=(g++ cmake ninja-build libsystemc-dev libboost-program-options-dev libhdf5-dev libfmt-dev
                nlohmann-json3-dev catch2)
test_packages=(python3 python3-torch python3-torchvision python3-onnx python3-h5py python3-numpy python3-pytest
               python3-matplotlib slurm-wlm munge)

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

# Ends the script with exit code 2 (bad input or environment).
fail() {
  say "$@"
  exit 2
}

# install_packages PACKAGE...: installs with apt those that are missing; touches nothing when all are there.
install_packages() {
  command -v apt-get >/dev/null ||
    fail "this script installs Debian 12 packages and found no apt; elsewhere install what README.md lists and use" \
         "'cmake --preset release && cmake --build --preset release'"
  local package missing=()
  for package in "$@"; do
    [[ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" == installed ]] || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  local as_root=()
  if ((EUID != 0)); then
    command -v sudo >/dev/null ||
      fail "needs root, or sudo, to install: apt-get install --no-install-recommends ${missing[*]}"
    as_root=(sudo)
  fi
  say "installing ${missing[*]} (once; 110 MB to download, for the tests 270 MB more)"
  "${as_root[@]}" apt-get update >&2 || fail "apt-get update failed; is the network reachable?"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" >&2 ||
    fail "apt-get could not install ${missing[*]}; expected the packages of Debian 12 (bookworm)"
}

# build TARGET: configures when there is no finished configuration (ninja repeats it when a CMake file changes), builds.
build() {
  [[ -f "$release/build.ninja" ]] || cmake -S "$repository" --preset release >&2
  cmake --build "$release" --target "$1" >&2
}

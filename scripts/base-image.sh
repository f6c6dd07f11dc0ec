#!/bin/sh
# Makes the image that slugs run on with the docker driver: a minimal Debian, nothing of ours in it.
# Needs root, debootstrap and a Docker engine, but no registry. Does nothing when the image is there already.
#
#   scripts/base-image.sh [IMAGE]    default nightshift/base:bookworm
#
# DEBIAN_MIRROR and DEBIAN_SUITE choose where it comes from.
set -eu

image=${1:-nightshift/base:bookworm}
suite=${DEBIAN_SUITE:-bookworm}
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}

if docker image inspect "$image" >/dev/null 2>&1; then
  echo "base image: $image is there"
  exit 0
fi
command -v debootstrap >/dev/null || { echo "base image: debootstrap is not installed (apt-get install debootstrap)" >&2; exit 1; }
[ "$(id -u)" = 0 ] || { echo "base image: only root can run debootstrap" >&2; exit 1; }

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT INT TERM
# libstdc++6 and libatomic1: what Node links to. python3: the libraries a Python slug links to. ca-certificates: for programs that dial out.
debootstrap --variant=minbase --include=ca-certificates,libatomic1,libstdc++6,python3 "$suite" "$root" "$mirror"
rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root"/usr/share/doc/* "$root"/usr/share/man/*
tar --create --numeric-owner --one-file-system --directory "$root" . |
  docker import --change 'ENV LANG=C.UTF-8' --change 'CMD ["/bin/sh"]' - "$image"
echo "base image: made $image"

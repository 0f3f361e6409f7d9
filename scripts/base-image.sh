#!/usr/bin/env bash
# Makes sure that the image the Dockerfile builds on is there: kept if it is, pulled if it can be, and else made here, from Debian's
# packages and the node binary that `npm ci` brought.
#
#   scripts/base-image.sh            needs Docker; to make the stand-in also root, debootstrap, npm and node_modules/
set -euo pipefail
cd "$(dirname "$0")/.."

readonly PULL_LIMIT_SECONDS=60
readonly NODE=node_modules/node/bin/node

image=$(sed -n 's/^FROM \([^ ]*\).*/\1/p' Dockerfile | head -n 1)
suite=$(sed 's/.*:[0-9.]*-\([a-z]*\)-slim$/\1/' <<<"$image")

if docker image inspect "$image" >/dev/null 2>&1; then
  echo "base image: $image is here already"
  exit
fi
if timeout "$PULL_LIMIT_SECONDS" docker pull --quiet "$image"; then
  exit
fi

echo "base image: $image cannot be pulled, making a stand-in of Debian $suite and node $("$NODE" --version)"
if [ "$(id -u)" != 0 ] || ! command -v debootstrap >/dev/null; then
  echo "base image: making it takes root and debootstrap (apt-get install debootstrap)" >&2
  exit 1
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root

if ! debootstrap --variant=minbase "$suite" "$root" >"$work/debootstrap.log" 2>&1; then
  tail -n 20 "$work/debootstrap.log" >&2
  exit 1
fi
rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*

# As in the real image: node and npm below /usr/local, and an unprivileged user of uid 1000.
install -D "$NODE" "$root/usr/local/bin/node"
npm_folder=$root/usr/local/lib/node_modules/npm
mkdir -p "$npm_folder"
npm pack npm@11 --silent --pack-destination "$work" >/dev/null
tar -xzf "$work"/npm-*.tgz -C "$npm_folder" --strip-components 1
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
ln -s ../lib/node_modules/npm/bin/npx-cli.js "$root/usr/local/bin/npx"
chroot "$root" useradd --uid 1000 --user-group --create-home --shell /bin/bash node

# The way to the registry is this machine's matter, so it goes into the stand-in and never into the Dockerfile.
# No credentials: only which registry, and whom to trust.
npmrc=$root/usr/local/etc/npmrc
mkdir -p "$(dirname "$npmrc")"
echo "registry=$(npm config get registry)" >"$npmrc"
cafile=$(npm config get cafile)
[ -r "$cafile" ] || cafile=${NODE_EXTRA_CA_CERTS:-}
if [ -r "$cafile" ]; then
  install -D --mode 644 "$cafile" "$root/usr/local/share/npm-ca.pem"
  echo "cafile=/usr/local/share/npm-ca.pem" >>"$npmrc"
fi

tar -C "$root" -c . | docker import \
  --change 'CMD ["node"]' \
  --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
  --change "LABEL seedance-mock.stand-in=$image" \
  - "$image" >/dev/null
echo "base image: $image is a stand-in, for this machine alone: do not push what is built on it"

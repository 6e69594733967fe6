#!/bin/sh
# Makes the secrets of compose.yaml in ./secrets and the folder ./anchors, each once: what is there is left as it is. Run it as root, because the files must belong to the accounts that read
# them in the containers. ASYSTA is the program; where it is not installed, the one of the image.
set -eu
umask 077
cd "$(dirname "$0")"

ASYSTA=${ASYSTA:-docker run --rm --user 0 --network none -v $PWD/secrets/asysta:/secrets -w /secrets ${ASYSTA_IMAGE:-asysta:latest}}
AS_ASYSTA=65532:65532
AS_MONGO=999:999

mkdir -p secrets/asysta secrets/mongo secrets/master
[ ! -s secrets/asysta/master.json ] || mv secrets/asysta/master.json secrets/master/ # where it was before it had a folder of its own
random() { head -c "$1" /dev/urandom | base64 | tr -d '\n=' | tr '+/' '-_'; }
once() { [ -s "$1" ] || { "$2" "$3" >"$1.new" && mv "$1.new" "$1"; }; }

once secrets/asysta/system.key random 48
once secrets/mongo/root.password random 32
once secrets/mongo/asysta.password random 32
# mongod takes letters, digits, + and / in a key file
keyfile() { head -c "$1" /dev/urandom | base64 | tr -d '\n='; }
once secrets/mongo/keyfile keyfile 741
store() { printf 'mongodb://asysta:%s@mongo1,mongo2,mongo3/asysta?replicaSet=asysta&authSource=asysta' "$(cat secrets/mongo/asysta.password)"; }
once secrets/asysta/store store -

case $ASYSTA in
docker*) at=/secrets ;;
*) at=$PWD/secrets/asysta ;;
esac

# Certificates between the processes. The development CA is good enough where they talk on one host; its key is not needed to run.
# With it, as at the first time, certificates that were taken away are made again.
if [ ! -s secrets/asysta/ca.crt ] || [ -s secrets/asysta/ca.key ]; then
  $ASYSTA certs -dir "$at" >/dev/null
fi

# What signs the anchors of the journal, and the folder they go to.
if [ ! -s secrets/asysta/anchor.key ]; then
  $ASYSTA keys anchor -out "$at/anchor.key" >/dev/null
  echo "give secrets/asysta/anchor.key.pub to whoever audits: it checks the anchors and is no secret"
fi
[ -d anchors ] || { mkdir anchors && chown $AS_ASYSTA anchors && chmod 700 anchors; }

chown -R $AS_ASYSTA secrets/asysta secrets/master
chown -R $AS_MONGO secrets/mongo
find secrets -type d -exec chmod 700 {} + -o -type f -exec chmod 400 {} +

for f in web.crt web.key; do
  [ -s "secrets/asysta/$f" ] || echo "missing: secrets/asysta/$f, the certificate of the address that offices open (or copy gateway.${f#web.} there to try it)"
done
[ -s secrets/master/master.json ] || echo "missing: secrets/master/master.json, which bootstrap makes"

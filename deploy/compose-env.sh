#!/bin/sh
# Writes the passwords and secrets that docker-compose.yml asks for into the file .env of the working folder, where they are not
# there yet. What is there stays: the volumes keep these passwords, and new ones would not fit.
set -eu
umask 077
touch .env
[ -z "$(tail -c 1 .env)" ] || echo >> .env
for name in DB_PASSWORD POSTGRES_PASSWORD REDIS_PASSWORD JWT_ACCESS_SECRET JWT_REFRESH_SECRET METRICS_TOKEN; do
  grep -q "^$name=." .env || echo "$name=$(od -An -N 32 -tx1 /dev/urandom | tr -d ' \n')" >> .env
done

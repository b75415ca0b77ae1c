#!/bin/sh
# Run once by the image of PostgreSQL, on an empty volume: a role without more rights than its own database.
set -eu
psql --set ON_ERROR_STOP=1 --set password="$DB_PASSWORD" --username postgres <<'SQL'
CREATE ROLE x18 LOGIN PASSWORD :'password' NOSUPERUSER NOCREATEDB NOCREATEROLE;
CREATE DATABASE x18_backend OWNER x18;
SQL

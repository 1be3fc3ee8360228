-- Run once, by the image, when the database is made: the roles of docs/ACCESS.md. Passwords come from files and stand in no command line.
\set ON_ERROR_STOP on
\set owner_password `cat /run/secrets/postgres_owner_password`
\set server_password `cat /run/secrets/postgres_server_password`
CREATE ROLE tickgate_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE tickgate_server LOGIN PASSWORD :'server_password';
CREATE ROLE tickgate_reader NOLOGIN;
GRANT tickgate_reader TO tickgate_server;
CREATE DATABASE tickgate OWNER tickgate_owner;
REVOKE ALL ON DATABASE tickgate FROM PUBLIC;
GRANT CONNECT ON DATABASE tickgate TO tickgate_server;
REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC;

-- counts by stream, so that a histogram counts what is shown: what was counted before has no stream and counts as stdout
ALTER TABLE log_counts ADD COLUMN stream smallint NOT NULL DEFAULT 0;
ALTER TABLE log_counts DROP CONSTRAINT log_counts_pkey, ADD PRIMARY KEY (app, environment, service, minute, stream);
ALTER TABLE log_counts ALTER stream DROP DEFAULT;

-- how long and how much of an app's logs an operator keeps, instead of what its manifest says; null = as the manifest says
CREATE TABLE log_keeping (
  app       text PRIMARY KEY,
  keep_ms   bigint,
  max_bytes bigint,
  set_at    timestamptz NOT NULL
);

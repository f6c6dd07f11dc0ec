-- What is watched from outside and from near, how it stands, and what was seen of it.

CREATE TABLE checks (
  id          text PRIMARY KEY,
  name        text NOT NULL,
  kind        text NOT NULL,
  config      jsonb NOT NULL,
  secrets     bytea, -- sealed: the config's secret fields as JSON
  every_ms    integer NOT NULL,
  timeout_ms  integer NOT NULL,
  retries     integer NOT NULL,
  vantages    text[] NOT NULL,
  quorum      integer,
  criteria    text[] NOT NULL,
  severity    text NOT NULL,
  app         text,
  environment text,
  service     text,
  needs       text[] NOT NULL,
  declared    boolean NOT NULL, -- a manifest owns it
  confined    boolean NOT NULL,
  paused_by   text,
  token       text UNIQUE,      -- of a heartbeat: what its URLs hold
  slug        text,
  created_at  timestamptz NOT NULL
);
CREATE UNIQUE INDEX checks_declared ON checks (app, environment, name) WHERE declared;
CREATE INDEX checks_app ON checks (app, environment);
CREATE INDEX checks_slug ON checks (slug) WHERE slug IS NOT NULL;

-- how each stands, and the last word of each of its vantage points
CREATE TABLE check_states (
  "check"    text PRIMARY KEY REFERENCES checks ON DELETE CASCADE,
  state      text NOT NULL,
  because    text NOT NULL,
  since      timestamptz NOT NULL,
  alerted    text, -- severity of the alert that is open
  vantages   jsonb NOT NULL DEFAULT '{}'
) WITH (fillfactor = 50);

CREATE TABLE check_segments (
  "check"  text NOT NULL REFERENCES checks ON DELETE CASCADE,
  state    text NOT NULL,
  because  text NOT NULL,
  since    timestamptz NOT NULL,
  until    timestamptz,
  PRIMARY KEY ("check", since)
);
CREATE INDEX check_segments_until ON check_segments (until);

-- sums over five minutes
CREATE TABLE check_points (
  "check" text NOT NULL REFERENCES checks ON DELETE CASCADE,
  at      timestamptz NOT NULL,
  runs    integer NOT NULL,
  failed  integer NOT NULL,
  sum_ms  real NOT NULL,
  max_ms  real NOT NULL,
  PRIMARY KEY ("check", at)
) WITH (fillfactor = 70);
CREATE INDEX check_points_at ON check_points USING brin (at) WITH (pages_per_range = 16);

-- runs that were not right, and those that changed what a vantage point sees
CREATE TABLE check_results (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  "check"     text NOT NULL REFERENCES checks ON DELETE CASCADE,
  at          timestamptz NOT NULL,
  vantage     text NOT NULL,
  status      text NOT NULL,
  message     text NOT NULL,
  duration_ms real NOT NULL
);
CREATE INDEX check_results_check ON check_results ("check", at DESC);
CREATE INDEX check_results_at ON check_results USING brin (at) WITH (pages_per_range = 16);

CREATE TABLE check_windows (
  id         text PRIMARY KEY,
  title      text NOT NULL,
  checks     text[] NOT NULL,
  apps       text[] NOT NULL,
  starts_at  timestamptz NOT NULL,
  ends_at    timestamptz NOT NULL,
  repeat     text NOT NULL,
  timezone   text NOT NULL,
  by_name    text NOT NULL,
  CHECK (cardinality(checks) + cardinality(apps) > 0)
);

CREATE TABLE check_plugins (
  name      text PRIMARY KEY,
  digest    text NOT NULL,
  signature text NOT NULL,
  content   bytea NOT NULL,
  added_by  text NOT NULL,
  added_at  timestamptz NOT NULL
);
CREATE INDEX check_plugins_digest ON check_plugins (digest);

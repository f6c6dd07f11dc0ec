-- What each release was asked and answered, ten seconds at a time, so that two can be compared.
CREATE TABLE release_points (
  at          timestamptz NOT NULL,
  app         text NOT NULL,
  environment text NOT NULL,
  release     integer NOT NULL,
  requests    integer NOT NULL,
  errors      integer NOT NULL,
  latency     integer[] NOT NULL, -- by latencyBucketsMs, and the open one
  PRIMARY KEY (app, environment, release, at)
) WITH (fillfactor = 90);
CREATE INDEX release_points_at ON release_points USING brin (at) WITH (pages_per_range = 16);

-- releases that are watched after the switch, beside the release before
CREATE TABLE bakes (
  app            text NOT NULL,
  environment    text NOT NULL,
  release        integer NOT NULL,
  from_release   integer NOT NULL,
  state          text NOT NULL,
  because        text NOT NULL,
  started_at     timestamptz NOT NULL,
  until          timestamptz NOT NULL,
  ended_at       timestamptz,
  rolled_back_to integer,
  PRIMARY KEY (app, environment, release),
  FOREIGN KEY (app, environment) REFERENCES environments (app, name) ON DELETE CASCADE
);
CREATE INDEX bakes_open ON bakes (app, environment) WHERE ended_at IS NULL;

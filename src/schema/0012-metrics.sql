-- Metrics: series, new points as rows, then sealed chunks. Times are milliseconds since 1970.

CREATE TABLE metric_series (
  id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  key         text NOT NULL UNIQUE, -- name and labels in one text
  name        text NOT NULL,
  kind        text NOT NULL CHECK (kind IN ('gauge', 'counter', 'delta')),
  app         text, -- null: of no app
  labels      jsonb NOT NULL,
  created_at  timestamptz NOT NULL,
  last_ms     bigint NOT NULL, -- no point of it that is sealed is newer
  sealed_ms   bigint, -- the newest sealed point, and its value: where the increase of a counter goes on
  sealed_value double precision
) WITH (fillfactor = 80);
CREATE INDEX metric_series_name ON metric_series (name, app);
CREATE INDEX metric_series_app ON metric_series (app);

-- the one row that says which hot partition takes new points
CREATE TABLE metric_state (
  only_row   boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  part       integer NOT NULL,
  started_at timestamptz NOT NULL
);
INSERT INTO metric_state (part, started_at) VALUES (1, now());

CREATE TABLE metric_hot (
  part   integer NOT NULL,
  series integer NOT NULL,
  at_ms  bigint NOT NULL,
  value  double precision NOT NULL
) PARTITION BY LIST (part);
CREATE INDEX metric_hot_series ON metric_hot (series, at_ms);
CREATE TABLE metric_hot_1 PARTITION OF metric_hot FOR VALUES IN (1);

-- sealed points of one series: as they were (raw), or summed over five minutes (5m) or an hour (1h)
CREATE TABLE metric_chunks (
  id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  series  integer NOT NULL,
  level   text NOT NULL CHECK (level IN ('raw', '5m', '1h')),
  from_ms bigint NOT NULL,
  to_ms   bigint NOT NULL, -- start of the last point
  data    bytea NOT NULL
);
ALTER TABLE metric_chunks ALTER COLUMN data SET STORAGE EXTERNAL; -- is compressed
CREATE INDEX metric_chunks_series ON metric_chunks (series, level, to_ms);
CREATE INDEX metric_chunks_age ON metric_chunks (level, to_ms);

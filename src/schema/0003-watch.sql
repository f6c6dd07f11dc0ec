-- Logs, traffic, resources. Times of log lines are milliseconds since 1970, because a cursor has to name them exactly.

-- the one row that every ingest locks: line ids are given without gaps and become visible in order
CREATE TABLE log_state (
  only_row  boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  next_line bigint NOT NULL,
  part      integer NOT NULL -- the hot partition that takes new lines
) WITH (fillfactor = 10);
INSERT INTO log_state (next_line, part) VALUES (1, 1);

-- who wrote, and how far its lines are stored
CREATE TABLE log_sources (
  id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  source      text NOT NULL UNIQUE,
  app         text NOT NULL,
  environment text NOT NULL,
  service     text NOT NULL,
  instance    text NOT NULL,
  release     integer,
  machine     text NOT NULL,
  position    bigint NOT NULL,
  dropped     bigint NOT NULL DEFAULT 0,
  updated_at  timestamptz NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX log_sources_app ON log_sources (app, environment);

-- new lines, as rows without a text index, until they are sealed
CREATE TABLE log_hot (
  line   bigint NOT NULL,
  at_ms  bigint NOT NULL,
  part   integer NOT NULL,
  source integer NOT NULL,
  stream smallint NOT NULL, -- place in logStreams
  level  smallint NOT NULL, -- place in levels
  text   text NOT NULL
) PARTITION BY LIST (part);
CREATE INDEX log_hot_line ON log_hot (line);
CREATE TABLE log_hot_1 PARTITION OF log_hot FOR VALUES IN (1);

-- the hot partitions that exist; lines below the lowest first_line are in chunks, all others are rows
CREATE TABLE log_parts (
  part       integer PRIMARY KEY,
  first_line bigint NOT NULL,
  created_at timestamptz NOT NULL
);
INSERT INTO log_parts (part, first_line, created_at) VALUES (1, 1, now());

-- sealed lines of one environment: zstd, with what is needed to pass a chunk over without opening it
CREATE TABLE log_chunks (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  first_line  bigint NOT NULL,
  last_line   bigint NOT NULL,
  first_ms    bigint NOT NULL,
  last_ms     bigint NOT NULL,
  lines       integer NOT NULL,
  raw_bytes   integer NOT NULL,
  stored_bytes integer NOT NULL,
  streams     integer NOT NULL, -- bit mask
  levels      integer NOT NULL, -- bit mask
  app         text NOT NULL,
  environment text NOT NULL,
  sources     integer[] NOT NULL,
  grams       bytea NOT NULL,
  data        bytea NOT NULL
);
-- compressed already; and a slice of grams can be read alone only when it is stored plain
ALTER TABLE log_chunks ALTER grams SET STORAGE EXTERNAL, ALTER data SET STORAGE EXTERNAL;
CREATE INDEX log_chunks_app_time ON log_chunks (app, environment, last_ms);
CREATE INDEX log_chunks_time ON log_chunks (last_ms);
CREATE INDEX log_chunks_line ON log_chunks (last_line);

-- sealed lines per minute and level
CREATE TABLE log_counts (
  app         text NOT NULL,
  environment text NOT NULL,
  service     text NOT NULL,
  minute      timestamptz NOT NULL,
  unknown     integer NOT NULL,
  debug       integer NOT NULL,
  info        integer NOT NULL,
  warn        integer NOT NULL,
  error       integer NOT NULL,
  PRIMARY KEY (app, environment, service, minute)
);
CREATE INDEX log_counts_minute ON log_counts USING brin (minute);

-- batches of counts that are added already
CREATE TABLE traffic_batches (
  id        text PRIMARY KEY,
  stored_at timestamptz NOT NULL
);
CREATE INDEX traffic_batches_stored ON traffic_batches USING brin (stored_at);

CREATE TABLE traffic_keys (
  id           integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  key          text NOT NULL,
  app          text NOT NULL,
  environment  text NOT NULL,
  service      text NOT NULL,
  from_service text,
  UNIQUE NULLS NOT DISTINCT (key, app, environment, service, from_service)
);

-- sums over ten seconds, of all machines
CREATE TABLE traffic_points (
  at          timestamptz NOT NULL,
  bytes_in    bigint NOT NULL,
  bytes_out   bigint NOT NULL,
  key         integer NOT NULL,
  requests    integer NOT NULL,
  status_1xx  integer NOT NULL,
  status_2xx  integer NOT NULL,
  status_3xx  integer NOT NULL,
  status_4xx  integer NOT NULL,
  status_5xx  integer NOT NULL,
  aborted     integer NOT NULL,
  failed      integer NOT NULL,
  connections integer NOT NULL,
  latency     integer[] NOT NULL, -- by latencyBucketsMs, and the open one
  PRIMARY KEY (key, at)
) WITH (fillfactor = 90);
CREATE INDEX traffic_points_at ON traffic_points USING brin (at) WITH (pages_per_range = 16);

-- instances that sent samples, each with its newest
CREATE TABLE stat_instances (
  id                 integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  instance           text NOT NULL UNIQUE,
  app                text NOT NULL,
  environment        text NOT NULL,
  service            text NOT NULL,
  name               text NOT NULL,
  at                 timestamptz NOT NULL,
  cpu                real NOT NULL,
  memory_bytes       bigint NOT NULL,
  memory_limit_bytes bigint
) WITH (fillfactor = 50);
CREATE INDEX stat_instances_app ON stat_instances (app, environment);

CREATE TABLE stat_points (
  at           timestamptz NOT NULL,
  memory_bytes bigint NOT NULL,
  instance     integer NOT NULL,
  cpu          real NOT NULL,
  threads      integer,
  open_files   integer,
  PRIMARY KEY (instance, at)
);
CREATE INDEX stat_points_at ON stat_points USING brin (at) WITH (pages_per_range = 16);

-- the newest word on a subject, wherever it is in the journal
CREATE INDEX events_kind ON events (kind, id DESC);

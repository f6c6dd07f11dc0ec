-- Spans that were kept, by day (partitions are made when a day's first span is written and dropped when it is old enough), and one row
-- for each trace as an app took part in it, so that a list needs no look at spans. Ids are lower-case hex.
CREATE TABLE spans (
  at          timestamptz NOT NULL,
  duration_us bigint NOT NULL,
  kind        smallint NOT NULL, -- place in spanKinds
  status      smallint NOT NULL, -- place in spanStatuses
  by_proxy    boolean NOT NULL,
  trace_id    text NOT NULL,
  span_id     text NOT NULL,
  parent_id   text,
  app         text NOT NULL,
  environment text NOT NULL,
  service     text NOT NULL,
  instance    text,
  name        text NOT NULL,
  attributes  jsonb NOT NULL,
  events      jsonb NOT NULL
) PARTITION BY RANGE (at);
CREATE INDEX spans_trace ON spans (trace_id);
CREATE INDEX spans_service ON spans (app, environment, service, at);

CREATE TABLE traces (
  trace_id     text NOT NULL,
  app          text NOT NULL,
  environment  text NOT NULL,
  at           timestamptz NOT NULL,
  ends_at      timestamptz NOT NULL,
  spans        integer NOT NULL,
  errors       integer NOT NULL,
  services     text[] NOT NULL,
  -- of its first span: one without a parent, if there is one (0), else the earliest (1)
  root_rank    smallint NOT NULL,
  root_service text NOT NULL,
  root_name    text NOT NULL,
  because      text NOT NULL, -- error, slow, sampled
  PRIMARY KEY (trace_id, app, environment)
);
CREATE INDEX traces_app ON traces (app, environment, at DESC);
CREATE INDEX traces_at ON traces (at);

-- what was said of an instance by a moment of the past, for the map of that moment
CREATE INDEX events_instance ON events ((data ->> 'id'), id DESC) WHERE starts_with(kind, 'instance.');

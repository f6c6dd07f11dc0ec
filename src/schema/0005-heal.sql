-- What is noticed, what is done about it, and what a person must know.

-- conditions that hold, or held a moment ago
CREATE TABLE signals (
  target    text NOT NULL,
  kind      text NOT NULL,
  because   text NOT NULL,
  instances jsonb NOT NULL,
  since     timestamptz NOT NULL,
  gone_at   timestamptz,
  PRIMARY KEY (target, kind)
) WITH (fillfactor = 70);

CREATE TABLE remediations (
  id          text PRIMARY KEY,
  rule        text NOT NULL,
  target      text NOT NULL,
  app         text,
  environment text,
  service     text,
  machine     text,
  signal      jsonb NOT NULL,
  cause       jsonb NOT NULL,
  state       text NOT NULL,
  because     text NOT NULL,
  tries       jsonb NOT NULL DEFAULT '[]',
  next        text,
  approved_by text,
  opened_at   timestamptz NOT NULL,
  ended_at    timestamptz
);
-- one action at a time on a target
CREATE UNIQUE INDEX remediations_one_open ON remediations (target) WHERE ended_at IS NULL;
CREATE INDEX remediations_opened ON remediations (opened_at DESC, id DESC);
CREATE INDEX remediations_app ON remediations (app, environment, opened_at DESC);
CREATE INDEX remediations_ended ON remediations (ended_at);

CREATE TABLE alerts (
  id          text PRIMARY KEY,
  target      text NOT NULL,
  app         text,
  environment text,
  service     text,
  machine     text,
  severity    text NOT NULL,
  title       text NOT NULL,
  because     text NOT NULL,
  way_out     text NOT NULL,
  remediation text,
  raised_at   timestamptz NOT NULL,
  cleared_at  timestamptz
);
CREATE UNIQUE INDEX alerts_one_open ON alerts (target) WHERE cleared_at IS NULL;
CREATE INDEX alerts_raised ON alerts (raised_at DESC, id DESC);

-- modes that an operator set, over the rule's own
CREATE TABLE heal_modes (
  rule       text PRIMARY KEY,
  mode       text NOT NULL,
  changed_by text NOT NULL,
  changed_at timestamptz NOT NULL
);

CREATE TABLE heal_state (
  only_row        boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  stopped_by      text,
  stopped_because text,
  stopped_at      timestamptz,
  breaker         text -- why nothing is done to instances; null: closed
);
INSERT INTO heal_state DEFAULT VALUES;

-- of the file system that holds the home folder, as the agent says
ALTER TABLE machines ADD disk jsonb;
-- its file was removed because the disk was full
ALTER TABLE artifacts ADD pruned_at timestamptz;
-- why an instance is to be started again; null: an operator asked
ALTER TABLE instances ADD restart_because text;

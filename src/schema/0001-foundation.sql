-- Machines, people, the journal. Times are timestamptz; ids that come from ids.ts are text.

CREATE TABLE events (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at          timestamptz NOT NULL,
  kind        text NOT NULL,
  actor       jsonb NOT NULL,
  app         text,
  environment text,
  service     text,
  instance    text,
  machine     text,
  release     integer,
  cause       bigint,
  summary     text NOT NULL,
  data        jsonb NOT NULL DEFAULT '{}',
  -- facts from agents carry their own id, so that a batch sent twice is stored once
  fact_id     text UNIQUE
);
CREATE INDEX events_app ON events (app, id DESC);
CREATE INDEX events_at ON events (at);
-- append-only: nothing rewrites history
CREATE FUNCTION events_are_facts() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the journal is append-only'; END $$;
CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE ON events FOR EACH ROW EXECUTE FUNCTION events_are_facts();

CREATE TABLE machines (
  name           text PRIMARY KEY,
  facts          jsonb NOT NULL,
  connected      boolean NOT NULL DEFAULT false,
  last_seen_at   timestamptz NOT NULL
);

CREATE TABLE tokens (
  id           text PRIMARY KEY,
  name         text NOT NULL,
  hash         bytea NOT NULL UNIQUE,
  scope        text NOT NULL CHECK (scope IN ('admin', 'deploy', 'read')),
  apps         text[],
  created_at   timestamptz NOT NULL,
  last_used_at timestamptz,
  expires_at   timestamptz
);
CREATE TABLE login_links (
  hash       bytea PRIMARY KEY,
  name       text NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at    timestamptz
);
CREATE TABLE sessions (
  hash         bytea PRIMARY KEY,
  name         text NOT NULL,
  scope        text NOT NULL CHECK (scope IN ('admin', 'deploy', 'read')),
  created_at   timestamptz NOT NULL,
  last_used_at timestamptz NOT NULL,
  expires_at   timestamptz NOT NULL
);

-- what a loop did last and what it waits for, for operators
CREATE TABLE loop_status (
  name       text PRIMARY KEY,
  status     jsonb NOT NULL,
  updated_at timestamptz NOT NULL
);

CREATE TABLE apps (
  name       text PRIMARY KEY,
  created_at timestamptz NOT NULL
);

CREATE TABLE environments (
  app              text NOT NULL REFERENCES apps (name) ON DELETE CASCADE,
  name             text NOT NULL,
  created_at       timestamptz NOT NULL,
  stopped          boolean NOT NULL DEFAULT false,
  deploy_branch    text NOT NULL DEFAULT 'main',
  allow_force_push boolean NOT NULL DEFAULT false,
  -- numbers of the release that serves, and the one being rolled out
  active_release   integer,
  PRIMARY KEY (app, name)
);

-- what operators set, beside the manifest
CREATE TABLE config_vars (
  app text NOT NULL, environment text NOT NULL,
  name text NOT NULL, value text NOT NULL, set_at timestamptz NOT NULL,
  PRIMARY KEY (app, environment, name),
  FOREIGN KEY (app, environment) REFERENCES environments (app, name) ON DELETE CASCADE
);
-- every version of a secret is kept, because a release names the version it runs with
CREATE TABLE secret_versions (
  app text NOT NULL, environment text NOT NULL,
  name text NOT NULL, version integer NOT NULL,
  sealed bytea, -- null = unset
  set_at timestamptz NOT NULL,
  PRIMARY KEY (app, environment, name, version),
  FOREIGN KEY (app, environment) REFERENCES environments (app, name) ON DELETE CASCADE
);
CREATE TABLE scales (
  app text NOT NULL, environment text NOT NULL, service text NOT NULL, count integer NOT NULL,
  PRIMARY KEY (app, environment, service),
  FOREIGN KEY (app, environment) REFERENCES environments (app, name) ON DELETE CASCADE
);
CREATE TABLE domains (
  host text NOT NULL, path text NOT NULL,
  app text NOT NULL, environment text NOT NULL, service text NOT NULL,
  certificate_pem text, sealed_key bytea,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (host, path),
  FOREIGN KEY (app, environment) REFERENCES environments (app, name) ON DELETE CASCADE
);

CREATE TABLE artifacts (
  id         text PRIMARY KEY, -- slug:<sha256> or image:<name>
  ref        jsonb NOT NULL,
  size_bytes bigint,
  -- what the builder learned: process types, builder, runtime
  meta       jsonb NOT NULL,
  created_at timestamptz NOT NULL
);

-- the durable build queue
CREATE TABLE builds (
  id          text PRIMARY KEY,
  app text NOT NULL, environment text NOT NULL,
  state       text NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  source      jsonb NOT NULL,
  -- digest of the uploaded source tar in <home>/builds/sources
  source_digest text,
  clean       boolean NOT NULL DEFAULT false,
  cancel_requested boolean NOT NULL DEFAULT false,
  builder     text,
  because     text NOT NULL,
  artifact_id text REFERENCES artifacts (id),
  manifest    jsonb,
  manifest_source text,
  release     integer,
  by_name     text NOT NULL,
  queued_at   timestamptz NOT NULL,
  started_at  timestamptz,
  finished_at timestamptz,
  FOREIGN KEY (app, environment) REFERENCES environments (app, name) ON DELETE CASCADE
);
CREATE INDEX builds_queue ON builds (queued_at) WHERE state IN ('queued', 'running');
CREATE INDEX builds_app ON builds (app, environment, queued_at DESC);

-- immutable: artifact + config + manifest
CREATE TABLE releases (
  app text NOT NULL, environment text NOT NULL,
  number      integer NOT NULL,
  artifact_id text NOT NULL REFERENCES artifacts (id),
  manifest    jsonb NOT NULL,
  manifest_source text NOT NULL,
  config      jsonb NOT NULL,          -- name → value
  secrets     jsonb NOT NULL,          -- name → version
  description text NOT NULL,
  commit      text,
  build_id    text,
  by_name     text NOT NULL,
  created_at  timestamptz NOT NULL,
  PRIMARY KEY (app, environment, number),
  FOREIGN KEY (app, environment) REFERENCES environments (app, name) ON DELETE CASCADE
);

CREATE TABLE rollouts (
  id          text PRIMARY KEY,
  app text NOT NULL, environment text NOT NULL,
  release     integer NOT NULL,
  from_release integer,
  state       text NOT NULL CHECK (state IN ('pending', 'releasing', 'starting', 'finished', 'failed', 'cancelled')),
  because     text NOT NULL,
  steps       jsonb NOT NULL DEFAULT '[]',
  started_at  timestamptz NOT NULL,
  finished_at timestamptz,
  FOREIGN KEY (app, environment) REFERENCES environments (app, name) ON DELETE CASCADE
);
-- one rollout at a time an environment
CREATE UNIQUE INDEX rollouts_one_open ON rollouts (app, environment) WHERE state IN ('pending', 'releasing', 'starting');

CREATE TABLE instances (
  id          text PRIMARY KEY,
  app text NOT NULL, environment text NOT NULL,
  kind        text NOT NULL CHECK (kind IN ('service', 'release', 'run')),
  service     text NOT NULL,
  ordinal     integer NOT NULL,
  release     integer NOT NULL,
  machine     text NOT NULL,
  generation  integer NOT NULL DEFAULT 1,
  -- run: should be there, in rotation when ready · retire: out of rotation, to be stopped · gone
  wanted      text NOT NULL CHECK (wanted IN ('run', 'retire', 'gone')),
  because     text NOT NULL,
  restart_requested boolean NOT NULL DEFAULT false,
  -- the agent's newest word (ObservedInstance), null until the first
  observed    jsonb,
  created_at  timestamptz NOT NULL,
  retired_at  timestamptz,
  gone_at     timestamptz
);
CREATE INDEX instances_live ON instances (app, environment) WHERE wanted <> 'gone';
CREATE INDEX instances_machine ON instances (machine) WHERE wanted <> 'gone';

CREATE TABLE volumes (
  app text NOT NULL, environment text NOT NULL, name text NOT NULL,
  machine    text NOT NULL,
  host_path  text NOT NULL,
  created_at timestamptz NOT NULL,
  -- no foreign key: a volume outlives its app
  PRIMARY KEY (app, environment, name)
);

-- a stable listener address for each edge
CREATE TABLE edges (
  app text NOT NULL, environment text NOT NULL, from_service text NOT NULL, to_service text NOT NULL,
  port integer NOT NULL UNIQUE,
  PRIMARY KEY (app, environment, from_service, to_service),
  FOREIGN KEY (app, environment) REFERENCES environments (app, name) ON DELETE CASCADE
);

-- rises with every change that an agent or a proxy must hear of
CREATE SEQUENCE wire_generation;

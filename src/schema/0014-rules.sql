-- Tags of machines and environments, which queries name; rules with the state of each of their series; SLOs.

ALTER TABLE machines ADD tags text[] NOT NULL DEFAULT '{}';
ALTER TABLE environments ADD tags text[] NOT NULL DEFAULT '{}';

-- rules of people; those that come with Nightshift are data of the program
CREATE TABLE rules (
  id         text PRIMARY KEY,
  spec       jsonb NOT NULL,
  changed_by text NOT NULL,
  changed_at timestamptz NOT NULL
);

-- what an operator switched, over the rule's own
CREATE TABLE rule_modes (
  rule       text PRIMARY KEY,
  mode       text NOT NULL CHECK (mode IN ('on', 'off')),
  changed_by text NOT NULL,
  changed_at timestamptz NOT NULL
);

-- series of a rule whose condition holds, or held a moment ago
CREATE TABLE rule_states (
  rule         text NOT NULL,
  series       text NOT NULL, -- its labels, written out
  labels       jsonb NOT NULL,
  state        text NOT NULL CHECK (state IN ('pending', 'firing')),
  since        timestamptz NOT NULL, -- the condition holds
  firing_since timestamptz,
  last_true_at timestamptz NOT NULL,
  seen_at      timestamptz NOT NULL, -- there was a value
  value        double precision,
  because      text NOT NULL,
  PRIMARY KEY (rule, series)
) WITH (fillfactor = 70);

-- what people promised, over the manifest's; service '': of the app as a whole
CREATE TABLE slos (
  app         text NOT NULL,
  environment text NOT NULL,
  service     text NOT NULL DEFAULT '',
  spec        jsonb NOT NULL,
  changed_by  text NOT NULL,
  changed_at  timestamptz NOT NULL,
  PRIMARY KEY (app, environment, service),
  FOREIGN KEY (app, environment) REFERENCES environments (app, name) ON DELETE CASCADE
);

-- what is counted for an objective: 'availability', or 'latency:500' (answers slower than 500 ms)
CREATE TABLE slo_series (
  id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  app         text NOT NULL,
  environment text NOT NULL,
  service     text NOT NULL,
  objective   text NOT NULL,
  since       timestamptz NOT NULL,
  counted_until timestamptz NOT NULL,
  UNIQUE (app, environment, service, objective),
  FOREIGN KEY (app, environment) REFERENCES environments (app, name) ON DELETE CASCADE
);

-- sums from the beginning of the series up to `at`: a window is the difference of two rows. Minutes for some hours, then hours
CREATE TABLE slo_points (
  series integer NOT NULL REFERENCES slo_series (id) ON DELETE CASCADE,
  at     timestamptz NOT NULL,
  total  double precision NOT NULL,
  bad    double precision NOT NULL,
  PRIMARY KEY (series, at)
);

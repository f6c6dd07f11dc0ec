-- Dashboards of people. Those that come with Nightshift are data of the console.

CREATE TABLE dashboards (
  id         text PRIMARY KEY,
  app        text REFERENCES apps (name) ON DELETE CASCADE, -- null: of no app
  spec       jsonb NOT NULL, -- title and rows
  changed_by text NOT NULL,
  changed_at timestamptz NOT NULL
);

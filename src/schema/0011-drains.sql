-- Where log lines are sent on to, and how far each has got.
CREATE TABLE drains (
  id            text PRIMARY KEY,
  app           text REFERENCES apps (name) ON DELETE CASCADE, -- null: lines of every app
  kind          text NOT NULL,
  shown         text NOT NULL, -- the address without what may be secret in it
  sealed        bytea NOT NULL, -- JSON: address, headers, authority of certificates
  any_address   boolean NOT NULL, -- may reach this machine and private networks: an admin added it
  created_at    timestamptz NOT NULL,
  created_by    text NOT NULL,
  cursor        text NOT NULL, -- of the last line that is sent, or dropped
  sent          bigint NOT NULL DEFAULT 0,
  dropped       bigint NOT NULL DEFAULT 0,
  untold        bigint NOT NULL DEFAULT 0, -- of those dropped, what the journal does not know yet
  told_at       timestamptz, -- when the journal was last told of dropped lines
  last_sent_at  timestamptz,
  failures      integer NOT NULL DEFAULT 0, -- in a row
  failing_since timestamptz,
  failing_told  boolean NOT NULL DEFAULT false,
  retry_at      timestamptz,
  last_error    text
) WITH (fillfactor = 50);
CREATE INDEX drains_app ON drains (app);

-- Where samples of metrics are sent on to, and how far each has got.
CREATE TABLE metric_forwards (
  id            text PRIMARY KEY,
  shown         text NOT NULL, -- the address without what may be secret in it
  sealed        bytea NOT NULL, -- JSON: address, headers, authority of certificates
  labels        jsonb NOT NULL, -- added to every series
  created_at    timestamptz NOT NULL,
  created_by    text NOT NULL,
  position_ms   bigint NOT NULL, -- samples up to this time are sent, or given up
  sent          bigint NOT NULL DEFAULT 0,
  dropped       bigint NOT NULL DEFAULT 0,
  untold        bigint NOT NULL DEFAULT 0, -- of those dropped, what the journal does not know yet
  told_at       timestamptz, -- when the journal was last told of dropped samples
  last_sent_at  timestamptz,
  failures      integer NOT NULL DEFAULT 0, -- in a row
  failing_since timestamptz,
  failing_told  boolean NOT NULL DEFAULT false,
  retry_at      timestamptz,
  last_error    text
) WITH (fillfactor = 50);

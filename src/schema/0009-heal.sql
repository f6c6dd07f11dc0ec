-- What an operator set over a rule's own mode, time and budgets, and pauses of healing.

-- null: the rule's own
ALTER TABLE heal_modes ALTER mode DROP NOT NULL;
ALTER TABLE heal_modes ADD verify_within_ms integer, ADD per_target_per_hour integer, ADD per_hour integer;

-- healing acts on nothing in there until it is over; null: all
CREATE TABLE heal_pauses (
  id          text PRIMARY KEY,
  app         text,
  environment text,
  service     text,
  because     text NOT NULL,
  by_name     text NOT NULL,
  at          timestamptz NOT NULL,
  until       timestamptz NOT NULL,
  ended_at    timestamptz -- before its time
);
CREATE INDEX heal_pauses_until ON heal_pauses (until);

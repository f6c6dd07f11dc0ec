-- What a rollback puts back when it does not come about, and which releases nothing goes back to by itself.
ALTER TABLE releases ADD before jsonb, ADD condemned_because text;

-- two loops, or one loop twice, never make the same instance
CREATE UNIQUE INDEX instances_one_of_each ON instances (app, environment, service, ordinal, release) WHERE wanted = 'run' AND kind = 'service';
-- the newest rollout of an environment is asked for at every look at an app
CREATE INDEX rollouts_of ON rollouts (app, environment, started_at DESC, id DESC);

-- Counts of a release say which service was asked, so that two releases are compared service by service, and what was asked of instances that
-- had just become ready. Counts of before belong to the one service that was asked, or are of no use.
ALTER TABLE release_points ADD COLUMN service text, ADD COLUMN warming_requests integer NOT NULL DEFAULT 0, ADD COLUMN warming_errors integer NOT NULL DEFAULT 0;
UPDATE release_points p SET service = k.service
  FROM (SELECT app, environment, min(service) AS service FROM traffic_keys GROUP BY 1, 2 HAVING count(DISTINCT service) = 1) k
  WHERE k.app = p.app AND k.environment = p.environment;
DELETE FROM release_points WHERE service IS NULL;
ALTER TABLE release_points DROP CONSTRAINT release_points_pkey;
ALTER TABLE release_points ADD PRIMARY KEY (app, environment, release, at, service);

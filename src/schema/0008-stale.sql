-- of the requests, those answered with a kept copy in place of the app; each is in its class of status too
ALTER TABLE traffic_points ADD COLUMN stale integer NOT NULL DEFAULT 0;

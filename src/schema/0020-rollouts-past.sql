-- How the rollouts of a release ended, once their rows are forgotten: releases stay, and only one that has served may be rolled back to.
ALTER TABLE releases ADD COLUMN past text CHECK (past IN ('served', 'failed'));

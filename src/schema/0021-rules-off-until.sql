-- a rule that is switched off for a time is on again by itself
ALTER TABLE rule_modes ADD off_until timestamptz CHECK (off_until IS NULL OR mode = 'off');

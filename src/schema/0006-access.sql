-- A session that was opened with a token ends with it. Which of the old ones were cannot be told, so all sign in once more.
DELETE FROM sessions;
ALTER TABLE sessions ADD token text REFERENCES tokens (id) ON DELETE CASCADE; -- null: a login link, or the local admin
CREATE INDEX sessions_token ON sessions (token) WHERE token IS NOT NULL;

-- When a rule about risk asked the person of a session for more first, and when one refused them: that is
-- what is told of whom the rules meet, and it outlives that the session is weighed anew. asked_by has the
-- names of the rules, as JSON.
ALTER TABLE risk_events ADD COLUMN asked_at INTEGER;
ALTER TABLE risk_events ADD COLUMN refused_at INTEGER;
ALTER TABLE risk_events ADD COLUMN asked_by TEXT NOT NULL DEFAULT '[]';
DROP INDEX risk_events_by_time;
CREATE INDEX risk_events_by_time ON risk_events (at, asked_by);

-- When it was first proven, or said, that it was the person.
ALTER TABLE risk_events ADD COLUMN proven_at INTEGER;
UPDATE risk_events SET proven_at = COALESCE(confirmed_at, answered_at)
    WHERE confirmed_at IS NOT NULL OR was_me = 1;

-- What is opened raises the risk from here: as it was weighed, or 0 from a proof on.
ALTER TABLE risk_events ADD COLUMN base INTEGER NOT NULL DEFAULT 0;
UPDATE risk_events SET base = risk WHERE confirmed_at IS NULL AND (was_me IS NULL OR was_me = 0);

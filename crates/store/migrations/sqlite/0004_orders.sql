-- What device managers are asked for is tried with growing waits until they take it, and looked after
-- until they say how it ended.

-- How often it was tried in vain, and why it was the last time.
ALTER TABLE manager_orders ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;
ALTER TABLE manager_orders ADD COLUMN problem TEXT;
-- When it is tried next.
ALTER TABLE manager_orders ADD COLUMN next_at INTEGER NOT NULL DEFAULT 0;
-- When it is looked how it ended; absent before it was given, and once that is known.
ALTER TABLE manager_orders ADD COLUMN look_at INTEGER;
CREATE INDEX manager_orders_open ON manager_orders (next_at) WHERE done_at IS NULL;
CREATE INDEX manager_orders_given ON manager_orders (look_at) WHERE look_at IS NOT NULL;

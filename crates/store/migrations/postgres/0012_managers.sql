-- How each device manager that is asked on a schedule was read. Of several nodes one does it at a time.
CREATE TABLE manager_pulls (
    source TEXT NOT NULL PRIMARY KEY,
    -- When it is due, or, while a node is at it, when another one may take its place.
    due_at BIGINT NOT NULL,
    -- When the node that took it last did so: by it that node knows that it has not lost its place.
    taken_at BIGINT NOT NULL,
    -- When the last pull that has ended had begun.
    tried_at BIGINT,
    -- When the manager answered last, and why not later.
    pulled_at BIGINT,
    problem TEXT
);

-- How an order ended, once that is known.
ALTER TABLE manager_orders ADD COLUMN outcome TEXT;

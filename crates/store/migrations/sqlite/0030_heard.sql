-- Of the wake-ups that took each other's place and whose receipt is outstanding: until when the most urgent of
-- them is to be delivered as urgent, and until when the one that is kept longest is to be delivered at all.
ALTER TABLE push_subscriptions ADD COLUMN high_until INTEGER;
ALTER TABLE push_subscriptions ADD COLUMN keep_until INTEGER;

-- When a page was given up because nobody could read it. It is over then, whatever its state says.
ALTER TABLE escalations ADD COLUMN lost_at INTEGER;

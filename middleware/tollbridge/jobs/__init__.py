"""What the gateway does by itself: jobs, each done by one worker of all at a time."""

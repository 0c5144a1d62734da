"""What is kept, for how long, and how it is found, handed out and deleted."""

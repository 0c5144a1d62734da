"""What survives a power failure: the database, the outbox, the running conversation, receipts of tools."""

"""What the assistant does beside talking: the tools that an administrator declares, checked and run."""

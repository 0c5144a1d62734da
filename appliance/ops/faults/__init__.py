"""What can break, made to break: a matrix of faults that are really injected, and what must hold while they last."""

"""What `appliance doctor` looks at: one file for each check, listed in `registry`."""

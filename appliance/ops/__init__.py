"""Looking after the appliance: measurements and checks."""

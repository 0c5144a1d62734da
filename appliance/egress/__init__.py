"""Where the appliance may connect to, and the refusal of everything else."""

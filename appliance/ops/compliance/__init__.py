"""The record of processing: what is done with personal data, generated from the configuration in force."""

"""Handing over to people: what they are told, and the channels by which it reaches them."""

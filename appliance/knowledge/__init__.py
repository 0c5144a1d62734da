"""What the site wrote about itself: reading it, finding the passages for a question, checking replies against them."""

"""Where state lives.  `base` has the seams, one module each for the stores that come with the core."""

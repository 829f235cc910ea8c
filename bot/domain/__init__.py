"""Tables and pure rules of the village, in the village's own words."""

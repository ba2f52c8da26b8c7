"""Small helpers shared by all layers."""

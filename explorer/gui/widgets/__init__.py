"""Small widgets that panels, the map and the palette are made of."""

"""The map: raster, view, overlays, picking, legend."""

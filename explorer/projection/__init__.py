"""From vectors to a map: PCA, the neighbour graph, the UMAP layout, placing a query."""

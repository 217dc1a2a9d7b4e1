"""HTTP in, HTML and JSON out: health, metrics, and one page that shows how things stand. Reading only."""

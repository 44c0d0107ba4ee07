"""Networks: finding, loading, converting and running them; the embedded network."""

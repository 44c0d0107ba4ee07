"""Long work: the busy lock, job records, the worker process and its supervision."""

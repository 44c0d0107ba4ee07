"""Jobs of the training API: datasets, models and pretrained models; their queue and the process that works on them."""

"""SavedModels of TensorFlow. The package is an optional extra; nothing here but `load` imports it."""

"""Reading the spec: text with positions, one expression language, the model, the loader."""

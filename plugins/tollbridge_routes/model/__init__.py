"""The kind `model`: a model of the gateway under a name, with parameters and words of its own, as a service."""

"""Makes of an OpenAPI document what the generator can read, and what the layer has to know."""

"""The composition root: builds the runtime and the adapters, maps events, plugs rooms together. It alone knows them all."""

"""OAuth clients: who may ask for tokens, how each proves who it is, and where its answers may go."""

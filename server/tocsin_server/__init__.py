"""The edge: composition, webhooks, transports, authentication and the command line. May import everything but the simulator's parts."""

"""The front door: one command line that starts, feeds, asks and stops the whole platform. Product logic lives on lower floors."""

"""The portal: pages on which a customer follows its own shipments."""
